// quantize_u8 by vectors of 64 bytes; see quantize_u8_vector.h.
#if defined(__x86_64__)
#include <math.h>

#include "../common/byte_vector_avx512.h"
#include "../common/view.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

#include "quantize_u8.h"

enum { PIXEL = 4 };  // bytes

// Up to 16 pixels of `count` planes, whose bytes go into 32 bits each; writes the bytes that `written` names.
B void quantize_16_pixels(const espalier_quantize_u8_parameters *p, const float *x, int64_t plane, uint8_t *y,
                          __mmask16 read, __mmask64 written, int64_t count) {
  __m512i pixels = _mm512_setzero_si512();
  for (int64_t c = count - 1; c >= 0; c--) {
    const __m512 place = _mm512_div_ps(_mm512_maskz_loadu_ps(read, x + c * plane), _mm512_set1_ps(p->scale));
    const __m512 rounded = _mm512_roundscale_ps(place, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 t = _mm512_max_ps(_mm512_add_ps(rounded, _mm512_set1_ps(p->zero)), _mm512_set1_ps(p->low));
    t = _mm512_min_ps(t, _mm512_set1_ps(p->high));
    pixels = _mm512_or_si512(_mm512_slli_epi32(pixels, 8), _mm512_cvtps_epi32(t));
  }
  _mm512_mask_storeu_epi8(y, written, pixels);
}

// Pixels of at most 4 neighboring bytes, 4 bytes apart: false where these are others.
static inline bool quantize_narrow_pixels(const espalier_quantize_u8_parameters *p, const float *x, int64_t plane,
                                          uint8_t *y, int64_t pixel, int64_t step, int64_t rows, int64_t count) {
  if (pixel != PIXEL || step != 1 || count > PIXEL) return false;
  const __mmask64 bytes = ((1ull << count) - 1) * 0x1111111111111111ull;
  int64_t r = 0;
  for (; r + VF <= rows; r += VF) quantize_16_pixels(p, x + r, plane, y + r * PIXEL, 0xFFFF, bytes, count);
  const __mmask16 left = (__mmask16)((1u << (rows - r)) - 1);
  const __mmask64 valid = (1ull << (rows - r) * PIXEL) - 1;
  if (left) quantize_16_pixels(p, x + r, plane, y + r * PIXEL, left, bytes & valid, count);
  return true;
}

#define HAS_NARROW_PIXELS
#include "quantize_u8_vector.h"

void espalier_quantize_u8_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_vectors(call, first, end);
}

#pragma clang attribute pop
#endif
