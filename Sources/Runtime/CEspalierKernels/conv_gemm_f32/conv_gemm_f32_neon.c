// y = f(sum_k x[pixel][runs[k / run_length] + k % run_length] w[k][channel] + bias + residual), NEON.
//
// Tile: 5 pixels x 16 channels (20 accumulators, 5 registers of 4 inputs each, weights in the rest of the
// 32). Reads `run_length` floats per run and pixel and whole panels; writes exactly `output_channels` floats
// per pixel and group. The caller guarantees what the checker has proved.
#if defined(__aarch64__)
#include "conv_gemm_f32.h"

#include "../common/register_tile_neon.h"
#include "../common/vector_neon.h"
#include "../include/espalier_kernels.h"

#include "../common/function_vector.h"

enum { ROWS = REGISTER_ROWS, VECTORS = ESPALIER_PANEL / VL };

// A panel's share of the operands, for one tile of pixels.
typedef struct tile_place {
  const conv_gemm *p;
  const int32_t *runs;
  const float *const *input;     // per pixel
  float *const *output;
  const float *const *residual;  // NULL where there is none
  ptrdiff_t input_offset;        // of the group
  ptrdiff_t channel;             // of output and residual
  int32_t channels;              // valid ones of the panel
  const float *panel, *bias;     // bias may be NULL
} tile_place;

// Adds the residual, applies the function and stores one vector of a pixel.
V void store_vector(const tile_place *place, int r, int v, vec sum) {
  const int64_t left = place->channels - v * VL;
  const ptrdiff_t channel = place->channel + v * VL;
  if (left <= 0) return;
  const vpart part = v_part(left);
  if (place->residual) sum = v_add(sum, v_load_part(place->residual[r] + channel, part));
  const conv_gemm *p = place->p;
  if (p->function == espalier_function_relu) sum = v_max(v_zero(), sum);
  else if (p->function == espalier_function_clip) sum = v_clip(sum, v_set(p->alpha), v_set(p->beta));
  else if (p->function) sum = v_epilogue_call(p->function, sum, v_set(p->alpha), v_set(p->beta));
  v_store_part(place->output[r] + channel, part, sum);
}

V void tile(const tile_place *place, const int rows) {
  const float *x[ROWS];
  vec sum[ROWS][VECTORS];
  UNROLLED for (int r = 0; r < rows; r++) x[r] = place->input[r] + place->input_offset;
  UNROLLED for (int v = 0; v < VECTORS; v++) {
    const vec bias = place->bias ? v_load(place->bias + v * VL) : v_zero();
    UNROLLED for (int r = 0; r < rows; r++) sum[r][v] = bias;
  }
  const float *w = place->panel;
  for (int32_t run = 0; run < place->p->run_count; run++) {
    const ptrdiff_t start = place->runs[run];
    w = add_products_neon(x, start, start + place->p->run_length, w, rows, sum);
  }
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int v = 0; v < VECTORS; v++) store_vector(place, r, v, sum[r][v]);
}

static void run_tile(const tile_place *place, uint32_t rows) {
  switch (rows) {
    case 1: tile(place, 1); break;
    case 2: tile(place, 2); break;
    case 3: tile(place, 3); break;
    case 4: tile(place, 4); break;
    case 5: tile(place, 5); break;
    default: break;
  }
}

// One panel for all pixels of an item, in tiles of nearly equal height.
static void run_panel(tile_place place, const conv_gemm_pixels *pixels, uint32_t count) {
  const uint32_t tiles = parts_of(count, ROWS);
  for (uint32_t i = 0; i < tiles; i++) {
    const uint32_t start = start_of_part(count, tiles, i);
    place.input = pixels->input + start;
    place.output = pixels->output + start;
    if (place.residual) place.residual = pixels->residual + start;
    run_tile(&place, start_of_part(count, tiles, i + 1) - start);
  }
}

void espalier_conv_gemm_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const conv_gemm *p = call->parameters;
  const float *bias = call->operands[3];
  const size_t panel_size = (size_t)p->run_count * (size_t)p->run_length * ESPALIER_PANEL;
  const pixel_panel_blocks blocks = conv_gemm_cut(p);
  conv_gemm_pixels pixels;
  uint32_t located = UINT32_MAX;
  for (uint32_t index = first; index < end; index++) {
    const pixel_panel_item item = pixel_panel_item_at(&blocks, index);
    if (item.first_pixel != located) conv_gemm_locate(call, item.first_pixel, item.pixels, &pixels);
    located = item.first_pixel;
    for (uint32_t panel = item.first_panel; panel < item.first_panel + item.panels; panel++) {
      const size_t stored = (size_t)item.group * blocks.panels + panel;
      const int32_t channel = (int32_t)panel * ESPALIER_PANEL, left = p->output_channels - channel;
      const tile_place place = {
          p, call->operands[1], NULL, NULL, call->operands[4] ? pixels.residual : NULL,
          (ptrdiff_t)item.group * p->input_group, (ptrdiff_t)item.group * p->output_channels + channel,
          left < ESPALIER_PANEL ? left : ESPALIER_PANEL,
          (const float *)call->operands[2] + stored * panel_size,
          bias ? bias + stored * ESPALIER_PANEL : NULL};
      run_panel(place, &pixels, item.pixels);
    }
  }
}

#endif
