// How conv_gemm_f32 cuts its work: what its checker and all its instruction sets share.
//
// One work item is up to 24 output pixels by up to 4 panels of 16 output channels of one group. Pixels and
// panels are cut into blocks of nearly equal size, so that no item is a small rest, and in the same way for
// every instruction set, so that the number of items is known when a pack is loaded.
#ifndef ESPALIER_CONV_GEMM_F32_H
#define ESPALIER_CONV_GEMM_F32_H

#include "../include/espalier_call.h"
#include "../include/espalier_parameters.h"

enum { CONV_GEMM_PIXELS = 24, CONV_GEMM_PANELS = 4, CONV_GEMM_PANEL = 16 };

typedef espalier_conv_gemm_f32_parameters conv_gemm;

// The blocks of a call. All counts fit 32 bits once the checker has passed.
typedef struct conv_gemm_blocks {
  uint32_t pixels, panels;              // in the call; panels of one group
  uint32_t pixel_blocks, panel_blocks;
} conv_gemm_blocks;

typedef struct conv_gemm_item {
  uint32_t group;
  uint32_t first_pixel, pixels;
  uint32_t first_panel, panels;
} conv_gemm_item;

// The addresses of an item's pixels: first channel of the first group.
typedef struct conv_gemm_pixels {
  const float *input[CONV_GEMM_PIXELS];
  float *output[CONV_GEMM_PIXELS];
  const float *residual[CONV_GEMM_PIXELS];  // not set where there is no residual
} conv_gemm_pixels;

static inline uint32_t blocks_of(uint32_t count, uint32_t limit) { return (count + limit - 1) / limit; }

// Where part `index` of `parts` nearly equal parts of `count` starts.
static inline uint32_t part_start(uint32_t count, uint32_t parts, uint32_t index) {
  return (uint32_t)((uint64_t)count * index / parts);
}

static inline conv_gemm_blocks conv_gemm_cut(const conv_gemm *p) {
  conv_gemm_blocks blocks;
  blocks.pixels = (uint32_t)p->batch * (uint32_t)p->height * (uint32_t)p->width;
  blocks.panels = blocks_of((uint32_t)p->output_channels, CONV_GEMM_PANEL);
  blocks.pixel_blocks = blocks_of(blocks.pixels, CONV_GEMM_PIXELS);
  blocks.panel_blocks = blocks_of(blocks.panels, CONV_GEMM_PANELS);
  // 3 items would take two threads as long as 4, and 9 as long as 10; of more, one does not matter.
  const uint64_t items = (uint64_t)blocks.pixel_blocks * blocks.panel_blocks * (uint32_t)p->groups;
  if (items > 1 && items < 16 && items % 2) {
    if (blocks.pixel_blocks > 1)
      blocks.pixel_blocks++;
    else if (blocks.panel_blocks > 1)
      blocks.panel_blocks++;
  }
  return blocks;
}

static inline conv_gemm_item conv_gemm_item_at(
    const conv_gemm *p, const conv_gemm_blocks *blocks, uint32_t index) {
  const uint32_t per_group = blocks->pixel_blocks * blocks->panel_blocks;
  const uint32_t rest = index % per_group;
  const uint32_t pixel_block = p->panels_inner ? rest / blocks->panel_blocks : rest % blocks->pixel_blocks;
  const uint32_t panel_block = p->panels_inner ? rest % blocks->panel_blocks : rest / blocks->pixel_blocks;
  conv_gemm_item item;
  item.group = index / per_group;
  item.first_pixel = part_start(blocks->pixels, blocks->pixel_blocks, pixel_block);
  item.pixels = part_start(blocks->pixels, blocks->pixel_blocks, pixel_block + 1) - item.first_pixel;
  item.first_panel = part_start(blocks->panels, blocks->panel_blocks, panel_block);
  item.panels = part_start(blocks->panels, blocks->panel_blocks, panel_block + 1) - item.first_panel;
  return item;
}

// Finds the addresses of pixels [first, first + count).
static inline void conv_gemm_locate(
    const espalier_call *call, uint32_t first, uint32_t count, conv_gemm_pixels *pixels) {
  const conv_gemm *p = call->parameters;
  const float *input = call->operands[0], *residual = call->operands[4];
  float *output = call->operands[5];
  const uint32_t width = (uint32_t)p->width, height = (uint32_t)p->height;
  uint32_t row = first / width, x = first % width;
  for (uint32_t i = 0; i < count; row++, x = 0) {
    const ptrdiff_t n = row / height, y = row % height;
    const float *in = input + n * p->input_stride_n + y * p->input_stride_h;
    float *out = output + n * p->output_stride_n + y * p->output_stride_h;
    const float *rest = residual;
    if (residual) rest += n * p->residual_stride_n + y * p->residual_stride_h;
    for (; x < width && i < count; x++, i++) {
      pixels->input[i] = in + (ptrdiff_t)x * p->input_stride_w;
      pixels->output[i] = out + (ptrdiff_t)x * p->output_stride_w;
      if (residual) pixels->residual[i] = rest + (ptrdiff_t)x * p->residual_stride_w;
    }
  }
}

#endif
