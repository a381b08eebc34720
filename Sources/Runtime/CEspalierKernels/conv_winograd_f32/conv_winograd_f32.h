// How conv_winograd_f32 cuts its work: what its checker and all its instruction sets share.
//
// One work item is a block of tiles by a block of output panels. Its tiles are transformed into one plane of
// scratch per point, V[point][tile][input channel]; each plane is multiplied with that point's weights into
// Y[point][tile][output channel]; the outputs are transformed back from there. Items that follow one another
// with the same tiles share V.
#ifndef ESPALIER_CONV_WINOGRAD_F32_H
#define ESPALIER_CONV_WINOGRAD_F32_H

#include "../include/espalier_call.h"
#include "../include/espalier_parameters.h"

enum { WINOGRAD_PANEL = 16, WINOGRAD_POINTS_LIMIT = 36 };

typedef espalier_conv_winograd_f32_parameters conv_winograd;

// The blocks of a call. All counts fit 32 bits once the checker has passed.
typedef struct winograd_blocks {
  uint32_t tile_rows, tile_columns, tiles;  // of one image; in the call
  uint32_t panels;
  uint32_t tiles_per_item, panels_per_item;  // never more than there are
  uint32_t tile_blocks, panel_blocks;
  uint32_t points;
  uint64_t row;           // floats from one tile to the next in a plane of V
  uint64_t input_plane;   // floats from one plane of V to the next
  uint64_t output_plane;  // floats from one plane of Y to the next
} winograd_blocks;

typedef struct winograd_item {
  uint32_t first_tile, tiles;
  uint32_t first_panel, panels;
} winograd_item;

// One tile's corner in input, output and residual, and how much of it exists.
typedef struct winograd_tile {
  const float *input;
  float *output;
  const float *residual;         // NULL where there is none
  int32_t input_rows, input_columns;
  int32_t output_rows, output_columns;
} winograd_tile;

static inline uint32_t winograd_blocks_of(uint32_t count, uint32_t limit) {
  return (count + limit - 1) / limit;
}

// Where part `index` of `parts` nearly equal parts of `count` starts.
static inline uint32_t winograd_part(uint32_t count, uint32_t parts, uint32_t index) {
  return (uint32_t)((uint64_t)count * index / parts);
}

static inline winograd_blocks winograd_cut(const conv_winograd *p) {
  winograd_blocks b;
  const uint32_t edge = (uint32_t)p->tile;
  b.tile_rows = winograd_blocks_of((uint32_t)p->height, edge);
  b.tile_columns = winograd_blocks_of((uint32_t)p->width, edge);
  b.tiles = (uint32_t)p->batch * b.tile_rows * b.tile_columns;
  b.panels = winograd_blocks_of((uint32_t)p->output_channels, WINOGRAD_PANEL);
  b.tile_blocks = winograd_blocks_of(b.tiles, (uint32_t)p->tiles_per_item);
  b.panel_blocks = winograd_blocks_of(b.panels, (uint32_t)p->panels_per_item);
  b.tiles_per_item = winograd_blocks_of(b.tiles, b.tile_blocks);
  b.panels_per_item = winograd_blocks_of(b.panels, b.panel_blocks);
  b.points = (edge + 2) * (edge + 2);
  // An odd number of cache lines from plane to plane keeps the planes in different sets of the cache.
  b.row = (uint64_t)winograd_blocks_of((uint32_t)p->input_channels, 16) * 16;
  b.input_plane = (b.row / 16 * b.tiles_per_item | 1) * 16;
  b.output_plane = ((uint64_t)b.panels_per_item * b.tiles_per_item | 1) * 16;
  return b;
}

static inline winograd_item winograd_item_at(const winograd_blocks *b, uint32_t index) {
  const uint32_t tile_block = index / b->panel_blocks, panel_block = index % b->panel_blocks;
  winograd_item item;
  item.first_tile = winograd_part(b->tiles, b->tile_blocks, tile_block);
  item.tiles = winograd_part(b->tiles, b->tile_blocks, tile_block + 1) - item.first_tile;
  item.first_panel = winograd_part(b->panels, b->panel_blocks, panel_block);
  item.panels = winograd_part(b->panels, b->panel_blocks, panel_block + 1) - item.first_panel;
  return item;
}

static inline int32_t winograd_at_most(int32_t left, int32_t limit) {
  return left < 0 ? 0 : left < limit ? left : limit;
}

static inline winograd_tile winograd_tile_at(
    const espalier_call *call, const winograd_blocks *b, uint32_t index) {
  const conv_winograd *p = call->parameters;
  const ptrdiff_t n = index / (b->tile_rows * b->tile_columns);
  const int32_t y = (int32_t)(index / b->tile_columns % b->tile_rows) * p->tile;
  const int32_t x = (int32_t)(index % b->tile_columns) * p->tile;
  winograd_tile tile;
  tile.input_rows = winograd_at_most(p->input_height - y, p->tile + 2);
  tile.input_columns = winograd_at_most(p->input_width - x, p->tile + 2);
  tile.output_rows = winograd_at_most(p->height - y, p->tile);
  tile.output_columns = winograd_at_most(p->width - x, p->tile);
  tile.input = (const float *)call->operands[0] + n * p->input_stride_n +
               (ptrdiff_t)y * p->input_stride_h + (ptrdiff_t)x * p->input_stride_w;
  tile.output = (float *)call->operands[4] + n * p->output_stride_n + (ptrdiff_t)y * p->output_stride_h +
                (ptrdiff_t)x * p->output_stride_w;
  tile.residual = call->operands[3];
  if (tile.residual)
    tile.residual += n * p->residual_stride_n + (ptrdiff_t)y * p->residual_stride_h +
                     (ptrdiff_t)x * p->residual_stride_w;
  return tile;
}

#endif
