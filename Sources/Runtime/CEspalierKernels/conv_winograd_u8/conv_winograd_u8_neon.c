// conv_winograd_u8 by SMLAL.
//
// Transforms: 8 channels of one tile, 8 weights or 4 outputs of one tile at a time. Products: 4 tiles x 1 panel of 16
// channels, 16 accumulators. U holds the 16 outputs of one input channel, then those of the next. Reads what lies
// inside the input's extents and whole panels; writes exactly the outputs, and its scratch.
#if defined(__aarch64__)
#include "../common/byte_epilogue_neon.h"
#include "conv_winograd_u8.h"

typedef int16x8_t words;
typedef int32x4_t sums;
enum { WORDS = 8, SUMS = 4, ROWS_LIMIT = 4 };
INLINED words words_zero(void) { return vdupq_n_s16(0); }
INLINED words widened_part(const uint8_t *x, int32_t count) {
  return vreinterpretq_s16_u16(vmovl_u8(vcreate_u8(load_up_to_8(x, count))));
}
INLINED words widened(const uint8_t *x) { return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(x))); }
INLINED words weight_words(const int8_t *w, const int half, const int part) {
  const int8x8x4_t quads = vld4_s8(w + 4 * (part % WINOGRAD_PANEL));
  return vmovl_s8(quads.val[2 * half + part / WINOGRAD_PANEL]);
}
INLINED words words_add(words a, words b) { return vaddq_s16(a, b); }
INLINED words words_subtract(words a, words b) { return vsubq_s16(a, b); }
#define words_shifted(a, bits) vshlq_n_s16(a, bits)
INLINED void words_store(int16_t *p, words x) { vst1q_s16(p, x); }
INLINED sums sums_add(sums a, sums b) { return vaddq_s32(a, b); }
INLINED sums sums_subtract(sums a, sums b) { return vsubq_s32(a, b); }
#define sums_shifted(a, bits) vshlq_n_s32(a, bits)
#define sums_over(a, bits) vshrq_n_s32(a, bits)
INLINED sums sums_times(sums a, int32_t b) { return vmulq_n_s32(a, b); }
INLINED sums sums_load(const int32_t *p) { return vld1q_s32(p); }
INLINED void sums_store(int32_t *p, sums x) { vst1q_s32(p, x); }

// The products of a quad's input channel `lane` with a panel.
#define ADD_CHANNEL(lane)                                                                                 \
  EACH(h, 2) {                                                                                            \
    const int16x8_t weights = vld1q_s16(u + 16 * (lane) + 8 * h);                                         \
    EACH(r, rows) {                                                                                       \
      sum[r][2 * h] = vmlal_lane_s16(sum[r][2 * h], vget_low_s16(weights), x[r], lane);                   \
      sum[r][2 * h + 1] = vmlal_high_lane_s16(sum[r][2 * h + 1], weights, x[r], lane);                    \
    }                                                                                                     \
  }

// One tile of the product of a plane: rows of V, `row` words apart, and of Y, `width` numbers apart.
INLINED void tile_product(
    const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width, const int rows) {
  int32x4_t sum[ROWS_LIMIT][4];
  EACH(r, rows) EACH(q, 4) sum[r][q] = vdupq_n_s32(0);
  for (uint32_t k = 0; k < pairs; k += 2, u += 64, v += 4) {
    int16x4_t x[ROWS_LIMIT];
    EACH(r, rows) x[r] = vld1_s16(v + (size_t)r * row);
    ADD_CHANNEL(0)
    ADD_CHANNEL(1)
    ADD_CHANNEL(2)
    ADD_CHANNEL(3)
  }
  EACH(r, rows) EACH(q, 4) vst1q_s32(y + (size_t)r * width + 4 * q, sum[r][q]);
}

#define PRODUCT(rows)                                                                                 \
  static void product_##rows(                                                                         \
      const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width) {     \
    tile_product(v, row, pairs, u, y, width, rows);                                                   \
  }
PRODUCT(1) PRODUCT(2) PRODUCT(3) PRODUCT(4)

typedef void (*product)(
    const int16_t *v, size_t row, uint32_t pairs, const int16_t *u, int32_t *y, size_t width);
static const product products[ROWS_LIMIT + 1] = {NULL, product_1, product_2, product_3, product_4};

#include "conv_winograd_u8_panels.h"

// Stores the pixels of a tile that exist, `channels` or at most 16 channels from `channel` on.
INLINED void store_block(
    const int tile, const byte_epilogue *end, const winograd_u8_tile *place, bool adds, int32_t channel,
    int32_t channels, const int32_t (*block)[WINOGRAD_PANEL]) {
  const byte_range range = byte_range_neon(end->low, end->high);
  for (int j = 0; j < place->at.output_columns; j++)
    for (int i = 0; i < place->at.output_rows; i++) {
      const int pixel = j * tile + i;
      sums_16 sum;
      EACH(q, 4) sum.part[q] = sums_load(block[pixel] + 4 * q);
      store_row_neon(
          end, 0, floats_of_sums(sum), place->output[pixel] + channel * byte_epilogue_size(end),
          adds ? place->residual[pixel] + channel : NULL, channels, range, false);
    }
}

#include "conv_winograd_u8_body.h"

void espalier_conv_winograd_u8_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}

#endif
