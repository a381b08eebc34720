// What the checkers of convolutions by offset lists share.
#ifndef ESPALIER_COMMON_PIXEL_PANEL_CHECK_H
#define ESPALIER_COMMON_PIXEL_PANEL_CHECK_H

#include <stdbool.h>

#include "../include/espalier_call.h"
#include "checked_arithmetic.h"
#include "pixel_panel_items.h"

// Whether all extents are extents and no stride is negative.
static inline bool are_sane(const int32_t *extents, size_t extent_count, const int32_t *strides, size_t stride_count) {
  for (size_t i = 0; i < extent_count; i++)
    if (!is_extent(extents[i])) return false;
  for (size_t i = 0; i < stride_count; i++)
    if (strides[i] < 0) return false;
  return true;
}

// The largest entry of the run table, operand 1; false where it is missing, too short or has a negative entry.
static inline bool largest_run(const espalier_call_facts *facts, int32_t run_count, uint64_t *largest) {
  const int32_t *runs = facts->operand_data[1];
  if (!runs || facts->operand_bytes[1] / 4 < (uint64_t)run_count) return false;
  *largest = 0;
  for (int32_t i = 0; i < run_count; i++) {
    if (runs[i] < 0) return false;
    if ((uint64_t)runs[i] > *largest) *largest = (uint64_t)runs[i];
  }
  return true;
}

// Whether the pixels of a call can be counted.
static inline bool pixels_are_countable(int32_t batch, int32_t height, int32_t width) {
  uint64_t pixels = (uint64_t)batch;
  return multiply(&pixels, (uint64_t)height) && multiply(&pixels, (uint64_t)width) && pixels <= INT32_MAX;
}

// Multiply-adds of the largest item of a call that has `all`.
static inline uint64_t largest_item(
    const pixel_panel_blocks *blocks, uint64_t channels, uint64_t depth, uint64_t all) {
  if (blocks->pixel_blocks == 0 || blocks->panel_blocks == 0) return 0;
  uint64_t width = (uint64_t)parts_of(blocks->units, blocks->panel_blocks) * blocks->unit * ESPALIER_PANEL;
  if (width > channels) width = channels;
  uint64_t largest = parts_of(blocks->pixels, blocks->pixel_blocks);
  if (!multiply(&largest, width) || !multiply(&largest, depth)) return all;
  return largest < all ? largest : all;
}

// Notes items and multiply-adds; false where there are too many to count.
static inline bool count_work(
    espalier_call_facts *facts, const pixel_panel_blocks *blocks, uint64_t groups, uint64_t channels,
    uint64_t depth) {
  uint64_t items = (uint64_t)blocks->pixel_blocks * blocks->panel_blocks;
  uint64_t multiply_adds = blocks->pixels;
  if (!multiply(&items, groups) || items > UINT32_MAX) return false;
  if (!multiply(&multiply_adds, groups) || !multiply(&multiply_adds, channels) || !multiply(&multiply_adds, depth))
    return false;
  facts->items = (uint32_t)items;
  facts->scratch_bytes = 0;
  facts->multiply_adds = multiply_adds;
  facts->item_multiply_adds = largest_item(blocks, channels, depth, multiply_adds);
  return true;
}

#endif
