// y = f(bias + sum over ky, kx of x w + residual) on vectors of VL channels: T output pixels of a row stand
// in registers, every input column is loaded once for all taps of a row that use it. The filters of 3x3 and
// 5x5 with stride 1 or 2 and no dilation are unrolled; any other takes the loop over taps.
// Reads and writes exactly the view's elements; weights and bias up to the padded channel count.
// Included behind vector_<isa>.h, inside its target attribute.

// Sums stay in registers only where every loop over them is unrolled.
#define UNROLL _Pragma("clang loop unroll(full)")

// What the tiles of one call share.
typedef struct depthwise {
  int64_t kernel_h, kernel_w, panel;  // panel: floats between the weights of two taps
  int64_t tap_h, tap_w, input_w, output_w, residual_w;
  int32_t function;
  float alpha, beta;
  vec low, high;  // the clamp that relu, clip and identity are
} depthwise;

// The operands of one tile, at its first pixel and channel; bias and residual may be NULL.
typedef struct depthwise_tile {
  const float *x, *w, *bias, *residual;
  float *y;
} depthwise_tile;

V void depthwise_store(const depthwise *d, const depthwise_tile *t, vec *sum, int pixels, bool whole,
                       vpart part) {
  UNROLL for (int i = 0; i < pixels; i++) v_pin(sum[i]);
  if (t->residual) {
    UNROLL for (int i = 0; i < pixels; i++) {
      const float *residual = t->residual + i * d->residual_w;
      sum[i] = v_add(sum[i], whole ? v_load(residual) : v_load_part(residual, part));
    }
  }
  UNROLL for (int i = 0; i < pixels; i++) {
    const vec value = v_clip(sum[i], d->low, d->high);
    if (whole) v_store(t->y + i * d->output_w, value);
    else v_store_part(t->y + i * d->output_w, part, value);
  }
}

// One tile of `pixels` pixels with K x K taps and stride S, all known to the compiler.
V void depthwise_unrolled(const depthwise *d, const depthwise_tile *t, int pixels, int k, int s, bool whole,
                          vpart part) {
  vec sum[8];
  const vec bias = t->bias ? v_load(t->bias) : v_zero();
  UNROLL for (int i = 0; i < pixels; i++) sum[i] = bias;
  UNROLL for (int ky = 0; ky < k; ky++) {
    vec w[5];
    UNROLL for (int kx = 0; kx < k; kx++) w[kx] = v_load(t->w + (ky * k + kx) * d->panel);
    const float *x = t->x + ky * d->tap_h;
    UNROLL for (int column = 0; column < s * (pixels - 1) + k; column++, x += d->tap_w) {
      const vec value = whole ? v_load(x) : v_load_part(x, part);
      UNROLL for (int kx = 0; kx < k; kx++)
        if (column >= kx && (column - kx) % s == 0 && (column - kx) / s < pixels)
          sum[(column - kx) / s] = v_fma(value, w[kx], sum[(column - kx) / s]);
    }
  }
  depthwise_store(d, t, sum, pixels, whole, part);
}

// One tile of `pixels` pixels with any taps and strides.
V void depthwise_looped(const depthwise *d, const depthwise_tile *t, int pixels, bool whole, vpart part) {
  vec sum[8];
  const vec bias = t->bias ? v_load(t->bias) : v_zero();
  UNROLL for (int i = 0; i < pixels; i++) sum[i] = bias;
  for (int64_t ky = 0; ky < d->kernel_h; ky++)
    for (int64_t kx = 0; kx < d->kernel_w; kx++) {
      const vec w = v_load(t->w + (ky * d->kernel_w + kx) * d->panel);
      const float *x = t->x + ky * d->tap_h + kx * d->tap_w;
      UNROLL for (int i = 0; i < pixels; i++, x += d->input_w)
        sum[i] = v_fma(whole ? v_load(x) : v_load_part(x, part), w, sum[i]);
    }
  depthwise_store(d, t, sum, pixels, whole, part);
}

// Runs a tile for every vector of channels, the last one in part.
typedef void (*depthwise_kernel)(const depthwise *d, const depthwise_tile *start, int64_t channels);

V void depthwise_advance(depthwise_tile *t) {
  t->x += VL;
  t->w += VL;
  t->y += VL;
  if (t->bias) t->bias += VL;
  if (t->residual) t->residual += VL;
}

#define TILE(name, pixels, call)                                                                       \
  static void name##_##pixels(const depthwise *d, const depthwise_tile *start, int64_t channels) {     \
    depthwise_tile t = *start;                                                                         \
    for (; channels >= VL; channels -= VL, depthwise_advance(&t)) call(pixels, true, v_part(0));       \
    if (channels > 0) call(pixels, false, v_part(channels));                                           \
  }
#define TILES(name, call)                                                                              \
  TILE(name, 8, call) TILE(name, 4, call) TILE(name, 2, call) TILE(name, 1, call)                      \
  static const depthwise_kernel name##_tiles[4] = {name##_8, name##_4, name##_2, name##_1};
#define CALL_3S1(pixels, whole, part) depthwise_unrolled(d, &t, pixels, 3, 1, whole, part)
#define CALL_3S2(pixels, whole, part) depthwise_unrolled(d, &t, pixels, 3, 2, whole, part)
#define CALL_5S1(pixels, whole, part) depthwise_unrolled(d, &t, pixels, 5, 1, whole, part)
#define CALL_5S2(pixels, whole, part) depthwise_unrolled(d, &t, pixels, 5, 2, whole, part)
#define CALL_ANY(pixels, whole, part) depthwise_looped(d, &t, pixels, whole, part)
TILES(k3s1, CALL_3S1)
TILES(k3s2, CALL_3S2)
TILES(k5s1, CALL_5S1)
TILES(k5s2, CALL_5S2)
TILES(any, CALL_ANY)
#undef TILE
#undef TILES

// The kernels for 8, 4, 2 and 1 pixels.
static const depthwise_kernel *tiles_for(const espalier_conv_depthwise_f32_parameters *p) {
  if (p->kernel_h != p->kernel_w) return any_tiles;
  const bool one = p->input_stride_w == p->tap_stride_w;
  const bool two = p->input_stride_w == (int64_t)2 * p->tap_stride_w;
  if (p->kernel_h == 3) return one ? k3s1_tiles : two ? k3s2_tiles : any_tiles;
  if (p->kernel_h == 5) return one ? k5s1_tiles : two ? k5s2_tiles : any_tiles;
  return any_tiles;
}

static depthwise depthwise_of(const espalier_conv_depthwise_f32_parameters *p) {
  const float infinity = __builtin_inff();
  const bool clips = p->function == espalier_function_clip, rises = p->function == espalier_function_relu;
  return (depthwise){
      .kernel_h = p->kernel_h,
      .kernel_w = p->kernel_w,
      .panel = espalier_padded_channels(p->channels),
      .tap_h = p->tap_stride_h,
      .tap_w = p->tap_stride_w,
      .input_w = p->input_stride_w,
      .output_w = p->output_stride_w,
      .residual_w = p->residual_stride_w,
      .function = p->function,
      .alpha = p->alpha,
      .beta = p->beta,
      .low = v_set(clips ? p->alpha : rises ? 0 : -infinity),
      .high = v_set(clips ? p->beta : infinity),
  };
}

// Applies a function that is no clamp to pixels just written.
static void depthwise_finish(const depthwise *d, float *y, int64_t pixels, int64_t channels) {
  const vec alpha = v_set(d->alpha), beta = v_set(d->beta);
  const int64_t whole = channels / VL * VL;
  const vpart part = v_part(channels - whole);
  for (int64_t i = 0; i < pixels; i++, y += d->output_w) {
    for (int64_t c = 0; c < whole; c += VL)
      v_store(y + c, v_epilogue(d->function, v_load(y + c), alpha, beta));
    if (whole == channels) continue;
    v_store_part(y + whole, part, v_epilogue(d->function, v_load_part(y + whole, part), alpha, beta));
  }
}

// One output row: pixels outside, channels inside, so that memory is read as it lies.
static void depthwise_row(const depthwise *d, const depthwise_kernel *tiles, depthwise_tile *at,
                          int64_t width, int64_t channels) {
  int size = 0;  // tiles of 8 >> size pixels
  for (int64_t left = width; left > 0; left -= 8 >> size) {
    while (left < 8 >> size) size++;
    tiles[size](d, at, channels);
    if (d->function > espalier_function_clip) depthwise_finish(d, at->y, 8 >> size, channels);
    at->x += (8 >> size) * d->input_w;
    at->y += (8 >> size) * d->output_w;
    if (at->residual) at->residual += (8 >> size) * d->residual_w;
  }
}

static void depthwise_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_conv_depthwise_f32_parameters *p = call->parameters;
  const depthwise d = depthwise_of(p);
  const depthwise_kernel *tiles = tiles_for(p);
  const float *x = call->operands[0], *residual = call->operands[3];
  float *y = call->operands[4];
  const int64_t rows = espalier_conv_depthwise_f32_rows(p), all = (int64_t)p->batch * p->height;
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->height, h = row % p->height;
    depthwise_tile start = {
        x + n * p->input_stride_n + h * p->input_stride_h, call->operands[1], call->operands[2],
        residual ? residual + n * p->residual_stride_n + h * p->residual_stride_h : NULL,
        y + n * p->output_stride_n + h * p->output_stride_h};
    depthwise_row(&d, tiles, &start, p->width, p->channels);
  }
}
