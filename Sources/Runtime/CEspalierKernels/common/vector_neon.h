// Vectors of 4 floats in NEON: what the kernels' shared templates are written in.
// v_max and v_min yield their second operand where either is NaN. Part loads and stores touch only the
// first `n` elements, 0 <= n <= 4; the rest reads as 0.
#ifndef ESPALIER_COMMON_VECTOR_NEON_H
#define ESPALIER_COMMON_VECTOR_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

#define VL 4
typedef float32x4_t vec;
typedef uint32x4_t vmask;
typedef int64_t vpart;  // how many elements there are

#define V static inline __attribute__((always_inline))
#define V_SLOW static __attribute__((noinline, unused))

V vec v_set(float x) { return vdupq_n_f32(x); }
V vec v_zero(void) { return vdupq_n_f32(0); }
V vec v_load(const float *p) { return vld1q_f32(p); }
V void v_store(float *p, vec x) { vst1q_f32(p, x); }
V vec v_select(vmask mask, vec a, vec b) { return vbslq_f32(mask, a, b); }

// Computes x here and now: keeps the compiler from moving sums behind branches, where they would spill.
#define v_pin(x) __asm__ volatile("" : "+w"(x))

V vpart v_part(int64_t n) { return n < VL ? n : VL; }
V vmask v_mask(vpart part) {
  const int32x4_t lanes = vcombine_s32(vcreate_s32(0x100000000), vcreate_s32(0x300000002));
  return vcgtq_s32(vdupq_n_s32((int32_t)part), lanes);
}
V vec v_load_part(const float *p, vpart part) {
  switch (part) {
    case 0: return v_zero();
    case 1: return vsetq_lane_f32(*p, v_zero(), 0);
    case 2: return vcombine_f32(vld1_f32(p), vdup_n_f32(0));
    case 3: return vcombine_f32(vld1_f32(p), vset_lane_f32(p[2], vdup_n_f32(0), 0));
    default: return vld1q_f32(p);
  }
}
V void v_store_part(float *p, vpart part, vec x) {
  if (part >= 4) {
    vst1q_f32(p, x);
    return;
  }
  if (part >= 2) vst1_f32(p, vget_low_f32(x));
  if (part == 1) vst1q_lane_f32(p, x, 0);
  if (part == 3) vst1q_lane_f32(p + 2, x, 2);
}
V vec v_keep_part(vpart part, vec x) { return v_select(v_mask(part), x, v_zero()); }
V vec v_select_part(vpart part, vec a, vec b) { return v_select(v_mask(part), a, b); }

V vec v_add(vec a, vec b) { return vaddq_f32(a, b); }
V vec v_sub(vec a, vec b) { return vsubq_f32(a, b); }
V vec v_mul(vec a, vec b) { return vmulq_f32(a, b); }
V vec v_div(vec a, vec b) { return vdivq_f32(a, b); }
V vec v_max(vec a, vec b) { return v_select(vcgtq_f32(a, b), a, b); }
V vec v_min(vec a, vec b) { return v_select(vcltq_f32(a, b), a, b); }
V vec v_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }   // a b + c
V vec v_fnma(vec a, vec b, vec c) { return vfmsq_f32(c, a, b); }  // c - a b
V vec v_sqrt(vec x) { return vsqrtq_f32(x); }
V vec v_abs(vec x) { return vabsq_f32(x); }
V vec v_neg(vec x) { return vnegq_f32(x); }
V vec v_floor(vec x) { return vrndmq_f32(x); }
V vec v_ceil(vec x) { return vrndpq_f32(x); }
V vec v_round(vec x) { return vrndnq_f32(x); }
V vec v_trunc(vec x) { return vrndq_f32(x); }
// The magnitude of `x` with the sign of `sign`.
V vec v_copysign(vec x, vec sign) { return v_select(vdupq_n_u32(0x80000000), sign, x); }

V vmask v_eq(vec a, vec b) { return vceqq_f32(a, b); }
V vmask v_ne(vec a, vec b) { return vmvnq_u32(vceqq_f32(a, b)); }  // true with NaN
V vmask v_lt(vec a, vec b) { return vcltq_f32(a, b); }
V vmask v_le(vec a, vec b) { return vcleq_f32(a, b); }
V vmask v_both(vmask a, vmask b) { return vandq_u32(a, b); }
V vmask v_either(vmask a, vmask b) { return vorrq_u32(a, b); }
V vmask v_differ(vmask a, vmask b) { return veorq_u32(a, b); }
V bool v_any(vmask mask) { return vmaxvq_u32(mask) != 0; }

// 2^n for whole n in -126 ... 127.
V vec v_exponent(int32x4_t n) {
  return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}

// x 2^n for whole n in -252 ... 254, in two steps so that neither factor overflows.
V vec v_scale(vec x, vec n) {
  const int32x4_t whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  return vmulq_f32(vmulq_f32(x, v_exponent(half)), v_exponent(vsubq_s32(whole, half)));
}
// Splits finite x > 0 into m 2^e with m in [1, 2).
V vec v_split(vec x, vec *e) {
  const vmask tiny = v_lt(x, v_set(0x1p-126f));
  const uint32x4_t bits = vreinterpretq_u32_f32(v_select(tiny, v_mul(x, v_set(0x1p24f)), x));
  const int32x4_t power = vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32(bits, 23)), vdupq_n_s32(127));
  *e = v_sub(vcvtq_f32_s32(power), v_select(tiny, v_set(24), v_zero()));
  return vreinterpretq_f32_u32(
      vorrq_u32(vandq_u32(bits, vdupq_n_u32(0x007FFFFF)), vdupq_n_u32(0x3F800000)));
}

V float v_sum(vec x) { return vaddvq_f32(x); }

// The greatest of 4 numbers.
V float v_greatest(vec x) {
  const vec two = v_max(x, vextq_f32(x, x, 2));
  return vgetq_lane_f32(v_max(two, vextq_f32(two, two, 1)), 0);
}

// Elements p[0], p[stride], …: n of them, the rest 0.
V_SLOW vec v_load_strided(const float *p, int64_t stride, int64_t n) {
  float lanes[VL] = {0};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i * stride];
  return vld1q_f32(lanes);
}
V_SLOW void v_store_strided(float *p, int64_t stride, int64_t n, vec x) {
  float lanes[VL];
  vst1q_f32(lanes, x);
  for (int64_t i = 0; i < n; i++) p[i * stride] = lanes[i];
}
// Elements p[index[0]], …: all 4 indexes lie inside p.
V vec v_gather(const float *p, const int32_t *index) {
  const float lanes[VL] = {p[index[0]], p[index[1]], p[index[2]], p[index[3]]};
  return vld1q_f32(lanes);
}

#endif
