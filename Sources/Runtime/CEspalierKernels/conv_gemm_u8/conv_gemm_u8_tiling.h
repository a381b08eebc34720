// How an instruction set that finishes tiles fast walks through conv_gemm_u8: what lies between two tiles counts there.
#ifndef ESPALIER_CONV_GEMM_U8_TILING_H
#define ESPALIER_CONV_GEMM_U8_TILING_H

#include "../common/pixel_panel_walk.h"
#include "conv_gemm_u8.h"

typedef struct conv_gemm_u8_tiling {
  uint32_t pixels;                          // of neighboring items that are computed as one, at most
  uint32_t panels;                          // of a tile, at most
  uint32_t rows[ESPALIER_ITEM_PANELS + 1];  // pixels of a tile of so many panels, at most
  const ptrdiff_t *offsets;                 // of all quads from a pixel's first byte, where the tiles want them
  uint32_t quads;
  void (*run)(
      const struct conv_gemm_u8_tiling *tiling, const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels);
} conv_gemm_u8_tiling;

static inline void conv_gemm_u8_skip_pixels(conv_gemm_u8_place *place, uint32_t pixels) {
  place->input += pixels;
  place->output += pixels;
  if (place->residual) place->residual += pixels;
}

static inline void conv_gemm_u8_skip_panels(conv_gemm_u8_place *place, uint32_t panels) {
  place->channel += (ptrdiff_t)panels * ESPALIER_PANEL;
  place->channels -= (int32_t)panels * ESPALIER_PANEL;
  place->panel += panels * place->panel_size;
  place->end.scales_offsets += (size_t)panels * 2 * ESPALIER_PANEL;
}

// The tiles of one item, which fetch the panels from `ahead` on meanwhile: two each while the first panels last.
static inline __attribute__((always_inline)) void conv_gemm_u8_run_item(
    const conv_gemm_u8_tiling *tiling, conv_gemm_u8_place block, const pixel_panel_item *item, const int8_t *ahead) {
  for (uint32_t done = 0, panels; done < item->panels; done += panels) {
    panels = item->panels - done < tiling->panels ? item->panels - done : tiling->panels;
    const uint32_t parts = parts_of(item->pixels, tiling->rows[panels]);
    conv_gemm_u8_place place = block;
    for (uint32_t i = 0, left = item->pixels, rows; i < parts; i++, left -= rows) {
      rows = left / (parts - i);
      place.ahead = ahead && done == 0 ? ahead + 2 * i * place.panel_size : NULL;
      tiling->run(tiling, &place, rows, panels);
      conv_gemm_u8_skip_pixels(&place, rows);
    }
    conv_gemm_u8_skip_panels(&block, panels);
  }
}

// The panels of `next`, where they are likely to lie outside of the caches: as conv_gemm_u8_next_panels.
static inline const int8_t *conv_gemm_u8_panels_ahead(
    const espalier_call *call, const pixel_panel_blocks *blocks, const pixel_panel_item *item,
    const pixel_panel_item *next, uint32_t done) {
  const conv_gemm_u8 *p = call->parameters;
  if (blocks->pixels == 1 || (blocks->panels_inner && done >= blocks->panel_blocks)) return NULL;
  if (next->first_panel == item->first_panel && next->group == item->group) return NULL;
  const size_t stored = (size_t)next->group * blocks->panels + next->first_panel;
  return (const int8_t *)call->operands[2] +
         stored * (size_t)p->run_count * (size_t)p->run_length * ESPALIER_PANEL;
}

// Adds `next` to an item of the same panels that ends where it begins; false where that is no such one.
static inline bool conv_gemm_u8_join(pixel_panel_item *item, const pixel_panel_item *next, uint32_t limit) {
  if (next->first_panel != item->first_panel || next->group != item->group) return false;
  if (next->first_pixel != item->first_pixel + item->pixels || item->pixels + next->pixels > limit) return false;
  item->pixels += next->pixels;
  return true;
}

// Items [first, end).
static inline __attribute__((always_inline)) void conv_gemm_u8_run_tiling(
    const espalier_call *call, uint32_t first, uint32_t end, const conv_gemm_u8_tiling *tiling) {
  if (first >= end) return;
  const pixel_panel_blocks blocks = conv_gemm_u8_cut(call->parameters);
  pixel_panel_walk walk = pixel_panel_walk_from(&blocks, first);
  conv_gemm_u8_pixels pixels;
  uint32_t located = UINT32_MAX;
  for (uint32_t index = first; index < end;) {
    pixel_panel_item item = pixel_panel_item_here(&walk), next;
    const uint32_t begun = index;
    const int8_t *ahead = NULL;
    while (++index < end) {
      pixel_panel_step(&walk);
      next = pixel_panel_item_here(&walk);
      if (conv_gemm_u8_join(&item, &next, tiling->pixels)) continue;
      ahead = conv_gemm_u8_panels_ahead(call, &blocks, &item, &next, begun - first);
      break;
    }
    if (item.first_pixel != located) conv_gemm_u8_locate(call, item.first_pixel, item.pixels, &pixels);
    located = item.first_pixel;
    conv_gemm_u8_run_item(tiling, conv_gemm_u8_place_of(call, &blocks, &item, &pixels), &item, ahead);
  }
}

#endif
