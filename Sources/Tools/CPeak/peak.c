#include "peak.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

double peak_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { STEPS = 2000000 };

// 16 independent chains hide the latency of 2 units x 4 cycles; the empty asm keeps every chain.
__attribute__((target("avx512f"), noinline)) static void chains_of_16_floats(void) {
  __m512 sum[16];
  const __m512 half = _mm512_set1_ps(0.5f);
  for (int i = 0; i < 16; i++) sum[i] = half;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 16; i++) sum[i] = _mm512_fmadd_ps(sum[i], half, half);
    for (int i = 0; i < 16; i++) __asm__ volatile("" : "+v"(sum[i]));
  }
}

__attribute__((target("avx2,fma"), noinline)) static void chains_of_8_floats(void) {
  __m256 sum[12];
  const __m256 half = _mm256_set1_ps(0.5f);
  for (int i = 0; i < 12; i++) sum[i] = half;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 12; i++) sum[i] = _mm256_fmadd_ps(sum[i], half, half);
    for (int i = 0; i < 12; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
}

// 64 products of bytes and their sums of four an instruction.
__attribute__((target("avx512f,avx512vnni"), noinline)) static void chains_of_64_bytes(void) {
  __m512i sum[16];
  const __m512i ones = _mm512_set1_epi8(1);
  for (int i = 0; i < 16; i++) sum[i] = ones;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 16; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], ones, ones);
    for (int i = 0; i < 16; i++) __asm__ volatile("" : "+v"(sum[i]));
  }
}

__attribute__((target("avx2,avxvnni"), noinline)) static void chains_of_32_bytes(void) {
  __m256i sum[12];
  const __m256i ones = _mm256_set1_epi8(1);
  for (int i = 0; i < 12; i++) sum[i] = ones;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 12; i++) sum[i] = _mm256_dpbusd_avx_epi32(sum[i], ones, ones);
    for (int i = 0; i < 12; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
}

// The same in three instructions.
__attribute__((target("avx2"), noinline)) static void chains_of_32_bytes_by_pairs(void) {
  __m256i sum[12];
  const __m256i ones = _mm256_set1_epi8(1), words = _mm256_set1_epi16(1);
  for (int i = 0; i < 12; i++) sum[i] = ones;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 12; i++) {
      __m256i pairs = ones;
      __asm__ volatile("" : "+x"(pairs));
      sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_maddubs_epi16(pairs, ones), words));
    }
    for (int i = 0; i < 12; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
}

// The same where four products are added in 16 bits: 64 in five instructions.
__attribute__((target("avx2"), noinline)) static void chains_of_64_bytes_by_fours(void) {
  __m256i sum[10];
  const __m256i ones = _mm256_set1_epi8(1), words = _mm256_set1_epi16(1);
  for (int i = 0; i < 10; i++) sum[i] = ones;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 10; i++) {
      __m256i first, second;
      __asm__ volatile("vpmaddubsw %1, %1, %0" : "=x"(first) : "x"(ones));
      __asm__ volatile("vpmaddubsw %1, %1, %0" : "=x"(second) : "x"(ones));
      sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_add_epi16(first, second), words));
    }
    for (int i = 0; i < 10; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
}

// 16 products of 16-bit numbers and their sums of two in two instructions.
__attribute__((target("avx2"), noinline)) static void chains_of_16_words(void) {
  __m256i sum[12];
  const __m256i ones = _mm256_set1_epi16(1);
  for (int i = 0; i < 12; i++) sum[i] = ones;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 12; i++) {
      __m256i value = ones;
      __asm__ volatile("" : "+x"(value));
      sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(value, ones));
    }
    for (int i = 0; i < 12; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
}

// Additions that wait for each other: one a cycle.
__attribute__((noinline)) static void chain_of_additions(void) {
  uint64_t sum = 1;
  for (int step = 0; step < STEPS; step++)
    __asm__ volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0" : "+r"(sum));
}

// Numbers of espalier_isa.
enum { AVX2 = 1, AVXVNNI = 2, AVX512 = 3, AVX512VNNI = 4 };

static double best_rate(void (*chains)(void), double multiply_adds_of_step) {
  double best = 1e9;
  for (int round = 0; round < 12; round++) {
    const double start = peak_clock();
    chains();
    const double seconds = peak_clock() - start;
    if (seconds < best) best = seconds;
  }
  return multiply_adds_of_step * STEPS / best;
}

double peak_multiply_adds_per_second(int isa) {
  if (isa >= AVX512 && isa <= AVX512VNNI) return best_rate(chains_of_16_floats, 16.0 * 16);
  return isa == AVX2 || isa == AVXVNNI ? best_rate(chains_of_8_floats, 12.0 * 8) : 0;
}

double peak_byte_multiply_adds_per_second(int isa) {
  switch (isa) {
    case AVX2: return best_rate(chains_of_32_bytes_by_pairs, 12.0 * 32);
    case AVXVNNI: return best_rate(chains_of_32_bytes, 12.0 * 32);
    case AVX512VNNI: return best_rate(chains_of_64_bytes, 16.0 * 64);
    default: return 0;
  }
}

double peak_byte_sums_per_second(int products) {
  switch (products) {
    case 1: return best_rate(chains_of_16_words, 12.0 * 16);
    case 2: return best_rate(chains_of_32_bytes_by_pairs, 12.0 * 32);
    case 4: return best_rate(chains_of_64_bytes_by_fours, 10.0 * 64);
    default: return 0;
  }
}

double peak_cycles_per_second(void) { return best_rate(chain_of_additions, 4); }

// Reads `loads` vectors and writes `stores` of them, one by the other; spread evenly.
__attribute__((target("avx512f"), noinline)) static void move_16_floats(const float *x, size_t loads, float *y,
                                                                        size_t stores) {
  __m512 sum = _mm512_setzero_ps();
  for (size_t i = 0, o = 0; i < loads || o < stores;) {
    for (int k = 0; k < 4 && i < loads; k++, i++) {
      __m512 value = _mm512_loadu_ps(x + 16 * i);
      __asm__ volatile("" : "+v"(value));
    }
    for (int k = 0; k < 4 && o < stores && o * loads <= i * stores; k++, o++) _mm512_storeu_ps(y + 16 * o, sum);
  }
}

__attribute__((target("avx2"), noinline)) static void move_8_floats(const float *x, size_t loads, float *y,
                                                                    size_t stores) {
  __m256 sum = _mm256_setzero_ps();
  for (size_t i = 0, o = 0; i < loads || o < stores;) {
    for (int k = 0; k < 4 && i < loads; k++, i++) {
      __m256 value = _mm256_loadu_ps(x + 8 * i);
      __asm__ volatile("" : "+x"(value));
    }
    for (int k = 0; k < 4 && o < stores && o * loads <= i * stores; k++, o++) _mm256_storeu_ps(y + 8 * o, sum);
  }
}

double peak_move_seconds(int isa, size_t read_bytes, size_t written_bytes) {
  if (isa < AVX2 || isa > AVX512VNNI) return 0;
  const size_t vector = isa >= AVX512 ? 64 : 32, loads = read_bytes / vector + 1, stores = written_bytes / vector + 1;
  float *x = aligned_alloc(64, loads * 64), *y = aligned_alloc(64, stores * 64);
  double best = 1e9;
  for (size_t i = 0; i < loads * 16; i++) x[i] = 1;
  const size_t turns = 400000 / (loads + stores) + 1;
  for (int round = 0; round < 40; round++) {
    const double start = peak_clock();
    for (size_t turn = 0; turn < turns; turn++) {
      if (isa >= AVX512) move_16_floats(x, loads, y, stores);
      else move_8_floats(x, loads, y, stores);
    }
    const double seconds = (peak_clock() - start) / (double)turns;
    if (seconds < best) best = seconds;
  }
  free(x);
  free(y);
  return best;
}
#else
double peak_byte_sums_per_second(int products) { return 0 * products; }

double peak_cycles_per_second(void) { return 0; }

double peak_move_seconds(int isa, size_t read_bytes, size_t written_bytes) {
  return 0 * isa * (double)read_bytes * (double)written_bytes;
}
double peak_multiply_adds_per_second(int isa) { return 0 * isa; }
double peak_byte_multiply_adds_per_second(int isa) { return 0 * isa; }
#endif
