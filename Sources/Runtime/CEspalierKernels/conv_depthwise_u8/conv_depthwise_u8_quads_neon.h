// conv_depthwise_u8 by dot products of four bytes: 16 channels and the four taps of a column that lie below
// each other at once.
//
// Four input rows of 16 channels are interleaved, channel by channel ("quads", in four registers), and
// multiplied with the weights of that column. With 3 rows of taps at stride 1 the same quads also serve the
// next output row: its weights are shifted by one row. The including file gives factor(x), what bytes become
// before they are multiplied, and add_dot(sum, x, w).

// 4 channels each, [channel][row].
typedef struct quads {
  uint8x16_t part[4];
} quads;

typedef struct quad_weights {
  int8x16_t part[4];
} quad_weights;

INLINED quad_weights weights_at(const block *b, ptrdiff_t quad) {
  const int8_t *w = b->weights + quad * b->quad_bytes;
  return (quad_weights){{vld1q_s8(w), vld1q_s8(w + 16), vld1q_s8(w + 32), vld1q_s8(w + 48)}};
}

INLINED quads interleaved(const uint8x16_t *rows) {
  const uint16x8_t upper_low = vreinterpretq_u16_u8(vzip1q_u8(rows[0], rows[1]));
  const uint16x8_t upper_high = vreinterpretq_u16_u8(vzip2q_u8(rows[0], rows[1]));
  const uint16x8_t lower_low = vreinterpretq_u16_u8(vzip1q_u8(rows[2], rows[3]));
  const uint16x8_t lower_high = vreinterpretq_u16_u8(vzip2q_u8(rows[2], rows[3]));
  return (quads){{vreinterpretq_u8_u16(vzip1q_u16(upper_low, lower_low)),
                  vreinterpretq_u8_u16(vzip2q_u16(upper_low, lower_low)),
                  vreinterpretq_u8_u16(vzip1q_u16(upper_high, lower_high)),
                  vreinterpretq_u8_u16(vzip2q_u16(upper_high, lower_high))}};
}

// Rows 0 … count - 1 from x on; the others are met by weights of 0.
INLINED quads quads_at(const block *b, const uint8_t *x, ptrdiff_t row, const int count, const bool whole) {
  uint8x16_t rows[4];
  UNROLLED for (int i = 0; i < 4; i++)
    rows[i] = i < count ? factor(channels_at(b, x + i * row, whole)) : vdupq_n_u8(0);
  return interleaved(rows);
}

INLINED sums_16 add_column(sums_16 sums, quads x, quad_weights w) {
  UNROLLED for (int i = 0; i < 4; i++) sums.part[i] = add_dot(sums.part[i], x.part[i], w.part[i]);
  return sums;
}

// One row of outputs; `kernel_h` and `kernel_w` taps, whose loops vanish where they are known.
INLINED void convolve_row(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const int kernel_h,
    const int kernel_w, const bool whole) {
  const depthwise_u8 *p = b->p;
  const int quad_count = (kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    sums_16 sums = started(b);
    UNROLLED for (int kx = 0; kx < kernel_w; kx++)
      UNROLLED for (int q = 0; q < quad_count; q++) {
        const int left = kernel_h - 4 * q;
        const uint8_t *taps = x + (ptrdiff_t)kx * p->tap_stride_w + (ptrdiff_t)q * 4 * p->tap_stride_h;
        const quads inputs = quads_at(b, taps, p->tap_stride_h, left < 4 ? left : 4, whole);
        sums = add_column(sums, inputs, weights_at(b, kx * quad_count + q));
      }
    store(b, sums, residual, y, whole);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// Two rows of outputs of 3 x 3 taps, stride and dilation 1.
INLINED void convolve_two_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const bool whole) {
  const depthwise_u8 *p = b->p;
  const ptrdiff_t row = p->tap_stride_h, column = p->tap_stride_w;
  quad_weights upper[3], lower[3];
  UNROLLED for (int kx = 0; kx < 3; kx++) {
    upper[kx] = weights_at(b, kx);
    UNROLLED for (int i = 0; i < 4; i++)
      lower[kx].part[i] = vreinterpretq_s8_u32(vshlq_n_u32(vreinterpretq_u32_s8(upper[kx].part[i]), 8));
  }
  quads left = quads_at(b, x, row, 4, whole), middle = quads_at(b, x + column, row, 4, whole);
  _Pragma("clang loop unroll_count(3)")  // columns then change their names instead of their registers
  for (int32_t i = 0; i < b->width; i++) {
    const quads right = quads_at(b, x + 2 * column, row, 4, whole);
    const quads columns[3] = {left, middle, right};
    sums_16 first = started(b), second = first;
    UNROLLED for (int kx = 0; kx < 3; kx++) {
      first = add_column(first, columns[kx], upper[kx]);
      second = add_column(second, columns[kx], lower[kx]);
    }
    store(b, first, residual, y, whole);
    store(b, second, residual ? residual + p->residual_stride_h : NULL, y + p->output_stride_h, whole);
    left = middle;
    middle = right;
    x += column;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// One row of outputs of 3 x 3 taps, stride 2 and dilation 1: neighbors share a column.
INLINED void convolve_stride_2(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const bool whole) {
  const depthwise_u8 *p = b->p;
  const ptrdiff_t row = p->tap_stride_h, column = p->tap_stride_w;
  const quad_weights weights[3] = {weights_at(b, 0), weights_at(b, 1), weights_at(b, 2)};
  quads left = quads_at(b, x, row, 3, whole);
  for (int32_t i = 0; i < b->width; i++) {
    const quads middle = quads_at(b, x + column, row, 3, whole);
    const quads right = quads_at(b, x + 2 * column, row, 3, whole);
    sums_16 sums = add_column(started(b), left, weights[0]);
    sums = add_column(sums, middle, weights[1]);
    store(b, add_column(sums, right, weights[2]), residual, y, whole);
    left = right;
    x += 2 * column;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// One row of outputs of any taps, tap by tap.
static void convolve_any(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const bool whole) {
  const depthwise_u8 *p = b->p;
  const int32_t quad_count = (p->kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    sums_16 sums = started(b);
    for (int32_t kx = 0; kx < p->kernel_w; kx++)
      for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const ptrdiff_t tap = (ptrdiff_t)ky * p->tap_stride_h + (ptrdiff_t)kx * p->tap_stride_w;
        quad_weights w = weights_at(b, kx * quad_count + ky / 4);
        UNROLLED for (int k = 0; k < 4; k++) {
          const uint32x4_t shifted =
              vshlq_u32(vreinterpretq_u32_s8(w.part[k]), vdupq_n_s32(-(ky % 4) * 8));
          w.part[k] = vreinterpretq_s8_u32(vandq_u32(shifted, vdupq_n_u32(0xFF)));
        }
        sums = add_column(sums, quads_at(b, x + tap, 0, 1, whole), w);
      }
    store(b, sums, residual, y, whole);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// `rows` output rows of one image for one block of channels.
INLINED void convolve_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, int64_t rows, const bool whole) {
  const depthwise_u8 *p = b->p;
  const bool is_3x3 = p->kernel_h == 3 && p->kernel_w == 3, is_5x5 = p->kernel_h == 5 && p->kernel_w == 5;
  const bool steps_by_two = p->input_stride_w == 2 * (int64_t)p->tap_stride_w;
  const bool shares = is_3x3 && p->input_stride_h == p->tap_stride_h && p->input_stride_w == p->tap_stride_w;
  for (int64_t i = 0; i < rows;) {
    const int64_t done = shares && rows - i >= 2 ? 2 : 1;
    if (done == 2) convolve_two_rows(b, x, residual, y, whole);
    else if (is_3x3 && steps_by_two) convolve_stride_2(b, x, residual, y, whole);
    else if (is_3x3) convolve_row(b, x, residual, y, 3, 3, whole);
    else if (is_5x5) convolve_row(b, x, residual, y, 5, 5, whole);
    else convolve_any(b, x, residual, y, whole);
    x += done * p->input_stride_h;
    y += done * p->output_stride_h;
    if (residual) residual += done * p->residual_stride_h;
    i += done;
  }
}
