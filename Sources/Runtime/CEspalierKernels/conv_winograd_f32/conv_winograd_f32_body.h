// Winograd's convolution on vectors of any width: included once per instruction set, which defines before
//   vec, LANES            a vector and its number of floats
//   splat, add, subtract, multiply_add (a b + c), negative_multiply_add (c − a b), smallest, largest
//   load, store           of LANES floats
//   load_part, store_part of the first 1 ... LANES
//   multiply_planes       Y = V W for all points of an item
//   apply_function        the epilogue's functions on neighboring floats
//
// F(4x4, 3x3) interpolates at 0, ±√½, ±√2 and ∞: in float32 that is 3 to 4 times more accurate than
// the usual 0, ±1, ±2, ∞, for nearly the same operations. F(2x2, 3x3) takes 0, ±1, ∞.
//   1-D: y = Aᵀ ((G g) ∘ (Bᵀ d)); Bᵀ here, Aᵀ below, G where the weights are packed (ConvWinograd.swift).

static const float root_half = 0.707106781f, root_two = 1.41421356f;

// r = Bᵀ d
static inline __attribute__((always_inline)) void transform_input_line(
    const int tile, const vec *d, vec *r) {
  if (tile == 2) {
    r[0] = subtract(d[0], d[2]);
    r[1] = add(d[1], d[2]);
    r[2] = subtract(d[2], d[1]);
    r[3] = subtract(d[3], d[1]);
    return;
  }
  const vec half = splat(0.5f), two = splat(2), sum = splat(2.5f);
  const vec a = splat(root_half), b = splat(root_two);
  const vec even_a = negative_multiply_add(two, d[2], d[4]), odd_a = negative_multiply_add(two, d[1], d[3]);
  const vec even_b = negative_multiply_add(half, d[2], d[4]), odd_b = negative_multiply_add(half, d[1], d[3]);
  r[0] = negative_multiply_add(sum, d[2], add(d[0], d[4]));
  r[1] = multiply_add(a, odd_a, even_a);
  r[2] = negative_multiply_add(a, odd_a, even_a);
  r[3] = multiply_add(b, odd_b, even_b);
  r[4] = negative_multiply_add(b, odd_b, even_b);
  r[5] = negative_multiply_add(sum, d[3], add(d[1], d[5]));
}

// y = Aᵀ m
static inline __attribute__((always_inline)) void transform_output_line(
    const int tile, const vec *m, vec *y) {
  const vec even_a = add(m[1], m[2]), odd_a = subtract(m[1], m[2]);
  if (tile == 2) {
    y[0] = add(m[0], even_a);
    y[1] = add(odd_a, m[3]);
    return;
  }
  const vec even_b = add(m[3], m[4]), odd_b = subtract(m[3], m[4]);
  const vec a = splat(root_half), b = splat(root_two);
  y[0] = add(m[0], add(even_a, even_b));
  y[1] = multiply_add(a, odd_a, multiply(b, odd_b));
  y[2] = multiply_add(splat(0.5f), even_a, add(even_b, even_b));
  y[3] = multiply_add(splat(0.5f * root_half), odd_a, multiply_add(splat(2 * root_two), odd_b, m[5]));
}

// Transforms LANES channels of a tile into the planes from `v` on. `whole`: all of tile and lanes exist.
static inline __attribute__((always_inline)) void transform_input(
    const int tile, const bool whole, const conv_winograd *p, const winograd_tile *place, int32_t channel,
    int32_t lanes, uint64_t plane, float *v) {
  vec columns[6][6];  // [column][row]
  const float *x = place->input + channel;
  UNROLLED for (int j = 0; j < tile + 2; j++) {
    vec d[6];
    UNROLLED for (int i = 0; i < tile + 2; i++) {
      const float *at = x + (ptrdiff_t)i * p->input_stride_h + (ptrdiff_t)j * p->input_stride_w;
      if (whole)
        d[i] = load(at);
      else
        d[i] = i < place->input_rows && j < place->input_columns ? load_part(at, lanes) : splat(0);
    }
    transform_input_line(tile, d, columns[j]);
  }
  UNROLLED for (int i = 0; i < tile + 2; i++) {
    vec d[6], r[6];
    UNROLLED for (int j = 0; j < tile + 2; j++) d[j] = columns[j][i];
    transform_input_line(tile, d, r);
    UNROLLED for (int j = 0; j < tile + 2; j++) store(v + (uint64_t)(i * (tile + 2) + j) * plane, r[j]);
  }
}

static inline __attribute__((always_inline)) void transform_inputs(
    const int tile, const espalier_call *call, const winograd_blocks *blocks, const winograd_item *item,
    float *v) {
  const conv_winograd *p = call->parameters;
  for (uint32_t t = 0; t < item->tiles; t++, v += blocks->row) {
    const winograd_tile place = winograd_tile_at(call, blocks, item->first_tile + t);
    const bool whole = place.input_rows == tile + 2 && place.input_columns == tile + 2;
    for (int32_t c = 0; c < p->input_channels; c += LANES) {
      const int32_t left = p->input_channels - c;
      if (whole && left >= LANES)
        transform_input(tile, true, p, &place, c, LANES, blocks->input_plane, v + c);
      else
        transform_input(tile, false, p, &place, c, left < LANES ? left : LANES, blocks->input_plane, v + c);
    }
  }
}

// What the epilogue of an item needs.
typedef struct epilogue {
  float low, high;           // clamp; infinities where the function does not clamp
  bool needs_function;       // more than a clamp
} epilogue;

// Stores LANES channels of the output pixel (i, j) of a tile if it exists.
static inline __attribute__((always_inline)) void store_output(
    const bool whole, const conv_winograd *p, const winograd_tile *place, int i, int j, ptrdiff_t channel,
    int32_t lanes, vec result) {
  if (!whole && (i >= place->output_rows || j >= place->output_columns)) return;
  float *output =
      place->output + (ptrdiff_t)i * p->output_stride_h + (ptrdiff_t)j * p->output_stride_w + channel;
  if (whole)
    store(output, result);
  else
    store_part(output, lanes, result);
}

// Transforms LANES channels of a tile back and stores those that exist.
static inline __attribute__((always_inline)) void transform_output(
    const int tile, const bool whole, const conv_winograd *p, const winograd_tile *place, ptrdiff_t channel,
    int32_t lanes, const float *y, uint64_t plane, vec bias, const epilogue *end) {
  vec lines[6][4];  // [row of points][output column]
  UNROLLED for (int i = 0; i < tile + 2; i++) {
    vec m[6];
    UNROLLED for (int j = 0; j < tile + 2; j++) m[j] = load(y + (uint64_t)(i * (tile + 2) + j) * plane);
    transform_output_line(tile, m, lines[i]);
  }
  const vec low = splat(end->low), high = splat(end->high);
  float block[4 * 4 * LANES];  // [output column][row], where a function comes last
  UNROLLED for (int j = 0; j < tile; j++) {
    vec m[6], results[4];
    UNROLLED for (int i = 0; i < tile + 2; i++) m[i] = lines[i][j];
    transform_output_line(tile, m, results);
    UNROLLED for (int i = 0; i < tile; i++) {
      vec result = add(results[i], bias);
      if (place->residual && (whole || (i < place->output_rows && j < place->output_columns))) {
        const float *residual = place->residual + (ptrdiff_t)i * p->residual_stride_h +
                                (ptrdiff_t)j * p->residual_stride_w + channel;
        result = add(result, whole ? load(residual) : load_part(residual, lanes));
      }
      if (end->needs_function) {
        store(block + (j * tile + i) * LANES, result);
        continue;
      }
      result = smallest(high, largest(low, result));  // NaN stays NaN: it is the second operand
      store_output(whole, p, place, i, j, channel, lanes, result);
    }
  }
  if (!end->needs_function) return;
  apply_function(p->function, p->alpha, p->beta, block, (size_t)(tile * tile * LANES));
  UNROLLED for (int j = 0; j < tile; j++)
    UNROLLED for (int i = 0; i < tile; i++)
      store_output(whole, p, place, i, j, channel, lanes, load(block + (j * tile + i) * LANES));
}

static inline __attribute__((always_inline)) void transform_outputs(
    const int tile, const espalier_call *call, const winograd_blocks *blocks, const winograd_item *item,
    const float *y, const epilogue *end) {
  const conv_winograd *p = call->parameters;
  const float *bias = call->operands[2];
  const int32_t first = (int32_t)item->first_panel * WINOGRAD_PANEL;
  const int32_t width = (int32_t)item->panels * WINOGRAD_PANEL;
  const int32_t left = p->output_channels - first, channels = left < width ? left : width;
  for (uint32_t t = 0; t < item->tiles; t++, y += width) {
    const winograd_tile place = winograd_tile_at(call, blocks, item->first_tile + t);
    const bool whole = place.output_rows == tile && place.output_columns == tile;
    for (int32_t c = 0; c < channels; c += LANES) {
      const vec addend = bias ? load(bias + first + c) : splat(0);
      const int32_t lanes = channels - c < LANES ? channels - c : LANES;
      if (whole && lanes == LANES)
        transform_output(tile, true, p, &place, first + c, LANES, y + c, blocks->output_plane, addend, end);
      else
        transform_output(tile, false, p, &place, first + c, lanes, y + c, blocks->output_plane, addend, end);
    }
  }
}

static inline __attribute__((always_inline)) void run_items(
    const int tile, const espalier_call *call, uint32_t first, uint32_t end, float *scratch) {
  const conv_winograd *p = call->parameters;
  const winograd_blocks blocks = winograd_cut(p);
  float *v = scratch, *y = scratch + blocks.points * blocks.input_plane;
  epilogue last = {-INFINITY, INFINITY, p->function > espalier_function_clip};
  if (p->function == espalier_function_relu) last.low = 0;
  if (p->function == espalier_function_clip) last.low = p->alpha, last.high = p->beta;
  uint32_t transformed = UINT32_MAX;
  for (uint32_t index = first; index < end; index++) {
    const winograd_item item = winograd_item_at(&blocks, index);
    if (item.first_tile != transformed) transform_inputs(tile, call, &blocks, &item, v);
    transformed = item.first_tile;
    multiply_planes(call, &blocks, &item, v, y);
    transform_outputs(tile, call, &blocks, &item, y, &last);
  }
}
