// What conv_gemm_u8's checker and all its instruction sets share: items, addresses, the epilogue's numbers.
#ifndef ESPALIER_CONV_GEMM_U8_H
#define ESPALIER_CONV_GEMM_U8_H

#include <stdbool.h>

#include "../common/byte_epilogue.h"
#include "../common/pixel_panel_items.h"
#include "../include/espalier_kernels.h"

typedef espalier_conv_gemm_u8_parameters conv_gemm_u8;

static inline pixel_panel_blocks conv_gemm_u8_cut(const conv_gemm_u8 *p) {
  return cut_pixels_and_panels(
      (uint32_t)p->batch * (uint32_t)p->height * (uint32_t)p->width, (uint32_t)p->output_channels,
      (uint32_t)p->groups, p->panels_inner != 0, 2);
}

enum { CONV_GEMM_U8_PIXELS = 4 * ESPALIER_ITEM_PIXELS };

// The addresses of the pixels of up to four items: first channel of the first group.
typedef struct conv_gemm_u8_pixels {
  const uint8_t *input[CONV_GEMM_U8_PIXELS];
  uint8_t *output[CONV_GEMM_U8_PIXELS];          // floats where the output is float32
  const uint8_t *residual[CONV_GEMM_U8_PIXELS];  // not set where there is no residual
} conv_gemm_u8_pixels;

static inline void conv_gemm_u8_locate(
    const espalier_call *call, uint32_t first, uint32_t count, conv_gemm_u8_pixels *pixels) {
  const conv_gemm_u8 *p = call->parameters;
  const uint8_t *input = call->operands[0], *residual = call->operands[5];
  uint8_t *output = call->operands[6];
  const ptrdiff_t size = p->output_is_float ? 4 : 1;
  const uint32_t width = (uint32_t)p->width, height = (uint32_t)p->height;
  uint32_t row = first / width, x = first % width;
  for (uint32_t i = 0; i < count; row++, x = 0) {
    const ptrdiff_t n = row / height, y = row % height;
    const uint8_t *in = input + n * p->input_stride_n + y * p->input_stride_h;
    uint8_t *out = output + (n * p->output_stride_n + y * p->output_stride_h) * size;
    const uint8_t *rest = residual;
    if (residual) rest += n * p->residual_stride_n + y * p->residual_stride_h;
    for (; x < width && i < count; x++, i++) {
      pixels->input[i] = in + (ptrdiff_t)x * p->input_stride_w;
      pixels->output[i] = out + (ptrdiff_t)x * p->output_stride_w * size;
      if (residual) pixels->residual[i] = rest + (ptrdiff_t)x * p->residual_stride_w;
    }
  }
}

// A tile's share of the operands; `pixels` are those of one tile.
typedef struct conv_gemm_u8_place {
  const conv_gemm_u8 *p;
  const int32_t *runs;
  const uint8_t *const *input;
  uint8_t *const *output;
  const uint8_t *const *residual;  // NULL where there is none
  ptrdiff_t input_offset;          // of the group
  ptrdiff_t channel;               // of output and residual
  int32_t channels;                // valid ones of the tile
  const int8_t *panel;
  size_t panel_size;               // bytes
  byte_epilogue end;               // from the tile's first panel on
  const uint8_t *sums;             // espalier_byte_sums of each panel, or NULL
  const int8_t *ahead;             // two panels to fetch meanwhile, or NULL
} conv_gemm_u8_place;

// The place of a whole item.
static inline conv_gemm_u8_place conv_gemm_u8_place_of(
    const espalier_call *call, const pixel_panel_blocks *blocks, const pixel_panel_item *item,
    const conv_gemm_u8_pixels *pixels) {
  const conv_gemm_u8 *p = call->parameters;
  const size_t panel_size = (size_t)p->run_count * (size_t)p->run_length * ESPALIER_PANEL;
  const size_t stored = (size_t)item->group * blocks->panels + item->first_panel;
  const uint8_t *sums = call->operands[7];
  const int32_t first = (int32_t)item->first_panel * ESPALIER_PANEL;
  const int32_t whole = (int32_t)item->panels * ESPALIER_PANEL, left = p->output_channels - first;
  return (conv_gemm_u8_place){
      p, call->operands[1], pixels->input, pixels->output, call->operands[5] ? pixels->residual : NULL,
      (ptrdiff_t)item->group * p->input_group, (ptrdiff_t)item->group * p->output_channels + first,
      whole < left ? whole : left, (const int8_t *)call->operands[2] + stored * panel_size, panel_size,
      {(const float *)call->operands[3] + stored * 2 * ESPALIER_PANEL, call->operands[4], p->residual_scale, p->low,
       p->high, p->output_is_float != 0},
      sums ? sums + stored : NULL, NULL};
}

// The same place from pixel `start` on.
static inline conv_gemm_u8_place conv_gemm_u8_place_from(conv_gemm_u8_place place, uint32_t start) {
  place.input += start;
  place.output += start;
  if (place.residual) place.residual += start;
  return place;
}

// The panels of the next item, where they are likely to lie outside of the caches: panels of a new block, or of
// any block while this call sees them for the first time. Of a single pixel's panels nothing: they are all read
// in turn, which processors foresee.
static inline const int8_t *conv_gemm_u8_next_panels(
    const espalier_call *call, const pixel_panel_blocks *blocks, const pixel_panel_item *item, uint32_t first,
    uint32_t index, uint32_t end) {
  const conv_gemm_u8 *p = call->parameters;
  if (index + 1 >= end || blocks->pixels == 1) return NULL;
  if (blocks->panels_inner && index - first >= blocks->panel_blocks) return NULL;
  const pixel_panel_item next = pixel_panel_item_at(blocks, index + 1);
  if (next.first_panel == item->first_panel && next.group == item->group) return NULL;
  const size_t stored = (size_t)next.group * blocks->panels + next.first_panel;
  return (const int8_t *)call->operands[2] +
         stored * (size_t)p->run_count * (size_t)p->run_length * ESPALIER_PANEL;
}

// Calls `run(place, pixels, panels)` for tiles of at most `rows[panels]` pixels of every item.
typedef void (*conv_gemm_u8_tile)(const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels);

static inline void conv_gemm_u8_run(
    const espalier_call *call, uint32_t first, uint32_t end, const uint32_t *rows, conv_gemm_u8_tile run) {
  const pixel_panel_blocks blocks = conv_gemm_u8_cut(call->parameters);
  conv_gemm_u8_pixels pixels;
  uint32_t located = UINT32_MAX;
  for (uint32_t index = first; index < end; index++) {
    const pixel_panel_item item = pixel_panel_item_at(&blocks, index);
    if (item.first_pixel != located) conv_gemm_u8_locate(call, item.first_pixel, item.pixels, &pixels);
    located = item.first_pixel;
    const conv_gemm_u8_place whole = conv_gemm_u8_place_of(call, &blocks, &item, &pixels);
    const uint32_t parts = parts_of(item.pixels, rows[item.panels]);
    const int8_t *next = conv_gemm_u8_next_panels(call, &blocks, &item, first, index, end);
    for (uint32_t i = 0; i < parts; i++) {
      const uint32_t start = start_of_part(item.pixels, parts, i);
      conv_gemm_u8_place place = conv_gemm_u8_place_from(whole, start);
      if (next) place.ahead = next + 2 * i * whole.panel_size;
      run(&place, start_of_part(item.pixels, parts, i + 1) - start, item.panels);
    }
  }
}

#endif
