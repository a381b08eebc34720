// How a convolution's output is cut into work items: blocks of pixels by blocks of panels of 16 channels.
//
// Pixels and panels are cut into blocks of nearly equal size, so that no item is a small rest, and in the same
// way for every instruction set, so that the number of items is known when a pack is loaded.
#ifndef ESPALIER_COMMON_PIXEL_PANEL_ITEMS_H
#define ESPALIER_COMMON_PIXEL_PANEL_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ESPALIER_ITEM_PIXELS = 24, ESPALIER_ITEM_PANELS = 4, ESPALIER_PANEL = 16 };

// The blocks of a call. All counts fit 32 bits once the checker has passed.
typedef struct pixel_panel_blocks {
  uint32_t pixels, panels;  // in the call; panels of one group
  uint32_t pixel_blocks, panel_blocks;
  uint32_t unit, units;     // panels that stay together, and how many such there are
  bool panels_inner;        // all panels for a block of pixels before the next block
} pixel_panel_blocks;

typedef struct pixel_panel_item {
  uint32_t group, first_pixel, pixels, first_panel, panels;
} pixel_panel_item;

static inline uint32_t parts_of(uint32_t count, uint32_t limit) { return (count + limit - 1) / limit; }

// Where part `index` of `parts` nearly equal parts of `count` starts.
static inline uint32_t start_of_part(uint32_t count, uint32_t parts, uint32_t index) {
  return (uint32_t)((uint64_t)count * index / parts);
}

// `unit` panels, a divisor of ESPALIER_ITEM_PANELS, stay in one item.
static inline pixel_panel_blocks cut_pixels_and_panels(
    uint32_t pixels, uint32_t channels, uint32_t groups, bool panels_inner, uint32_t unit) {
  const uint32_t panels = parts_of(channels, ESPALIER_PANEL), units = parts_of(panels, unit);
  pixel_panel_blocks blocks = {
      pixels, panels, parts_of(pixels, ESPALIER_ITEM_PIXELS), parts_of(panels, ESPALIER_ITEM_PANELS), unit, units,
      panels_inner};
  // 3 items would take two threads as long as 4, and 9 as long as 10; of more, one does not matter.
  const uint64_t items = (uint64_t)blocks.pixel_blocks * blocks.panel_blocks * groups;
  if (items > 1 && items < 16 && items % 2) {
    if (blocks.pixel_blocks > 1) blocks.pixel_blocks++;
    else if (blocks.panel_blocks > 1 && blocks.panel_blocks < units) blocks.panel_blocks++;
  }
  return blocks;
}

// The item of these pixels and of units [first_unit, end_unit).
static inline pixel_panel_item pixel_panel_item_of(
    const pixel_panel_blocks *blocks, uint32_t group, uint32_t first_pixel, uint32_t end_pixel, uint32_t first_unit,
    uint32_t end_unit) {
  const uint32_t first = first_unit * blocks->unit, end = end_unit * blocks->unit;
  return (pixel_panel_item){
      group, first_pixel, end_pixel - first_pixel, first, (end < blocks->panels ? end : blocks->panels) - first};
}

static inline pixel_panel_item pixel_panel_item_at(const pixel_panel_blocks *blocks, uint32_t index) {
  const uint32_t per_group = blocks->pixel_blocks * blocks->panel_blocks;
  const uint32_t rest = index % per_group;
  const uint32_t pixel = blocks->panels_inner ? rest / blocks->panel_blocks : rest % blocks->pixel_blocks;
  const uint32_t panel = blocks->panels_inner ? rest % blocks->panel_blocks : rest / blocks->pixel_blocks;
  return pixel_panel_item_of(
      blocks, index / per_group, start_of_part(blocks->pixels, blocks->pixel_blocks, pixel),
      start_of_part(blocks->pixels, blocks->pixel_blocks, pixel + 1),
      start_of_part(blocks->units, blocks->panel_blocks, panel),
      start_of_part(blocks->units, blocks->panel_blocks, panel + 1));
}

#endif
