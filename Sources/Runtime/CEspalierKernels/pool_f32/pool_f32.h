// The work items and windows of pool_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_POOL_F32_H
#define ESPALIER_POOL_F32_H

#include "../common/view.h"
#include "../common/window.h"

// Items are groups of output rows, counted through the batch; where few rows do much, pieces of a row's
// channels.
typedef struct espalier_pool_f32_items {
  int64_t rows, rows_per_item, pieces, channels_per_item;
  uint32_t items;
} espalier_pool_f32_items;

static inline espalier_pool_f32_items espalier_pool_f32_cut(const espalier_pool_f32_parameters *p) {
  const uint64_t outputs = (uint64_t)p->output_width * (uint64_t)p->channels;
  const uint64_t taps = (uint64_t)p->kernel_h * (uint64_t)p->kernel_w;
  const uint64_t target = 4 * espalier_elements_per_item;
  const uint64_t work = taps >= target ? target * 8 : outputs * taps;
  espalier_pool_f32_items cut = {.rows = (int64_t)p->batch * p->output_height, .pieces = 1};
  cut.rows_per_item = espalier_rows_per_item((uint64_t)cut.rows, work, target);
  if (cut.rows < 4 && work > target)
    cut.pieces = work >= 8 * target ? 8 : (int64_t)((work / target + 2) / 2 * 2);
  cut.channels_per_item = (p->channels + cut.pieces * 64 - 1) / (cut.pieces * 64) * 64;
  cut.pieces = (p->channels + cut.channels_per_item - 1) / cut.channels_per_item;
  cut.items = espalier_row_items((uint64_t)cut.rows, cut.rows_per_item) * (uint32_t)cut.pieces;
  return cut;
}

// What one item computes.
typedef struct espalier_pool_f32_piece {
  int64_t row, row_end, channel, channels;
} espalier_pool_f32_piece;

static inline espalier_pool_f32_piece espalier_pool_f32_piece_at(const espalier_pool_f32_parameters *p,
                                                                 const espalier_pool_f32_items *cut,
                                                                 uint32_t item) {
  espalier_pool_f32_piece piece = {.row = item / cut->pieces * cut->rows_per_item,
                                   .channel = item % cut->pieces * cut->channels_per_item};
  piece.row_end = piece.row + cut->rows_per_item < cut->rows ? piece.row + cut->rows_per_item : cut->rows;
  piece.channels = p->channels - piece.channel;
  if (piece.channels > cut->channels_per_item) piece.channels = cut->channels_per_item;
  return piece;
}

static inline espalier_window espalier_pool_f32_row(const espalier_pool_f32_parameters *p, int64_t output) {
  return espalier_window_at(output, p->stride_h, p->dilation_h, p->kernel_h, p->input_height, p->pad_top,
                            p->pad_bottom);
}

static inline espalier_window espalier_pool_f32_column(const espalier_pool_f32_parameters *p,
                                                       int64_t output) {
  return espalier_window_at(output, p->stride_w, p->dilation_w, p->kernel_w, p->input_width, p->pad_left,
                            p->pad_right);
}

// What an average divides by; 0 for a window outside image and padding.
static inline int64_t espalier_pool_f32_divisor(int32_t mode, espalier_window h, espalier_window w) {
  return mode == espalier_pool_average_padded ? h.padded * w.padded : (h.end - h.first) * (w.end - w.first);
}

#endif
