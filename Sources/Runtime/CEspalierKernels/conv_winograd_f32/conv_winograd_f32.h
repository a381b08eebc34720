// How conv_winograd_f32 cuts its work: what its checker and all its instruction sets share.
#ifndef ESPALIER_CONV_WINOGRAD_F32_H
#define ESPALIER_CONV_WINOGRAD_F32_H

#include "../common/winograd_items.h"
#include "../include/espalier_call.h"
#include "../include/espalier_parameters.h"

typedef espalier_conv_winograd_f32_parameters conv_winograd;

// One tile's corner in input, output and residual, and how much of it exists.
typedef struct winograd_tile {
  const float *input;
  float *output;
  const float *residual;         // NULL where there is none
  int32_t input_rows, input_columns;
  int32_t output_rows, output_columns;
} winograd_tile;

static inline winograd_extents winograd_extents_of(const conv_winograd *p) {
  return (winograd_extents){
      p->batch, p->height, p->width, p->input_height, p->input_width, p->input_channels, p->output_channels,
      p->tile, p->tiles_per_item, p->panels_per_item};
}

static inline winograd_blocks winograd_cut(const conv_winograd *p) {
  const winograd_extents extents = winograd_extents_of(p);
  return winograd_cut_of(&extents, sizeof(float));
}

static inline winograd_tile winograd_tile_at(
    const espalier_call *call, const winograd_blocks *b, uint32_t index) {
  const conv_winograd *p = call->parameters;
  const winograd_extents extents = winograd_extents_of(p);
  const winograd_place at = winograd_place_of(&extents, b, index);
  winograd_tile tile = {
      (const float *)call->operands[0] + at.n * p->input_stride_n + at.y * p->input_stride_h +
          at.x * p->input_stride_w,
      (float *)call->operands[4] + at.n * p->output_stride_n + at.y * p->output_stride_h +
          at.x * p->output_stride_w,
      call->operands[3], at.input_rows, at.input_columns, at.output_rows, at.output_columns};
  if (tile.residual)
    tile.residual += at.n * p->residual_stride_n + at.y * p->residual_stride_h + at.x * p->residual_stride_w;
  return tile;
}

#endif
