// conv_depthwise_u8 on 256 bits: 16 channels and the four taps of a column that lie below each other at once.
//
// Four input rows of 16 channels are interleaved, channel by channel ("quads", in two registers), and multiplied
// with the weights of that column. With 3 rows of taps at stride 1 the same quads also serve the next output
// row: its weights are shifted by one row. Reads exactly the taps and valid channels; writes exactly the valid
// channels. The including file gives add_quads(sum, x, w, pairs), which adds the products of 8 channels, where
// `pairs` tells that 16-bit sums of the two products with the first or the last two weights cannot saturate.

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINED static inline __attribute__((always_inline))

typedef espalier_conv_depthwise_u8_parameters depthwise_u8;

enum { LANES = 16 };

// What the compiler shall know: whether all 16 channels are valid, and whether pairs fit.
typedef struct way {
  bool whole, pairs;
} way;

// 8 channels each, 32 bits a channel.
typedef struct halves {
  __m256i half[2];
} halves;

// 16 channels of one call.
typedef struct block {
  const depthwise_u8 *p;
  int32_t width;           // output columns
  const int8_t *weights;   // of the block's first channel
  ptrdiff_t quad_bytes;    // between two quads of weights
  const float *scales, *offsets;
  const uint8_t *table;    // or NULL
  int64_t channels;        // valid ones, 1 … 16
} block;

INLINED halves weights_at(const block *b, ptrdiff_t quad) {
  const __m256i *w = (const __m256i *)(const void *)(b->weights + quad * b->quad_bytes);
  return (halves){{_mm256_loadu_si256(w), _mm256_loadu_si256(w + 1)}};
}

INLINED __m128i channels_at(const block *b, const uint8_t *x, const way how) {
  if (how.whole) return _mm_loadu_si128((const __m128i *)(const void *)x);
  return load_part_128(x, b->channels);
}

INLINED __m256i joined(__m128i low, __m128i high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// Rows 0 … count - 1 from x on, as [channel][row].
INLINED halves quads_at(const block *b, const uint8_t *x, ptrdiff_t row, const int count, const way how) {
  __m128i rows[4];
  UNROLLED for (int i = 0; i < 4; i++)
    rows[i] = i < count ? channels_at(b, x + i * row, how) : _mm_setzero_si128();
  const __m128i low_upper = _mm_unpacklo_epi8(rows[0], rows[1]), low_lower = _mm_unpacklo_epi8(rows[2], rows[3]);
  const __m128i high_upper = _mm_unpackhi_epi8(rows[0], rows[1]), high_lower = _mm_unpackhi_epi8(rows[2], rows[3]);
  return (halves){{
      joined(_mm_unpacklo_epi16(low_upper, low_lower), _mm_unpackhi_epi16(low_upper, low_lower)),
      joined(_mm_unpacklo_epi16(high_upper, high_lower), _mm_unpackhi_epi16(high_upper, high_lower)),
  }};
}

INLINED halves add_columns(halves sum, halves x, halves w, const way how) {
  UNROLLED for (int h = 0; h < 2; h++) sum.half[h] = add_quads(sum.half[h], x.half[h], w.half[h], how.pairs);
  return sum;
}

INLINED halves no_sum(void) { return (halves){{_mm256_setzero_si256(), _mm256_setzero_si256()}}; }

INLINED void store(const block *b, halves sum, const uint8_t *residual, uint8_t *y, const way how) {
  __m256i values[2];
  const __m128i rest = residual ? channels_at(b, residual, how) : _mm_setzero_si128();
  UNROLLED for (int h = 0; h < 2; h++) {
    __m256 t = _mm256_fmadd_ps(
        _mm256_cvtepi32_ps(sum.half[h]), _mm256_loadu_ps(b->scales + 8 * h), _mm256_loadu_ps(b->offsets + 8 * h));
    if (residual) {
      const __m256i value = _mm256_cvtepu8_epi32(h ? _mm_unpackhi_epi64(rest, rest) : rest);
      t = _mm256_fmadd_ps(_mm256_cvtepi32_ps(value), _mm256_set1_ps(b->p->residual_scale), t);
    }
    t = _mm256_max_ps(t, _mm256_set1_ps(b->p->low));  // a NaN gives the second operand
    values[h] = _mm256_cvtps_epi32(_mm256_min_ps(t, _mm256_set1_ps(b->p->high)));
  }
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(values[0], values[1]), 0xD8);
  __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  if (b->table) bytes = looked_up_128(b->table, bytes);
  if (how.whole) _mm_storeu_si128((__m128i *)(void *)y, bytes);
  else store_part_128(y, b->channels, bytes);
}

// One row of outputs; `kernel_h` and `kernel_w` taps, whose loops vanish where they are known.
INLINED void convolve_row(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const int kernel_h,
    const int kernel_w, const way how) {
  const depthwise_u8 *p = b->p;
  const int quads = (kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    halves sum = no_sum();
    UNROLLED for (int kx = 0; kx < kernel_w; kx++)
      UNROLLED for (int q = 0; q < quads; q++) {
        const int left = kernel_h - 4 * q;
        const uint8_t *taps = x + (ptrdiff_t)kx * p->tap_stride_w + (ptrdiff_t)q * 4 * p->tap_stride_h;
        const halves inputs = quads_at(b, taps, p->tap_stride_h, left < 4 ? left : 4, how);
        sum = add_columns(sum, inputs, weights_at(b, kx * quads + q), how);
      }
    store(b, sum, residual, y, how);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// Two rows of outputs of 3 x 3 taps, stride and dilation 1.
INLINED void convolve_two_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const way how) {
  const depthwise_u8 *p = b->p;
  const ptrdiff_t row = p->tap_stride_h, column = p->tap_stride_w;
  halves upper[3], lower[3];
  UNROLLED for (int kx = 0; kx < 3; kx++) {
    upper[kx] = weights_at(b, kx);
    UNROLLED for (int h = 0; h < 2; h++) lower[kx].half[h] = _mm256_slli_epi32(upper[kx].half[h], 8);
  }
  halves left = quads_at(b, x, row, 4, how), middle = quads_at(b, x + column, row, 4, how);
  for (int32_t i = 0; i < b->width; i++) {
    const halves right = quads_at(b, x + 2 * column, row, 4, how);
    halves first = no_sum(), second = no_sum();
    const halves columns[3] = {left, middle, right};
    UNROLLED for (int kx = 0; kx < 3; kx++) {
      first = add_columns(first, columns[kx], upper[kx], how);
      second = add_columns(second, columns[kx], lower[kx], how);
    }
    store(b, first, residual, y, how);
    store(b, second, residual ? residual + p->residual_stride_h : NULL, y + p->output_stride_h, how);
    left = middle;
    middle = right;
    x += column;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// One row of outputs of 3 x 3 taps, stride 2 and dilation 1: neighbors share a column.
INLINED void convolve_stride_2(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const way how) {
  const depthwise_u8 *p = b->p;
  const ptrdiff_t row = p->tap_stride_h, column = p->tap_stride_w;
  const halves weights[3] = {weights_at(b, 0), weights_at(b, 1), weights_at(b, 2)};
  halves left = quads_at(b, x, row, 3, how);
  for (int32_t i = 0; i < b->width; i++) {
    const halves middle = quads_at(b, x + column, row, 3, how), right = quads_at(b, x + 2 * column, row, 3, how);
    halves sum = add_columns(no_sum(), left, weights[0], how);
    sum = add_columns(sum, middle, weights[1], how);
    sum = add_columns(sum, right, weights[2], how);
    store(b, sum, residual, y, how);
    left = right;
    x += 2 * column;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// One row of outputs of any taps, tap by tap.
INLINED void convolve_any(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const way how) {
  const depthwise_u8 *p = b->p;
  const int32_t quads = (p->kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    halves sum = no_sum();
    for (int32_t kx = 0; kx < p->kernel_w; kx++)
      for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const ptrdiff_t tap = (ptrdiff_t)ky * p->tap_stride_h + (ptrdiff_t)kx * p->tap_stride_w;
        const halves inputs = quads_at(b, x + tap, 0, 1, how);
        halves weights = weights_at(b, kx * quads + ky / 4);
        UNROLLED for (int h = 0; h < 2; h++)
          weights.half[h] = _mm256_and_si256(
              _mm256_srl_epi32(weights.half[h], _mm_cvtsi32_si128(ky % 4 * 8)), _mm256_set1_epi32(0xFF));
        sum = add_columns(sum, inputs, weights, how);
      }
    store(b, sum, residual, y, how);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// Whether the pairs of two rows of outputs fit: of the second row's weights, 0 and the first, the other two.
INLINED bool shifted_pairs_fit(const block *b) {
  for (ptrdiff_t kx = 0; kx < 3; kx++)
    for (ptrdiff_t c = 0; c < LANES; c++) {
      const int8_t *w = b->weights + kx * b->quad_bytes + c * 4;
      const int highest = (w[1] > 0 ? w[1] : 0) + (w[2] > 0 ? w[2] : 0);
      const int lowest = (w[1] < 0 ? w[1] : 0) + (w[2] < 0 ? w[2] : 0);
      if (255 * highest > INT16_MAX || 255 * lowest < INT16_MIN) return false;
    }
  return true;
}

// `rows` output rows of one image for one block of channels.
INLINED void convolve_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, int64_t rows, const way how) {
  const depthwise_u8 *p = b->p;
  const bool is_3x3 = p->kernel_h == 3 && p->kernel_w == 3, is_5x5 = p->kernel_h == 5 && p->kernel_w == 5;
  const bool steps_by_two = p->input_stride_w == 2 * (int64_t)p->tap_stride_w;
  const bool shares_quads = is_3x3 && p->input_stride_h == p->tap_stride_h &&
                            p->input_stride_w == p->tap_stride_w && (!how.pairs || shifted_pairs_fit(b));
  for (int64_t i = 0; i < rows;) {
    const int64_t done = shares_quads && rows - i >= 2 ? 2 : 1;
    if (done == 2) convolve_two_rows(b, x, residual, y, how);
    else if (is_3x3 && steps_by_two) convolve_stride_2(b, x, residual, y, how);
    else if (is_3x3) convolve_row(b, x, residual, y, 3, 3, how);
    else if (is_5x5) convolve_row(b, x, residual, y, 5, 5, how);
    else convolve_any(b, x, residual, y, how);
    x += done * p->input_stride_h;
    y += done * p->output_stride_h;
    if (residual) residual += done * p->residual_stride_h;
    i += done;
  }
}

// Rows h … h + rows - 1 of image n, columns [x, x + width), all channels.
INLINED void convolve_tile(
    const espalier_call *call, int64_t n, int64_t h, int64_t rows, int64_t x, int32_t width, const bool pairs) {
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
    const block b = {p,      width,           (const int8_t *)call->operands[1] + c * 4, padded * 4,
                     scales, scales + padded, call->operands[3],                         left < LANES ? left : LANES};
    const uint8_t *r = residual ? residual + c : NULL;
    if (left >= LANES) convolve_rows(&b, input + c, r, output + c, rows, (way){true, pairs});
    else convolve_rows(&b, input + c, r, output + c, rows, (way){false, pairs});
  }
}

INLINED void convolve_items(const espalier_call *call, uint32_t first, uint32_t end, const bool pairs) {
  const depthwise_u8 *p = call->parameters;
  const espalier_depthwise_tile tile = espalier_depthwise_tile_of(p);
  const int64_t per_item = espalier_conv_depthwise_u8_rows(p), all = (int64_t)p->batch * p->height;
  const int64_t last = end * per_item < all ? end * per_item : all;
  for (int64_t row = first * per_item, rows; row < last; row += rows) {
    const int64_t n = row / p->height, h = row % p->height;
    rows = p->height - h < last - row ? p->height - h : last - row;
    if (rows > tile.rows) rows = tile.rows;
    for (int32_t x = 0; x < p->width; x += tile.columns)
      convolve_tile(call, n, h, rows, x, p->width - x < tile.columns ? p->width - x : tile.columns, pairs);
  }
}
