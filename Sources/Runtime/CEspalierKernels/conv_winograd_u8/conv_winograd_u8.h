// What conv_winograd_u8's checker and all its instruction sets share: blocks, scratch and addresses.
//
// Beside V and Y of winograd_items.h a thread keeps U[point][panel][pair of input channels][16][2], the weights of an
// item's panels transformed. They are transformed when a thread begins with these panels and shared by the items
// that follow with the same: that takes less time than to fetch weights 8 times as large from the outer caches.
#ifndef ESPALIER_CONV_WINOGRAD_U8_H
#define ESPALIER_CONV_WINOGRAD_U8_H

#include "../common/byte_epilogue.h"
#include "../common/winograd_items.h"
#include "../include/espalier_kernels.h"

enum { WINOGRAD_TILE_LIMIT = 4, WINOGRAD_TAPS = 9 };

#define EACH(i, count) _Pragma("clang loop unroll(full)") for (int i = 0; i < (count); i++)

typedef espalier_conv_winograd_u8_parameters winograd_u8;

typedef struct winograd_u8_blocks {
  winograd_extents extents;
  winograd_blocks cut;
  uint32_t pairs;         // of input channels, an even number
  uint64_t panel;         // bytes of a panel's weights
  uint64_t weight_plane;  // 16-bit elements from one plane of U to the next
} winograd_u8_blocks;

static inline winograd_u8_blocks winograd_u8_cut(const winograd_u8 *p) {
  winograd_u8_blocks b = {
      .extents = {p->batch, p->height, p->width, p->height + 2, p->width + 2, p->input_channels,
                  p->output_channels, p->tile, p->tiles_per_item, p->panels_per_item}};
  b.cut = winograd_cut_of(&b.extents, sizeof(int16_t));
  b.pairs = ((uint32_t)p->input_channels + 3) / 4 * 2;
  b.panel = (uint64_t)b.pairs * 2 * WINOGRAD_PANEL * WINOGRAD_TAPS;
  // An odd number of cache lines, as for V and Y.
  b.weight_plane = ((uint64_t)b.cut.panels_per_item * b.pairs | 1) * 32;
  return b;
}

// Bytes of scratch: V and U of 16 bits, Y of 32.
static inline uint64_t winograd_u8_scratch(const winograd_u8_blocks *b) {
  return b->cut.points * (b->cut.input_plane * 2 + b->weight_plane * 2 + b->cut.output_plane * 4);
}

// One tile's pixels of output and residual, column by column.
typedef struct winograd_u8_tile {
  winograd_place at;
  uint8_t *output[WINOGRAD_TILE_LIMIT * WINOGRAD_TILE_LIMIT];          // floats where the output is float32
  const uint8_t *residual[WINOGRAD_TILE_LIMIT * WINOGRAD_TILE_LIMIT];  // not set where there is none
} winograd_u8_tile;

static inline const uint8_t *winograd_u8_input(
    const espalier_call *call, const winograd_u8_blocks *b, uint32_t index, winograd_place *at) {
  const winograd_u8 *p = call->parameters;
  *at = winograd_place_of(&b->extents, &b->cut, index);
  return (const uint8_t *)call->operands[0] + at->n * p->input_stride_n + at->y * p->input_stride_h +
         at->x * p->input_stride_w;
}

// Sets the addresses of the output pixels that exist.
static inline void winograd_u8_locate(
    const espalier_call *call, const winograd_u8_blocks *b, uint32_t index, winograd_u8_tile *tile) {
  const winograd_u8 *p = call->parameters;
  const winograd_place at = winograd_place_of(&b->extents, &b->cut, index);
  const ptrdiff_t size = p->output_is_float ? 4 : 1;
  const uint8_t *residual = call->operands[4];
  tile->at = at;
  for (ptrdiff_t j = 0; j < at.output_columns; j++)
    for (ptrdiff_t i = 0; i < at.output_rows; i++) {
      const ptrdiff_t y = at.y + i, x = at.x + j;
      tile->output[j * p->tile + i] =
          (uint8_t *)call->operands[5] +
          (at.n * p->output_stride_n + y * p->output_stride_h + x * p->output_stride_w) * size;
      if (residual)
        tile->residual[j * p->tile + i] =
            residual + at.n * p->residual_stride_n + y * p->residual_stride_h + x * p->residual_stride_w;
    }
}

// The epilogue of the channels from panel `panel` on.
static inline byte_epilogue winograd_u8_epilogue(const espalier_call *call, uint32_t panel) {
  const winograd_u8 *p = call->parameters;
  return (byte_epilogue){
      (const float *)call->operands[2] + (size_t)panel * 2 * WINOGRAD_PANEL, call->operands[3], p->residual_scale,
      p->low, p->high, p->output_is_float != 0};
}

#if defined(__aarch64__)
// Items [first, end) by the products of conv_gemm_u8.
void espalier_conv_winograd_u8_direct_neon_dotprod(const espalier_call *call, uint32_t first, uint32_t end);
void espalier_conv_winograd_u8_direct_neon_i8mm(const espalier_call *call, uint32_t first, uint32_t end);
#endif

#endif
