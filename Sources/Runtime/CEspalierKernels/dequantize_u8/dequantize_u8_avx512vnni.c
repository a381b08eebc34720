// dequantize_u8 with VBMI, 64 elements a step: each of the four bytes of a float is looked up by itself, in 128
// entries at once, and the bytes are interleaved again.
#if defined(__x86_64__)
#include "../common/quantized_avx512.h"
#include "dequantize_u8_body.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma"))), apply_to = function)

// The table's first, second, third and fourth bytes.
typedef struct byte_planes {
  uint8_t plane[4][256];
} byte_planes;

static void split(const float *table, byte_planes *planes) {
  for (int i = 0; i < 256; i++) {
    uint8_t bytes[4];
    __builtin_memcpy(bytes, table + i, 4);
    for (int k = 0; k < 4; k++) planes->plane[k][i] = bytes[k];
  }
}

// Bytes to floats, [part][4 lanes][4]: part k of lane l holds elements 16 l + 4 k … 16 l + 4 k + 3.
static inline void look_up_64(const byte_planes *planes, __m512i x, __m512i *parts) {
  const __m512i a = looked_up_avx512(planes->plane[0], x), b = looked_up_avx512(planes->plane[1], x);
  const __m512i c = looked_up_avx512(planes->plane[2], x), d = looked_up_avx512(planes->plane[3], x);
  const __m512i low_ab = _mm512_unpacklo_epi8(a, b), low_cd = _mm512_unpacklo_epi8(c, d);
  const __m512i high_ab = _mm512_unpackhi_epi8(a, b), high_cd = _mm512_unpackhi_epi8(c, d);
  parts[0] = _mm512_unpacklo_epi16(low_ab, low_cd);
  parts[1] = _mm512_unpackhi_epi16(low_ab, low_cd);
  parts[2] = _mm512_unpacklo_epi16(high_ab, high_cd);
  parts[3] = _mm512_unpackhi_epi16(high_ab, high_cd);
}

// Stores up to 64 floats in order: the bytes are brought into the order that unpacking undoes.
static inline void dequantize_64(const byte_planes *planes, const uint8_t *x, float *y, int64_t count) {
  const __mmask64 valid = count >= 64 ? ~0ull : (1ull << count) - 1;
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  __m512i parts[4];
  look_up_64(planes, _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi8(valid, x)), parts);
  for (int k = 0; k < 4; k++)
    _mm512_mask_storeu_epi32(y + 16 * k, (__mmask16)(valid >> 16 * k), parts[k]);
}

void espalier_dequantize_u8_avx512vnni(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_dequantize_u8_parameters *p = call->parameters;
  const float *table = call->operands[1];
  byte_planes planes;
  split(table, &planes);
  const espalier_loop loop = espalier_dequantize_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const uint8_t *x = (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0];
      float *y = (float *)call->operands[2] + walk.offset[1] + r * walk.row_stride[1];
      if (walk.stride[0] == 1 && walk.stride[1] == 1)
        for (int64_t i = 0; i < walk.count; i += 64) dequantize_64(&planes, x + i, y + i, walk.count - i);
      else
        dequantize(table, x, walk.stride[0], y, walk.stride[1], walk.count);
    }
}

#pragma clang attribute pop
#endif
