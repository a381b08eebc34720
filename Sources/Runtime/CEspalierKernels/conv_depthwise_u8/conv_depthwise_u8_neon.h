// conv_depthwise_u8 on 128 bits: blocks of 16 channels, their epilogue, and the walk that NEON's forms share.
//
// The including file gives BY_ADDITION, which says how it converts between whole numbers and floats,
// start_block(b, start), which says what the sums of a block's 16 channels begin with, and convolve_rows(b,
// x, residual, y, rows, whole). Reads exactly the taps and valid channels and whole weights; writes exactly
// the valid channels.

typedef espalier_conv_depthwise_u8_parameters depthwise_u8;

enum { LANES = 16 };

// 16 channels of one call.
typedef struct block {
  const depthwise_u8 *p;
  int32_t width;           // output columns
  const int8_t *weights;   // of the block's first channel
  ptrdiff_t quad_bytes;    // between two quads of weights
  const float *scales, *offsets;
  const uint8_t *table;    // or NULL
  int64_t channels;        // valid ones, 1 … 16
  byte_range range;
  bool has_adders;         // whether the sums begin with ADDER_BITS
  int32_t start[LANES];    // of the sums
} block;

static void start_block(const block *b, int32_t *start);
INLINED void convolve_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, int64_t rows, const bool whole);

INLINED uint8x16_t channels_at(const block *b, const uint8_t *x, const bool whole) {
  return whole ? vld1q_u8(x) : load_part_neon(x, b->channels);
}

INLINED sums_16 started(const block *b) {
  return (sums_16){{vld1q_s32(b->start), vld1q_s32(b->start + 4), vld1q_s32(b->start + 8),
                    vld1q_s32(b->start + 12)}};
}

INLINED void store(const block *b, sums_16 sums, const uint8_t *residual, uint8_t *y, const bool whole) {
  floats_16 t = b->has_adders ? floats_of_adders(sums) : floats_of_sums(sums);
  UNROLLED for (int i = 0; i < 4; i++)
    t.part[i] = vfmaq_f32(vld1q_f32(b->offsets + 4 * i), t.part[i], vld1q_f32(b->scales + 4 * i));
  if (residual) {
    const floats_16 rest = floats_of_bytes(channels_at(b, residual, whole));
    UNROLLED for (int i = 0; i < 4; i++)
      t.part[i] = vfmaq_f32(t.part[i], rest.part[i], vdupq_n_f32(b->p->residual_scale));
  }
  uint8x16_t bytes = BY_ADDITION ? quantized_by_addition_neon(t, b->range) : quantized_neon(t, b->range);
  if (b->table) bytes = looked_up_neon(b->table, bytes);
  if (whole) vst1q_u8(y, bytes);
  else store_part_neon(y, b->channels, bytes);
}

// Rows h … h + rows - 1 of image n, columns [x, x + width), all channels.
static void convolve_tile(
    const espalier_call *call, int64_t n, int64_t h, int64_t rows, int64_t x, int32_t width) {
  const depthwise_u8 *p = call->parameters;
  const int64_t padded = espalier_depthwise_channels(p->channels);
  const uint8_t *input = (const uint8_t *)call->operands[0] + n * p->input_stride_n + h * p->input_stride_h +
                         x * p->input_stride_w;
  const uint8_t *residual = call->operands[4];
  if (residual) residual += n * p->residual_stride_n + h * p->residual_stride_h + x * p->residual_stride_w;
  uint8_t *output = (uint8_t *)call->operands[5] + n * p->output_stride_n + h * p->output_stride_h +
                    x * p->output_stride_w;
  for (int64_t c = 0; c < p->channels; c += LANES) {
    const float *scales = (const float *)call->operands[2] + c;
    const int64_t left = p->channels - c;
    block b = {p, width, (const int8_t *)call->operands[1] + c * 4, padded * 4, scales, scales + padded,
               call->operands[3], left < LANES ? left : LANES, byte_range_neon(p->low, p->high),
               BY_ADDITION && (int64_t)p->kernel_h * p->kernel_w <= ADDER_TERMS, {0}};
    start_block(&b, b.start);
    if (b.has_adders)
      for (int i = 0; i < LANES; i++) b.start[i] += ADDER_BITS;
    const uint8_t *r = residual ? residual + c : NULL;
    if (left >= LANES) convolve_rows(&b, input + c, r, output + c, rows, true);
    else convolve_rows(&b, input + c, r, output + c, rows, false);
  }
}

INLINED void convolve_items(const espalier_call *call, uint32_t first, uint32_t end) {
  const depthwise_u8 *p = call->parameters;
  const espalier_depthwise_tile tile = espalier_depthwise_tile_of(p);
  const int64_t per_item = espalier_conv_depthwise_u8_rows(p), all = (int64_t)p->batch * p->height;
  const int64_t last = end * per_item < all ? end * per_item : all;
  for (int64_t row = first * per_item, rows; row < last; row += rows) {
    const int64_t n = row / p->height, h = row % p->height;
    rows = p->height - h < last - row ? p->height - h : last - row;
    if (rows > tile.rows) rows = tile.rows;
    for (int32_t x = 0; x < p->width; x += tile.columns)
      convolve_tile(call, n, h, rows, x, p->width - x < tile.columns ? p->width - x : tile.columns);
  }
}
