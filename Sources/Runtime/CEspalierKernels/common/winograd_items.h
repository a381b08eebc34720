// How a convolution by Winograd's algorithm is cut into work items, for float32 and for bytes.
//
// One work item is a block of tiles by a block of output panels. Its tiles are transformed into one plane of
// scratch per point, V[point][tile][input channel]; each plane is multiplied with that point's weights into
// Y[point][tile][output channel]; the outputs are transformed back from there. Items that follow one another
// with the same tiles share V.
#ifndef ESPALIER_COMMON_WINOGRAD_ITEMS_H
#define ESPALIER_COMMON_WINOGRAD_ITEMS_H

#include <stddef.h>
#include <stdint.h>

enum { WINOGRAD_PANEL = 16, WINOGRAD_POINTS_LIMIT = 36 };

// The extents of a call that decide on its blocks.
typedef struct winograd_extents {
  int32_t batch, height, width;       // output pixels
  int32_t input_height, input_width;
  int32_t input_channels, output_channels;
  int32_t tile;                       // output pixels along a tile's edge
  int32_t tiles_per_item, panels_per_item;
} winograd_extents;

// The blocks of a call. All counts fit 32 bits once the checker has passed.
typedef struct winograd_blocks {
  uint32_t tile_rows, tile_columns, tiles;  // of one image; in the call
  uint32_t panels;
  uint32_t tiles_per_item, panels_per_item;  // never more than there are
  uint32_t tile_blocks, panel_blocks;
  uint32_t points;
  uint64_t row;           // elements from one tile to the next in a plane of V
  uint64_t input_plane;   // elements from one plane of V to the next
  uint64_t output_plane;  // 4-byte elements from one plane of Y to the next
} winograd_blocks;

typedef struct winograd_item {
  uint32_t first_tile, tiles;
  uint32_t first_panel, panels;
} winograd_item;

// Where a tile begins, and how much of it exists.
typedef struct winograd_place {
  ptrdiff_t n, y, x;
  int32_t input_rows, input_columns;
  int32_t output_rows, output_columns;
} winograd_place;

static inline uint32_t winograd_blocks_of(uint32_t count, uint32_t limit) {
  return (count + limit - 1) / limit;
}

// Where part `index` of `parts` nearly equal parts of `count` starts.
static inline uint32_t winograd_part(uint32_t count, uint32_t parts, uint32_t index) {
  return (uint32_t)((uint64_t)count * index / parts);
}

// - element: Bytes of an element of V.
static inline winograd_blocks winograd_cut_of(const winograd_extents *e, uint32_t element) {
  winograd_blocks b;
  const uint32_t edge = (uint32_t)e->tile, line = 64 / element;
  b.tile_rows = winograd_blocks_of((uint32_t)e->height, edge);
  b.tile_columns = winograd_blocks_of((uint32_t)e->width, edge);
  b.tiles = (uint32_t)e->batch * b.tile_rows * b.tile_columns;
  b.panels = winograd_blocks_of((uint32_t)e->output_channels, WINOGRAD_PANEL);
  b.tile_blocks = winograd_blocks_of(b.tiles, (uint32_t)e->tiles_per_item);
  b.panel_blocks = winograd_blocks_of(b.panels, (uint32_t)e->panels_per_item);
  b.tiles_per_item = winograd_blocks_of(b.tiles, b.tile_blocks);
  b.panels_per_item = winograd_blocks_of(b.panels, b.panel_blocks);
  b.points = (edge + 2) * (edge + 2);
  // An odd number of cache lines from plane to plane keeps the planes in different sets of the cache.
  b.row = (uint64_t)winograd_blocks_of((uint32_t)e->input_channels, line) * line;
  b.input_plane = (b.row / line * b.tiles_per_item | 1) * line;
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

// Useful multiply-adds of the largest item of a call that has `all`.
static inline uint64_t winograd_largest_item(
    const winograd_blocks *b, int32_t tile, int32_t input_channels, int32_t output_channels, uint64_t all) {
  const uint64_t pixels = (uint64_t)b->tiles_per_item * (uint64_t)tile * (uint64_t)tile;
  uint64_t channels = (uint64_t)b->panels_per_item * WINOGRAD_PANEL;
  if (channels > (uint64_t)output_channels) channels = (uint64_t)output_channels;
  const double largest = 9.0 * (double)pixels * (double)channels * (double)input_channels;
  return largest < (double)all ? (uint64_t)largest : all;
}

static inline int32_t winograd_at_most(int32_t left, int32_t limit) {
  return left < 0 ? 0 : left < limit ? left : limit;
}

static inline winograd_place winograd_place_of(
    const winograd_extents *e, const winograd_blocks *b, uint32_t index) {
  const int32_t y = (int32_t)(index / b->tile_columns % b->tile_rows) * e->tile;
  const int32_t x = (int32_t)(index % b->tile_columns) * e->tile;
  return (winograd_place){
      index / (b->tile_rows * b->tile_columns), y, x,
      winograd_at_most(e->input_height - y, e->tile + 2), winograd_at_most(e->input_width - x, e->tile + 2),
      winograd_at_most(e->height - y, e->tile), winograd_at_most(e->width - x, e->tile)};
}

#endif
