// pool_f32 on vectors of VL channels: up to 4 of them stand in registers while a window's taps go by, in the
// order of the scalar kernel. Windows of 3x3 and 2x2 taps are unrolled. Reads and writes exactly the
// images' elements. Norms other than p = 1 and p = 2 are left to the scalar kernel.
// Included behind vector_<isa>.h, inside its target attribute.

#define UNROLL _Pragma("clang loop unroll(full)")

typedef enum pool_kind { pool_max, pool_sum, pool_magnitudes, pool_squares } pool_kind;

// The taps of one window inside the image, from the first on; steps count floats.
typedef struct pool_window {
  const float *x;
  int64_t rows, columns, row_step, column_step;
  float divisor;  // of the sum
} pool_window;

V vec pool_add(pool_kind kind, vec sum, vec value, bool careful) {
  switch (kind) {
    case pool_max: return careful ? v_select(v_ne(sum, sum), sum, v_max(sum, value)) : v_max(sum, value);
    case pool_sum: return v_add(sum, value);
    case pool_magnitudes: return v_add(sum, v_abs(value));
    case pool_squares: return v_fma(value, value, sum);
  }
}

// `vectors` vectors of channels; the last one in part unless `whole`. Maxima of numbers alone may be taken
// without care: false where a NaN or an infinity came by, which may have been lost.
V bool pool_vectors(pool_kind kind, pool_window w, int64_t rows, int64_t columns, float *y, int vectors,
                    bool whole, vpart part, bool careful) {
  vec sum[4], poison[4];
  UNROLL for (int v = 0; v < vectors; v++) {
    sum[v] = kind == pool_max ? v_set(-__builtin_inff()) : v_zero();
    poison[v] = v_zero();
  }
  for (int64_t i = 0; i < rows; i++, w.x += w.row_step) {
    const float *x = w.x;
    for (int64_t j = 0; j < columns; j++, x += w.column_step)
      UNROLL for (int v = 0; v < vectors; v++) {
        const vec value = whole ? v_load(x + v * VL) : v_load_part(x + v * VL, part);
        sum[v] = pool_add(kind, sum[v], value, careful);
        if (kind == pool_max && !careful) poison[v] = v_fma(value, v_zero(), poison[v]);
      }
  }
  UNROLL for (int v = 0; v < vectors; v++) {
    if (kind == pool_sum) sum[v] = v_div(sum[v], v_set(w.divisor));
    if (kind == pool_squares) sum[v] = v_sqrt(sum[v]);
    if (whole) v_store(y + v * VL, sum[v]);
    else v_store_part(y + v * VL, part, sum[v]);
  }
  if (kind != pool_max || careful) return true;
  UNROLL for (int v = 1; v < vectors; v++) poison[0] = v_add(poison[0], poison[v]);
  return !v_any(v_ne(poison[0], v_zero()));
}

// All channels of one window.
V bool pool_channels(pool_kind kind, pool_window w, int64_t rows, int64_t columns, float *y, int64_t channels,
                     bool careful) {
  bool fine = true;
  for (; channels >= 4 * VL; channels -= 4 * VL, w.x += 4 * VL, y += 4 * VL)
    fine &= pool_vectors(kind, w, rows, columns, y, 4, true, v_part(0), careful);
  for (; channels >= VL; channels -= VL, w.x += VL, y += VL)
    fine &= pool_vectors(kind, w, rows, columns, y, 1, true, v_part(0), careful);
  if (channels > 0) fine &= pool_vectors(kind, w, rows, columns, y, 1, false, v_part(channels), careful);
  return fine;
}

static __attribute__((noinline)) void pool_max_with_care(pool_window w, float *y, int64_t channels) {
  pool_channels(pool_max, w, w.rows, w.columns, y, channels, true);
}

typedef void (*pool_pixel)(pool_window w, float *y, int64_t channels);

static void pool_max_pixel(pool_window w, float *y, int64_t channels) {
  bool fine;
  if (w.rows == 3 && w.columns == 3) fine = pool_channels(pool_max, w, 3, 3, y, channels, false);
  else if (w.rows == 2 && w.columns == 2) fine = pool_channels(pool_max, w, 2, 2, y, channels, false);
  else fine = pool_channels(pool_max, w, w.rows, w.columns, y, channels, false);
  if (!fine) pool_max_with_care(w, y, channels);
}
static void pool_sum_pixel(pool_window w, float *y, int64_t channels) {
  if (w.rows == 3 && w.columns == 3) pool_channels(pool_sum, w, 3, 3, y, channels, false);
  else if (w.rows == 2 && w.columns == 2) pool_channels(pool_sum, w, 2, 2, y, channels, false);
  else pool_channels(pool_sum, w, w.rows, w.columns, y, channels, false);
}
static void pool_magnitudes_pixel(pool_window w, float *y, int64_t channels) {
  pool_channels(pool_magnitudes, w, w.rows, w.columns, y, channels, false);
}
static void pool_squares_pixel(pool_window w, float *y, int64_t channels) {
  pool_channels(pool_squares, w, w.rows, w.columns, y, channels, false);
}

// Null where the scalar kernel is to do it.
static pool_pixel pool_pixel_for(const espalier_pool_f32_parameters *p) {
  switch (p->mode) {
    case espalier_pool_max: return pool_max_pixel;
    case espalier_pool_lp: return p->p == 2 ? pool_squares_pixel : p->p == 1 ? pool_magnitudes_pixel : NULL;
    default: return pool_sum_pixel;
  }
}

// The window along the width, without divisions where it lies inside the image.
static espalier_window pool_column(const espalier_pool_f32_parameters *p, int64_t output) {
  const int64_t start = output * p->stride_w - p->pad_left;
  if (start < 0 || start + (int64_t)(p->kernel_w - 1) * p->dilation_w >= p->input_width)
    return espalier_pool_f32_column(p, output);
  return (espalier_window){start, 0, p->kernel_w, p->kernel_w};
}

// Output row `oy`: `x` and `y` are the first channel of the image and of the row.
static void pool_row(const espalier_pool_f32_parameters *p, pool_pixel pixel, const float *x, int64_t oy,
                     float *y, int64_t channels) {
  const espalier_window h = espalier_pool_f32_row(p, oy);
  for (int64_t ox = 0; ox < p->output_width; ox++, y += p->output_stride_w) {
    const espalier_window w = pool_column(p, ox);
    const int64_t divisor = espalier_pool_f32_divisor(p->mode, h, w);
    const bool empty = h.first >= h.end || w.first >= w.end;
    const pool_window window = {
        .x = empty ? x
                   : x + (h.start + h.first * p->dilation_h) * p->input_stride_h +
                         (w.start + w.first * p->dilation_w) * p->input_stride_w,
        .rows = empty ? 0 : h.end - h.first,
        .columns = empty ? 0 : w.end - w.first,
        .row_step = (int64_t)p->dilation_h * p->input_stride_h,
        .column_step = (int64_t)p->dilation_w * p->input_stride_w,
        .divisor = divisor ? (float)divisor : 1,
    };
    pixel(window, y, channels);
  }
}

static void pool_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_pool_f32_parameters *p = call->parameters;
  const pool_pixel pixel = pool_pixel_for(p);
  if (!pixel) return espalier_pool_f32_scalar(call, first, end, scratch);
  const espalier_pool_f32_items cut = espalier_pool_f32_cut(p);
  for (uint32_t item = first; item < end; item++) {
    const espalier_pool_f32_piece piece = espalier_pool_f32_piece_at(p, &cut, item);
    for (int64_t row = piece.row; row < piece.row_end; row++) {
      const int64_t n = row / p->output_height, oy = row % p->output_height;
      pool_row(p, pixel, (const float *)call->operands[0] + n * p->input_stride_n + piece.channel, oy,
               (float *)call->operands[1] + n * p->output_stride_n + oy * p->output_stride_h + piece.channel,
               piece.channels);
    }
  }
}
