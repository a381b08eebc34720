// The items of pixel_panel_items.h one after the other, without a division for each.
#ifndef ESPALIER_COMMON_PIXEL_PANEL_WALK_H
#define ESPALIER_COMMON_PIXEL_PANEL_WALK_H

#include "pixel_panel_items.h"

// One of nearly equal parts of a count: [start, end).
typedef struct part_walk {
  uint32_t start, end;
  uint32_t count, parts;
  uint32_t whole, rest, carry;  // count / parts, count % parts, and end * parts + carry is count * (index + 1)
} part_walk;

static inline void part_step(part_walk *part) {
  part->start = part->end;
  part->end += part->whole;
  part->carry += part->rest;
  if (part->carry >= part->parts) {
    part->carry -= part->parts;
    part->end++;
  }
}

// Part `index` of `parts`, as start_of_part has it.
static inline part_walk part_at(uint32_t count, uint32_t parts, uint32_t index) {
  part_walk part = {
      0, start_of_part(count, parts, index), count, parts, count / parts, count % parts,
      (uint32_t)((uint64_t)count * index % parts)};
  part_step(&part);
  return part;
}

typedef struct pixel_panel_walk {
  const pixel_panel_blocks *blocks;
  uint32_t group;
  part_walk pixels, units;
} pixel_panel_walk;

static inline pixel_panel_walk pixel_panel_walk_from(const pixel_panel_blocks *blocks, uint32_t index) {
  const uint32_t per_group = blocks->pixel_blocks * blocks->panel_blocks, rest = index % per_group;
  const uint32_t pixel = blocks->panels_inner ? rest / blocks->panel_blocks : rest % blocks->pixel_blocks;
  const uint32_t panel = blocks->panels_inner ? rest % blocks->panel_blocks : rest / blocks->pixel_blocks;
  return (pixel_panel_walk){
      blocks, index / per_group, part_at(blocks->pixels, blocks->pixel_blocks, pixel),
      part_at(blocks->units, blocks->panel_blocks, panel)};
}

// Steps to the next part, or back to the first: then true.
static inline bool part_turns(part_walk *part) {
  const bool turns = part->end == part->count;
  if (turns) part->end = part->carry = 0;
  part_step(part);
  return turns;
}

static inline void pixel_panel_step(pixel_panel_walk *walk) {
  part_walk *inner = walk->blocks->panels_inner ? &walk->units : &walk->pixels;
  part_walk *outer = walk->blocks->panels_inner ? &walk->pixels : &walk->units;
  if (part_turns(inner) && part_turns(outer)) walk->group++;
}

static inline pixel_panel_item pixel_panel_item_here(const pixel_panel_walk *walk) {
  return pixel_panel_item_of(
      walk->blocks, walk->group, walk->pixels.start, walk->pixels.end, walk->units.start, walk->units.end);
}

#endif
