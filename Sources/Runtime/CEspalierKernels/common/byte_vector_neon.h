// Vectors of 16 bytes in NEON: what the templates of the byte kernels are written in.
//
// `wide` holds the same 16 elements with 32 bits each in four registers, in their own order. Part loads and
// stores touch only the first n bytes, 1 <= n < VB.
#ifndef ESPALIER_COMMON_BYTE_VECTOR_NEON_H
#define ESPALIER_COMMON_BYTE_VECTOR_NEON_H

#include "quantized_neon.h"

#define VB 16
#define VF 4
#define B INLINED
#define EACH_PART UNROLLED for (int k = 0; k < 4; k++)

typedef uint8x16_t bvec;
typedef floats_16 wide_floats;
typedef sums_16 wide_sums;

B bvec b_zero(void) { return vdupq_n_u8(0); }
B bvec b_set(uint8_t x) { return vdupq_n_u8(x); }
B bvec b_load(const uint8_t *p) { return vld1q_u8(p); }
B void b_store(uint8_t *p, bvec x) { vst1q_u8(p, x); }
B bvec b_load_part(const uint8_t *p, int64_t n) { return load_part_neon(p, n); }
B void b_store_part(uint8_t *p, int64_t n, bvec x) { store_part_neon(p, n, x); }

B bvec b_max(bvec a, bvec b) { return vmaxq_u8(a, b); }

// Words of the lower and the upper half.
B bvec b_low_words(bvec x) { return vreinterpretq_u8_u16(vmovl_u8(vget_low_u8(x))); }
B bvec b_high_words(bvec x) { return vreinterpretq_u8_u16(vmovl_high_u8(x)); }
B bvec b_add_words(bvec a, bvec b) {
  return vreinterpretq_u8_u16(vaddq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
}

B wide_sums b_sums(uint32_t x) {
  wide_sums sums;
  EACH_PART sums.part[k] = vdupq_n_s32((int32_t)x);
  return sums;
}

B int32x4_t b_add_low(int32x4_t sum, uint16x8_t words) {
  return vreinterpretq_s32_u32(vaddw_u16(vreinterpretq_u32_s32(sum), vget_low_u16(words)));
}
B int32x4_t b_add_high(int32x4_t sum, uint16x8_t words) {
  return vreinterpretq_s32_u32(vaddw_high_u16(vreinterpretq_u32_s32(sum), words));
}

// sums += unsigned words, as b_low_words and b_high_words order them.
B wide_sums b_add_to_sums(wide_sums sums, bvec low, bvec high) {
  const uint16x8_t l = vreinterpretq_u16_u8(low), h = vreinterpretq_u16_u8(high);
  return (wide_sums){{b_add_low(sums.part[0], l), b_add_high(sums.part[1], l), b_add_low(sums.part[2], h),
                      b_add_high(sums.part[3], h)}};
}

B wide_sums b_add_product(wide_sums sums, bvec x, uint16_t weight) {
  const uint16x8_t low = vreinterpretq_u16_u8(b_low_words(x)), high = vreinterpretq_u16_u8(b_high_words(x));
  uint32x4_t s[4];
  EACH_PART s[k] = vreinterpretq_u32_s32(sums.part[k]);
  s[0] = vmlal_n_u16(s[0], vget_low_u16(low), weight);
  s[1] = vmlal_high_n_u16(s[1], low, weight);
  s[2] = vmlal_n_u16(s[2], vget_low_u16(high), weight);
  s[3] = vmlal_high_n_u16(s[3], high, weight);
  EACH_PART sums.part[k] = vreinterpretq_s32_u32(s[k]);
  return sums;
}

// sums += a * the lower 16 bits of `weights` + b * the upper ones.
B wide_sums b_add_products(wide_sums sums, bvec a, bvec b, int32_t weights) {
  sums = b_add_product(sums, a, (uint16_t)weights);
  return b_add_product(sums, b, (uint16_t)((uint32_t)weights >> 16));
}

// Unsigned sums >> 14, at most 255.
B bvec b_shifted_14(wide_sums sums) {
  uint16x4_t y[4];
  EACH_PART y[k] = vqshrn_n_u32(vreinterpretq_u32_s32(sums.part[k]), 14);
  return vcombine_u8(vqmovn_u16(vcombine_u16(y[0], y[1])), vqmovn_u16(vcombine_u16(y[2], y[3])));
}

B wide_floats b_floats_of_sums(wide_sums sums) { return floats_of_sums(sums); }
B wide_floats b_floats(bvec x) { return floats_of_bytes(x); }

B wide_floats b_minus(wide_floats x, float y) {
  EACH_PART x.part[k] = vsubq_f32(x.part[k], vdupq_n_f32(y));
  return x;
}

B wide_floats b_times(wide_floats x, wide_floats y) {
  EACH_PART x.part[k] = vmulq_f32(x.part[k], y.part[k]);
  return x;
}

B wide_floats b_set_floats(float x) {
  wide_floats floats;
  EACH_PART floats.part[k] = vdupq_n_f32(x);
  return floats;
}

// fma(x, factor, addend).
B wide_floats b_fma(wide_floats x, float factor, wide_floats addend) {
  EACH_PART x.part[k] = vfmaq_f32(addend.part[k], x.part[k], vdupq_n_f32(factor));
  return x;
}

// quantized(t) of the definition.
B bvec b_quantized(wide_floats t, float low, float high) {
  return quantized_neon(t, byte_range_neon(low, high));
}

// 16 neighboring floats, rint(x / scale) + zero.
B wide_floats b_load_scaled(const float *x, float scale, float zero) {
  wide_floats t;
  EACH_PART {
    const float32x4_t place = vdivq_f32(vld1q_f32(x + 4 * k), vdupq_n_f32(scale));
    t.part[k] = vaddq_f32(vrndnq_f32(place), vdupq_n_f32(zero));
  }
  return t;
}

// Bytes whose 32 bits were in their own order, as they are.
B bvec b_ordered(bvec x) { return x; }

// table[y].
B bvec b_look_up(const uint8_t *table, bvec y) { return looked_up_neon(table, y); }

#endif
