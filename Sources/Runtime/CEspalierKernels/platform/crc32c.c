// CRC-32C: reflected polynomial 0x82F63B78, start and final value inverted (RFC 3720, appendix B.4).
//
// The processor's instruction has a latency of three steps, so three thirds of the bytes run side by side
// and are joined by crc(a b) = crc(a) x^(8 |b|) + crc(b) modulo the polynomial.
#include "espalier_platform.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define ESPALIER_CRC_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__)
#include <sys/auxv.h>
#define ESPALIER_CRC_TARGET __attribute__((target("crc")))
#endif

enum { THIRDS_FROM = 3 * 1024 };  // bytes from which joining costs less than it saves

static const uint32_t polynomial = 0x82F63B78u;

static void make_tables(uint32_t table[8][256]) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int k = 1; k < 8; k++) table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

uint32_t espalier_crc32c_portable(const void *bytes, size_t count) {
  uint32_t table[8][256];
  make_tables(table);
  const uint8_t *p = bytes;
  uint32_t crc = ~0u;
  for (; count >= 8; count -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    word ^= crc;
    crc = 0;
    for (int k = 0; k < 8; k++) crc ^= table[7 - k][word >> 8 * k & 255];
  }
  for (; count > 0; count--, p++) crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
  return ~crc;
}

#ifdef ESPALIER_CRC_TARGET

// a b modulo the polynomial; bit 31 is x^0.
static uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (; a; a <<= 1) {
    if (a & 0x80000000u) product ^= b;
    b = b >> 1 ^ (b & 1 ? polynomial : 0);
  }
  return product;
}

// x^(8 count) modulo the polynomial, by squaring.
static uint32_t power_of_bytes(size_t count) {
  uint32_t result = 0x80000000u, square = 0x00800000u;
  for (; count; count >>= 1) {
    if (count & 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

ESPALIER_CRC_TARGET static inline uint32_t step8(uint32_t crc, const uint8_t *p) {
  uint64_t word;
  memcpy(&word, p, 8);
#if defined(__x86_64__)
  return (uint32_t)_mm_crc32_u64(crc, word);
#else
  __asm__("crc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  return crc;
#endif
}

ESPALIER_CRC_TARGET static inline uint32_t step1(uint32_t crc, uint8_t byte) {
#if defined(__x86_64__)
  return _mm_crc32_u8(crc, byte);
#else
  __asm__("crc32cb %w0, %w0, %w1" : "+r"(crc) : "r"((uint32_t)byte));
  return crc;
#endif
}

ESPALIER_CRC_TARGET static uint32_t crc_by_instruction(const uint8_t *p, size_t count) {
  uint32_t crc = ~0u;
  if (count >= THIRDS_FROM) {
    const size_t third = count / 3 / 8 * 8;
    uint32_t second = 0, last = 0;
    for (size_t i = 0; i < third; i += 8) {
      crc = step8(crc, p + i);
      second = step8(second, p + third + i);
      last = step8(last, p + 2 * third + i);
    }
    const uint32_t shift = power_of_bytes(third);
    crc = multiply(shift, multiply(shift, crc) ^ second) ^ last;
    p += 3 * third;
    count -= 3 * third;
  }
  for (; count >= 8; count -= 8, p += 8) crc = step8(crc, p);
  for (; count > 0; count--, p++) crc = step1(crc, *p);
  return ~crc;
}

static bool processor_has_instruction(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("sse4.2");
#else
  return getauxval(AT_HWCAP) >> 7 & 1;  // HWCAP_CRC32
#endif
}

uint32_t espalier_crc32c(const void *bytes, size_t count) {
  return processor_has_instruction() ? crc_by_instruction(bytes, count) : espalier_crc32c_portable(bytes, count);
}

#else

uint32_t espalier_crc32c(const void *bytes, size_t count) { return espalier_crc32c_portable(bytes, count); }

#endif
