// conv_winograd_u8 by VPDPWSSD on 512 bits.
//
// Transforms: 32 channels of one tile, 32 weights or 16 outputs of one tile at a time. Products: 6 tiles x 4 panels,
// 8 x 3, 12 x 2 or 12 x 1 of 16 channels, at most 24 accumulators. Reads what lies inside the input's extents and
// whole panels; writes exactly the outputs, and its scratch. The caller guarantees what the checker has proved.
#if defined(__x86_64__)
#include "../common/byte_epilogue_avx512.h"
#include "conv_winograd_u8.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,avx2,fma"))), \
    apply_to = function)

typedef __m512i words;
typedef __m512i sums;
enum { WORDS = 32, SUMS = 16, ROWS_LIMIT = 12 };
static inline words words_zero(void) { return _mm512_setzero_si512(); }
static inline words widened(const uint8_t *x) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)x));
}
static inline words widened_part(const uint8_t *x, int32_t count) {
  return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8((__mmask32)((1ull << count) - 1), x));
}
static inline __attribute__((always_inline)) words weight_words(const int8_t *w, const int half, const int part) {
  (void)part;
  // Each 16 bits: a byte in the upper half, 0 in the lower one.
  const __m128i low = _mm_setr_epi32(0x01800080, 0x05800480, 0x09800880, 0x0D800C80);
  const __m128i places = _mm_add_epi8(low, _mm_set1_epi16(half ? 0x0200 : 0));
  return _mm512_srai_epi16(_mm512_shuffle_epi8(_mm512_loadu_si512(w), _mm512_broadcast_i32x4(places)), 8);
}
static inline words words_add(words a, words b) { return _mm512_add_epi16(a, b); }
static inline words words_subtract(words a, words b) { return _mm512_sub_epi16(a, b); }
static inline words words_shifted(words a, const unsigned bits) { return _mm512_slli_epi16(a, bits); }
static inline void words_store(int16_t *p, words x) { _mm512_store_si512(p, x); }
static inline sums sums_add(sums a, sums b) { return _mm512_add_epi32(a, b); }
static inline sums sums_subtract(sums a, sums b) { return _mm512_sub_epi32(a, b); }
static inline sums sums_shifted(sums a, const unsigned bits) { return _mm512_slli_epi32(a, bits); }
static inline sums sums_over(sums a, const unsigned bits) { return _mm512_srai_epi32(a, bits); }
static inline sums sums_times(sums a, int32_t b) { return _mm512_mullo_epi32(a, _mm512_set1_epi32(b)); }
static inline sums sums_load(const int32_t *p) { return _mm512_load_si512(p); }
static inline void sums_store(int32_t *p, sums x) { _mm512_store_si512(p, x); }

// One tile of the product of a plane: rows of V, `row` words apart, and of Y, `width` numbers apart.
static inline __attribute__((always_inline)) void tile_product(
    const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width, const int rows,
    const int panels) {
  __m512i sum[ESPALIER_ITEM_PANELS][ROWS_LIMIT];
  EACH(r, rows) EACH(q, panels) sum[q][r] = _mm512_setzero_si512();
  const size_t panel = (size_t)pairs * 32;
  for (uint32_t k = 0; k < pairs; k++, u += 32, v += 2) {
    __m512i weight[ESPALIER_ITEM_PANELS];
    EACH(q, panels) weight[q] = _mm512_load_si512(u + (size_t)q * panel);
    EACH(r, rows) {
      int32_t pair;
      __builtin_memcpy(&pair, v + (size_t)r * row, 4);
      const __m512i value = _mm512_set1_epi32(pair);
      EACH(q, panels) sum[q][r] = _mm512_dpwssd_epi32(sum[q][r], value, weight[q]);
    }
  }
  EACH(r, rows) EACH(q, panels) _mm512_store_si512(y + (size_t)r * width + q * WINOGRAD_PANEL, sum[q][r]);
}

#define PRODUCT(rows, panels)                                                                          \
  static void product_##rows##x##panels(                                                               \
      const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width) {      \
    tile_product(v, row, pairs, u, y, width, rows, panels);                                            \
  }
PRODUCT(1, 1) PRODUCT(2, 1) PRODUCT(3, 1) PRODUCT(4, 1) PRODUCT(5, 1) PRODUCT(6, 1)
PRODUCT(7, 1) PRODUCT(8, 1) PRODUCT(9, 1) PRODUCT(10, 1) PRODUCT(11, 1) PRODUCT(12, 1)
PRODUCT(1, 2) PRODUCT(2, 2) PRODUCT(3, 2) PRODUCT(4, 2) PRODUCT(5, 2) PRODUCT(6, 2)
PRODUCT(7, 2) PRODUCT(8, 2) PRODUCT(9, 2) PRODUCT(10, 2) PRODUCT(11, 2) PRODUCT(12, 2)
PRODUCT(1, 3) PRODUCT(2, 3) PRODUCT(3, 3) PRODUCT(4, 3) PRODUCT(5, 3) PRODUCT(6, 3)
PRODUCT(7, 3) PRODUCT(8, 3)
PRODUCT(1, 4) PRODUCT(2, 4) PRODUCT(3, 4) PRODUCT(4, 4) PRODUCT(5, 4) PRODUCT(6, 4)

typedef void (*product)(
    const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width);
static const uint32_t rows_for_panels[ESPALIER_ITEM_PANELS + 1] = {0, 12, 12, 8, 6};
static const product products[ESPALIER_ITEM_PANELS + 1][ROWS_LIMIT + 1] = {
    {NULL},
    {NULL, product_1x1, product_2x1, product_3x1, product_4x1, product_5x1, product_6x1,
     product_7x1, product_8x1, product_9x1, product_10x1, product_11x1, product_12x1},
    {NULL, product_1x2, product_2x2, product_3x2, product_4x2, product_5x2, product_6x2,
     product_7x2, product_8x2, product_9x2, product_10x2, product_11x2, product_12x2},
    {NULL, product_1x3, product_2x3, product_3x3, product_4x3, product_5x3, product_6x3, product_7x3, product_8x3},
    {NULL, product_1x4, product_2x4, product_3x4, product_4x4, product_5x4, product_6x4},
};

static void multiply_planes(
    const winograd_u8_blocks *b, const winograd_item *item, const int16_t *v, const int16_t *u, int32_t *y) {
  const size_t width = (size_t)item->panels * WINOGRAD_PANEL, panel = (size_t)b->pairs * 32;
  const uint32_t strips = winograd_blocks_of(item->panels, ESPALIER_ITEM_PANELS);
  for (uint32_t point = 0; point < b->cut.points; point++) {
    for (uint32_t strip = 0; strip < strips; strip++) {
      const uint32_t first = winograd_part(item->panels, strips, strip);
      const uint32_t panels = winograd_part(item->panels, strips, strip + 1) - first;
      const uint32_t parts = winograd_blocks_of(item->tiles, rows_for_panels[panels]);
      for (uint32_t i = 0; i < parts; i++) {
        const uint32_t start = winograd_part(item->tiles, parts, i);
        products[panels][winograd_part(item->tiles, parts, i + 1) - start](
            v + start * b->cut.row, b->cut.row, b->pairs, u + first * panel,
            y + start * width + first * WINOGRAD_PANEL, width);
      }
    }
    v += b->cut.input_plane;
    u += b->weight_plane;
    y += b->cut.output_plane;
  }
}

// Stores the pixels of a tile that exist, `channels` or at most 16 channels from `channel` on.
static inline __attribute__((always_inline)) void store_block(
    const int tile, const byte_epilogue *end, const winograd_u8_tile *place, bool adds, int32_t channel,
    int32_t channels, const int32_t (*block)[WINOGRAD_PANEL]) {
  channels = channels < WINOGRAD_PANEL ? channels : WINOGRAD_PANEL;
  for (int j = 0; j < place->at.output_columns; j++) {
    uint8_t *const *output = place->output + j * tile;
    const uint8_t *const *residual = adds ? place->residual + j * tile : NULL;
    if (place->at.output_rows == tile) {
      __m512i sum[1][ROWS_LIMIT];
      EACH(i, tile) sum[0][i] = _mm512_load_si512(block[j * tile + i]);
      store_tile_avx512(end, tile, 1, sum, output, residual, channel, channels);
    } else {
      for (int i = 0; i < place->at.output_rows; i++) {
        __m512i sum[1][ROWS_LIMIT];
        sum[0][0] = _mm512_load_si512(block[j * tile + i]);
        store_tile_avx512(end, 1, 1, sum, output + i, residual ? residual + i : NULL, channel, channels);
      }
    }
  }
}

#include "conv_winograd_u8_body.h"

void espalier_conv_winograd_u8_avx512vnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
