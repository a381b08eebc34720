// The first n bytes of a register of 16, 0 <= n < 16, without touching any byte behind them.
#ifndef ESPALIER_COMMON_BYTE_PART_NEON_H
#define ESPALIER_COMMON_BYTE_PART_NEON_H

#include <arm_neon.h>
#include <stdint.h>

static inline uint64_t load_8(const uint8_t *p) {
  uint64_t x;
  __builtin_memcpy(&x, p, 8);
  return x;
}

// The first n bytes, n <= 8, as one number: two loads that may overlap.
static inline uint64_t load_up_to_8(const uint8_t *p, int64_t n) {
  if (n == 8) return load_8(p);
  if (n >= 4) {
    uint32_t low, high;
    __builtin_memcpy(&low, p, 4);
    __builtin_memcpy(&high, p + n - 4, 4);
    return low | (uint64_t)high << 8 * (n - 4);
  }
  if (n == 0) return 0;
  return p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1);
}

static inline uint8x16_t load_part_neon(const uint8_t *p, int64_t n) {
  const uint64_t low = load_up_to_8(p, n < 8 ? n : 8);
  const uint64_t high = n > 8 ? load_8(p + n - 8) >> 8 * (16 - n) : 0;
  return vcombine_u8(vcreate_u8(low), vcreate_u8(high));
}

static inline void store_part_neon(uint8_t *p, int64_t n, uint8x16_t x) {
  uint64_t rest = vgetq_lane_u64(vreinterpretq_u64_u8(x), 0);
  if (n >= 8) {
    __builtin_memcpy(p, &rest, 8);
    p += 8, n -= 8;
    rest = vgetq_lane_u64(vreinterpretq_u64_u8(x), 1);
  }
  if (n >= 4) {
    const uint32_t low = (uint32_t)rest, high = (uint32_t)(rest >> 8 * (n - 4));
    __builtin_memcpy(p, &low, 4);
    __builtin_memcpy(p + n - 4, &high, 4);
    return;
  }
  for (int64_t i = 0; i < n; i++) p[i] = (uint8_t)(rest >> 8 * i);
}

#endif
