// conv_winograd_u8 on 256 bits: what AVX2 and AVX-VNNI share.
//
// Transforms: 16 channels of one tile, 16 weights or 8 outputs of one tile at a time. Products: 6 tiles x 1 panel of
// 16 channels, 12 accumulators. The including file gives add_product(sum, value, weight). Reads what lies inside the
// input's extents and whole panels; writes exactly the outputs, and its scratch.

typedef __m256i words;
typedef __m256i sums;
enum { WORDS = 16, SUMS = 8, ROWS_LIMIT = 6 };
static inline words words_zero(void) { return _mm256_setzero_si256(); }
static inline words widened(const uint8_t *x) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)x));
}
static inline words widened_part(const uint8_t *x, int32_t count) {
  return count == WORDS ? widened(x) : _mm256_cvtepu8_epi16(load_part_128(x, count));
}
static inline __attribute__((always_inline)) words weight_words(const int8_t *w, const int half, const int part) {
  // Each 16 bits: a byte in the upper half, 0 in the lower one.
  const __m128i low = _mm_setr_epi32(0x01800080, 0x05800480, 0x09800880, 0x0D800C80);
  const __m256i places = _mm256_broadcastsi128_si256(_mm_add_epi8(low, _mm_set1_epi16(half ? 0x0200 : 0)));
  const __m256i weights = _mm256_loadu_si256((const __m256i *)(const void *)(w + 2 * part));
  return _mm256_srai_epi16(_mm256_shuffle_epi8(weights, places), 8);
}
static inline words words_add(words a, words b) { return _mm256_add_epi16(a, b); }
static inline words words_subtract(words a, words b) { return _mm256_sub_epi16(a, b); }
static inline words words_shifted(words a, const int bits) { return _mm256_slli_epi16(a, bits); }
static inline void words_store(int16_t *p, words x) { _mm256_store_si256((__m256i *)(void *)p, x); }
static inline sums sums_add(sums a, sums b) { return _mm256_add_epi32(a, b); }
static inline sums sums_subtract(sums a, sums b) { return _mm256_sub_epi32(a, b); }
static inline sums sums_shifted(sums a, const int bits) { return _mm256_slli_epi32(a, bits); }
static inline sums sums_over(sums a, const int bits) { return _mm256_srai_epi32(a, bits); }
static inline sums sums_times(sums a, int32_t b) { return _mm256_mullo_epi32(a, _mm256_set1_epi32(b)); }
static inline sums sums_load(const int32_t *p) { return _mm256_load_si256((const __m256i *)(const void *)p); }
static inline void sums_store(int32_t *p, sums x) { _mm256_store_si256((__m256i *)(void *)p, x); }

// One tile of the product of a plane: rows of V, `row` words apart, and of Y, `width` numbers apart.
static inline __attribute__((always_inline)) void tile_product(
    const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width, const int rows) {
  __m256i sum[ROWS_LIMIT][2];
  EACH(r, rows) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
  for (uint32_t k = 0; k < pairs; k++, u += 32, v += 2) {
    const __m256i low = _mm256_load_si256((const __m256i *)(const void *)u);
    const __m256i high = _mm256_load_si256((const __m256i *)(const void *)(u + 16));
    EACH(r, rows) {
      int32_t pair;
      __builtin_memcpy(&pair, v + (size_t)r * row, 4);
      const __m256i value = _mm256_set1_epi32(pair);
      sum[r][0] = add_product(sum[r][0], value, low);
      sum[r][1] = add_product(sum[r][1], value, high);
    }
  }
  EACH(r, rows) EACH(h, 2) sums_store(y + (size_t)r * width + 8 * h, sum[r][h]);
}

#define PRODUCT(rows)                                                                                 \
  static void product_##rows(                                                                         \
      const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width) {     \
    tile_product(v, row, pairs, u, y, width, rows);                                                   \
  }
PRODUCT(1) PRODUCT(2) PRODUCT(3) PRODUCT(4) PRODUCT(5) PRODUCT(6)

typedef void (*product)(
    const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width);
static const product products[ROWS_LIMIT + 1] = {NULL, product_1, product_2, product_3, product_4, product_5, product_6};

#include "conv_winograd_u8_panels.h"

// Stores the pixels of a tile that exist, `channels` or at most 16 channels from `channel` on.
INLINED void store_block(
    const int tile, const byte_epilogue *end, const winograd_u8_tile *place, bool adds, int32_t channel,
    int32_t channels, const int32_t (*block)[WINOGRAD_PANEL]) {
  const bool plain = channels >= WINOGRAD_PANEL && !adds && !end->table && !end->output_is_float;
  for (int j = 0; j < place->at.output_columns; j++) {
    panel_sum sum[WINOGRAD_TILE_LIMIT];
    EACH(i, tile) {
      sum[i].half[0] = sums_load(block[j * tile + i]);
      sum[i].half[1] = sums_load(block[j * tile + i] + 8);
    }
    uint8_t *const *output = place->output + j * tile;
    if (plain && place->at.output_rows == tile) store_bytes_avx2(end, 0, tile, sum, output, channel);
    else
      store_rows_avx2(
          end, 0, (uint32_t)place->at.output_rows, sum, output, adds ? place->residual + j * tile : NULL, channel,
          channels);
  }
}

#include "conv_winograd_u8_body.h"
