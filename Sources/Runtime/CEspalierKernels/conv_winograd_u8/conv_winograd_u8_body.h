// Winograd's convolution of bytes on vectors of any width: included once per instruction set, which defines before
//   words, WORDS             a vector of 16-bit numbers and their count
//   widened, widened_part    WORDS bytes, or the first 0 ... WORDS of them, as words
//   weight_words             WORDS weights of half a quad, [16][4] of a tap, in the order that multiply_planes takes
//   words_add, words_subtract, words_shifted, words_store
//   sums, SUMS               a vector of 32-bit numbers and their count; 16 is a multiple of it
//   sums_add, sums_subtract, sums_shifted (left), sums_over (right), sums_times, sums_load, sums_store
//   multiply_planes          Y = V U for all points of an item
//   store_block              the epilogue of 16 channels of a tile
//
// All is exact: numbers are integers and wrap modulo 2^16 and 2^32. F(4x4, 3x3) interpolates at 0, 1, -1, 2, -2, inf
// with G scaled by 24, rows 1 and 2 of G and of B' negated, the last row of G divided by 4 and the last column of A'
// multiplied by 4. F(2x2, 3x3) takes 0, 1, -1, inf with G scaled by 2.
//   1-D: y = A' ((G g) o (B' d)).
// With bytes d and signed bytes g both transforms stay inside 16 bits: |G g G'| <= 12 * 12 * 128 = 18432 and
// B' d B lies between 255 * -50 and 255 * 68 = 17340.
//
// Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, section 4.

// r = B' d
static inline __attribute__((always_inline)) void transform_input_line(const int tile, const words *d, words *r) {
  if (tile == 2) {
    r[0] = words_subtract(d[0], d[2]);
    r[1] = words_add(d[1], d[2]);
    r[2] = words_subtract(d[2], d[1]);
    r[3] = words_subtract(d[3], d[1]);
    return;
  }
  const words even = words_subtract(words_shifted(d[2], 2), d[4]);
  const words odd = words_subtract(words_shifted(d[1], 2), d[3]);
  const words outer = words_subtract(d[4], d[2]), inner = words_subtract(d[3], d[1]);
  const words twice = words_add(inner, inner);
  r[0] = words_add(words_shifted(words_subtract(d[0], d[2]), 2), outer);
  r[1] = words_add(even, odd);
  r[2] = words_subtract(even, odd);
  r[3] = words_add(outer, twice);
  r[4] = words_subtract(outer, twice);
  r[5] = words_subtract(words_subtract(d[5], d[3]), words_add(twice, twice));
}

// u = G g
static inline __attribute__((always_inline)) void transform_weight_line(const int tile, const words *g, words *u) {
  const words ends = words_add(g[0], g[2]);
  if (tile == 2) {
    u[0] = words_add(g[0], g[0]);
    u[1] = words_add(ends, g[1]);
    u[2] = words_subtract(ends, g[1]);
    u[3] = words_add(g[2], g[2]);
    return;
  }
  const words far = words_add(g[0], words_shifted(g[2], 2)), twice = words_add(g[1], g[1]);
  u[0] = words_add(words_shifted(g[0], 2), words_add(g[0], g[0]));
  u[1] = words_shifted(words_add(ends, g[1]), 2);
  u[2] = words_shifted(words_subtract(ends, g[1]), 2);
  u[3] = words_add(far, twice);
  u[4] = words_subtract(far, twice);
  u[5] = words_add(words_shifted(g[2], 2), words_add(g[2], g[2]));
}

// y = A' m
static inline __attribute__((always_inline)) void transform_output_line(const int tile, const sums *m, sums *y) {
  const sums even = sums_add(m[1], m[2]), odd = sums_subtract(m[1], m[2]);
  if (tile == 2) {
    y[0] = sums_add(m[0], even);
    y[1] = sums_add(odd, m[3]);
    return;
  }
  const sums far_even = sums_add(m[3], m[4]), far_odd = sums_subtract(m[3], m[4]);
  y[0] = sums_add(m[0], sums_add(even, far_even));
  y[1] = sums_add(odd, sums_shifted(far_odd, 1));
  y[2] = sums_add(even, sums_shifted(far_even, 2));
  y[3] = sums_add(odd, sums_shifted(sums_add(m[5], sums_add(far_odd, far_odd)), 2));
}

// The sum that the scaled transforms made 4 or 576 = 64 * 9 times as large.
static inline __attribute__((always_inline)) sums unscaled(const int tile, sums y) {
  const int32_t inverse_of_nine = 0x38E38E39;  // modulo 2^32
  return tile == 2 ? sums_over(y, 2) : sums_over(sums_times(y, inverse_of_nine), 6);
}

// Transforms WORDS channels of a tile into the planes from `v` on. `whole`: all of tile and channels exist.
static inline __attribute__((always_inline)) void transform_input(
    const int tile, const bool whole, const winograd_u8 *p, const winograd_place *at, const uint8_t *input,
    int32_t channels, uint64_t plane, int16_t *v) {
  words columns[6][6];  // [column][row]
  EACH(j, tile + 2) {
    words d[6];
    EACH(i, tile + 2) {
      const uint8_t *x = input + (ptrdiff_t)i * p->input_stride_h + (ptrdiff_t)j * p->input_stride_w;
      if (whole) d[i] = widened(x);
      else d[i] = i < at->input_rows && j < at->input_columns ? widened_part(x, channels) : words_zero();
    }
    transform_input_line(tile, d, columns[j]);
  }
  EACH(i, tile + 2) {
    words d[6], r[6];
    EACH(j, tile + 2) d[j] = columns[j][i];
    transform_input_line(tile, d, r);
    EACH(j, tile + 2) words_store(v + (uint64_t)(i * (tile + 2) + j) * plane, r[j]);
  }
}

static inline __attribute__((always_inline)) void transform_inputs(
    const int tile, const espalier_call *call, const winograd_u8_blocks *b, const winograd_item *item, int16_t *v) {
  const winograd_u8 *p = call->parameters;
  for (uint32_t t = 0; t < item->tiles; t++, v += b->cut.row) {
    winograd_place at;
    const uint8_t *input = winograd_u8_input(call, b, item->first_tile + t, &at);
    const bool whole = at.input_rows == tile + 2 && at.input_columns == tile + 2;
    const int32_t channels = (int32_t)b->pairs * 2;
    for (int32_t c = 0; c < channels; c += WORDS) {
      const int32_t left = channels - c;
      if (whole && left >= WORDS)
        transform_input(tile, true, p, &at, input + c, WORDS, b->cut.input_plane, v + c);
      else
        transform_input(
            tile, false, p, &at, input + c, left < WORDS ? left : WORDS, b->cut.input_plane, v + c);
    }
  }
}

// Transforms WORDS weights from number `part` on of half a quad of a panel; `w` is its first tap, taps lie `tap` bytes
// apart.
static inline __attribute__((always_inline)) void transform_weight(
    const int tile, const int8_t *w, size_t tap, const int half, const int part, uint64_t plane, int16_t *u) {
  words columns[3][6];  // [column][row]
  EACH(j, 3) {
    words g[3];
    EACH(i, 3) g[i] = weight_words(w + (size_t)(i * 3 + j) * tap, half, part);
    transform_weight_line(tile, g, columns[j]);
  }
  EACH(i, tile + 2) {
    words g[3], r[6];
    EACH(j, 3) g[j] = columns[j][i];
    transform_weight_line(tile, g, r);
    EACH(j, tile + 2) words_store(u + (uint64_t)(i * (tile + 2) + j) * plane, r[j]);
  }
}

static inline __attribute__((always_inline)) void transform_weights(
    const int tile, const espalier_call *call, const winograd_u8_blocks *b, const winograd_item *item, int16_t *u) {
  const size_t tap = (size_t)b->pairs * 2 * WINOGRAD_PANEL;
  for (uint32_t panel = 0; panel < item->panels; panel++) {
    const int8_t *w = (const int8_t *)call->operands[1] + (item->first_panel + panel) * b->panel;
    for (uint32_t pair = 0; pair < b->pairs; pair += 2, w += 4 * WINOGRAD_PANEL, u += 4 * WINOGRAD_PANEL)
      EACH(i, 4 * WINOGRAD_PANEL / WORDS) {
        const int half = i * WORDS / (2 * WINOGRAD_PANEL), part = i * WORDS % (2 * WINOGRAD_PANEL);
        transform_weight(tile, w, tap, half, part, b->weight_plane, u + i * WORDS);
      }
  }
}

// The sums of SUMS channels of a tile, [column][row][16].
static inline __attribute__((always_inline)) void transform_output(
    const int tile, const int32_t *y, uint64_t plane, int32_t (*block)[WINOGRAD_PANEL]) {
  sums lines[6][4];  // [row of points][output column]
  EACH(i, tile + 2) {
    sums m[6];
    EACH(j, tile + 2) m[j] = sums_load(y + (uint64_t)(i * (tile + 2) + j) * plane);
    transform_output_line(tile, m, lines[i]);
  }
  EACH(j, tile) {
    sums m[6], results[4];
    EACH(i, tile + 2) m[i] = lines[i][j];
    transform_output_line(tile, m, results);
    EACH(i, tile) sums_store(block[j * tile + i], unscaled(tile, results[i]));
  }
}

static inline __attribute__((always_inline)) void transform_outputs(
    const int tile, const espalier_call *call, const winograd_u8_blocks *b, const winograd_item *item,
    const int32_t *y) {
  const winograd_u8 *p = call->parameters;
  winograd_u8_tile place;
  for (uint32_t t = 0; t < item->tiles; t++) {
    winograd_u8_locate(call, b, item->first_tile + t, &place);
    for (uint32_t panel = 0; panel < item->panels; panel++, y += WINOGRAD_PANEL) {
      _Alignas(64) int32_t block[WINOGRAD_TILE_LIMIT * WINOGRAD_TILE_LIMIT][WINOGRAD_PANEL];
      for (int c = 0; c < WINOGRAD_PANEL; c += SUMS)
        transform_output(tile, y + c, b->cut.output_plane, (int32_t(*)[WINOGRAD_PANEL])(block[0] + c));
      const uint32_t first = item->first_panel + panel;
      const byte_epilogue end = winograd_u8_epilogue(call, first);
      const int32_t channel = (int32_t)first * WINOGRAD_PANEL;
      store_block(tile, &end, &place, call->operands[4] != NULL, channel, p->output_channels - channel, block);
    }
  }
}

static inline __attribute__((always_inline)) void run_items(
    const int tile, const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const winograd_u8_blocks b = winograd_u8_cut(call->parameters);
  int16_t *v = scratch, *u = v + b.cut.points * b.cut.input_plane;
  int32_t *y = (int32_t *)(void *)(u + b.cut.points * b.weight_plane);
  uint32_t tiles = UINT32_MAX, panels = UINT32_MAX;
  for (uint32_t index = first; index < end; index++) {
    const winograd_item item = winograd_item_at(&b.cut, index);
    if (item.first_tile != tiles) transform_inputs(tile, call, &b, &item, v);
    if (item.first_panel != panels) transform_weights(tile, call, &b, &item, u);
    tiles = item.first_tile, panels = item.first_panel;
    multiply_planes(&b, &item, v, u, y);
    transform_outputs(tile, call, &b, &item, y);
  }
}

static void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const winograd_u8 *p = call->parameters;
  if (p->tile == 4) run_items(4, call, first, end, scratch);
  else run_items(2, call, first, end, scratch);
}
