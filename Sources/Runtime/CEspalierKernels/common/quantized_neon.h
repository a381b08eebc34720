// What NEON makes bytes of: common/quantized.h's definition, 16 results at once.
#ifndef ESPALIER_COMMON_QUANTIZED_NEON_H
#define ESPALIER_COMMON_QUANTIZED_NEON_H

#include <arm_neon.h>
#include <stdint.h>

#include "byte_part_neon.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINED static inline __attribute__((always_inline))
// Computes a and b here and now: otherwise the compiler loads further ahead than it has registers for.
#define PINNED(a, b) __asm__ volatile("" : "+w"(a), "+w"(b))

typedef struct floats_16 {
  float32x4_t part[4];
} floats_16;

typedef struct sums_16 {
  int32x4_t part[4];
} sums_16;

INLINED floats_16 floats_of_sums(sums_16 sums) {
  floats_16 x;
  UNROLLED for (int i = 0; i < 4; i++) x.part[i] = vcvtq_f32_s32(sums.part[i]);
  return x;
}

INLINED floats_16 floats_of_bytes(uint8x16_t bytes) {
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
  return (floats_16){{
      vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_high_u16(low)),
      vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_high_u16(high))}};
}

// espalier_clamped, the sign of zero and all.
INLINED float32x4_t clamped_neon(float32x4_t t, float low, float high) {
  const float32x4_t l = vdupq_n_f32(low), h = vdupq_n_f32(high);
  t = vbslq_f32(vcgtq_f32(t, l), t, l);
  return vbslq_f32(vcltq_f32(t, h), t, h);
}

// Adding this to a number of a size below 2^22 rounds it to a whole one, half to even, and leaves it, in
// two's complement, in the lowest bits. Where conversions are slow (those of Cortex-A76 and its successors
// take one of the two pipes for two cycles) that is faster.
static const float adder = 0x1.8p23f;
enum { ADDER_BITS = 0x4B400000, ADDER_TERMS = 128 };  // as many products of bytes stay below 2^22

// What sums of that many products of bytes begin with: ADDER_BITS where they stay small enough.
INLINED int32_t adder_bits(int64_t terms) { return terms <= ADDER_TERMS ? ADDER_BITS : 0; }

// Floats of sums of up to ADDER_TERMS products that began with ADDER_BITS.
INLINED floats_16 floats_of_adders(sums_16 sums) {
  floats_16 x;
  UNROLLED for (int i = 0; i < 4; i++)
    x.part[i] = vsubq_f32(vreinterpretq_f32_s32(sums.part[i]), vdupq_n_f32(adder));
  return x;
}

// What results are held to: rounding keeps order, so a bound may be rounded before it is applied.
typedef struct byte_range {
  float low, high;
  uint8x16_t low_bytes, high_bytes;
} byte_range;

INLINED byte_range byte_range_neon(float low, float high) {
  const uint32x4_t l = vcvtnq_u32_f32(vdupq_n_f32(low)), h = vcvtnq_u32_f32(vdupq_n_f32(high));
  return (byte_range){low, high, vdupq_laneq_u8(vreinterpretq_u8_u32(l), 0),
                      vdupq_laneq_u8(vreinterpretq_u8_u32(h), 0)};
}

// quantized(t) of the definition, for 0 <= low <= high <= 255. A conversion makes a NaN 0, thus `low`.
INLINED uint8x16_t quantized_neon(floats_16 t, byte_range range) {
  int32x4_t y[4];
  UNROLLED for (int i = 0; i < 4; i++) y[i] = vcvtnq_s32_f32(t.part[i]);
  const uint16x8_t low = vqmovun_high_s32(vqmovun_s32(y[0]), y[1]);
  const uint16x8_t high = vqmovun_high_s32(vqmovun_s32(y[2]), y[3]);
  const uint8x16_t bytes = vqmovn_high_u16(vqmovn_u16(low), high);
  return vminq_u8(vmaxq_u8(bytes, range.low_bytes), range.high_bytes);
}

// The same by addition. VMAXNM gives the bound where t is NaN.
INLINED uint8x16_t quantized_by_addition_neon(floats_16 t, byte_range range) {
  uint16x8_t y[4];
  UNROLLED for (int i = 0; i < 4; i++) {
    const float32x4_t value = vmaxnmq_f32(t.part[i], vdupq_n_f32(range.low));
    const float32x4_t held = vminnmq_f32(value, vdupq_n_f32(range.high));
    y[i] = vreinterpretq_u16_f32(vaddq_f32(held, vdupq_n_f32(adder)));
  }
  const uint8x16_t low = vreinterpretq_u8_u16(vuzp1q_u16(y[0], y[1]));
  return vuzp1q_u8(low, vreinterpretq_u8_u16(vuzp1q_u16(y[2], y[3])));
}

// table[y] for 16 bytes: 64 entries by each TBL, which leaves alone or clears what lies beyond them.
INLINED uint8x16_t looked_up_neon(const uint8_t *table, uint8x16_t y) {
  uint8x16_t found = vqtbl4q_u8(vld1q_u8_x4(table), y);
  UNROLLED for (int i = 1; i < 4; i++) {
    y = vsubq_u8(y, vdupq_n_u8(64));
    found = vqtbx4q_u8(found, vld1q_u8_x4(table + 64 * i), y);
  }
  return found;
}

#endif
