// The walk of frame_u8 over output rows. The including file defines before
//   stretch(p, columns, row, stretched)                  step 2 for a whole row
//   blend(count, upper, lower, weights, bytes)           step 3 for one channel of a row; may write up to a whole
//                                                        vector of 64 bytes behind
//   look_up(p, table, bytes, output)                     step 4 for the placed part of a row
#include "frame_u8_pixels.h"

// The last two resampled rows, by their number in the picture.
typedef struct frame_rows {
  int16_t *stretched[2];
  int64_t number[2];
  uint8_t *bytes;
} frame_rows;

// The slot of a picture's row, resampled where neither slot holds it; `kept` is not given away.
static inline int frame_slot(
    const espalier_call *call, frame_rows *rows, int64_t number, int64_t kept) {
  for (int i = 0; i < 2; i++)
    if (rows->number[i] == number) return i;
  const int slot = rows->number[0] == kept ? 1 : 0;
  stretch(call->parameters, call->operands[3], frame_row_at(call->parameters, call->operands, number),
          rows->stretched[slot]);
  rows->number[slot] = number;
  return slot;
}

// Elements [first, end) of a row, in all channels.
static inline void frame_fill(const frame_u8 *p, void *output, int64_t first, int64_t end) {
  for (int64_t c = 0; c < frame_channel_count(p); c++) {
    const int64_t base = c * p->output_stride_c, step = p->output_stride_w;
    if (p->output_is_float) {
      uint32_t *to = (uint32_t *)output + base;
      for (int64_t x = first; x < end; x++) to[x * step] = p->fill[c];
    } else {
      uint8_t *to = (uint8_t *)output + base;
      for (int64_t x = first; x < end; x++) to[x * step] = (uint8_t)p->fill[c];
    }
  }
}

// Step 4, element by element.
static inline void frame_look_up(
    const frame_u8 *p, const void *tables, const uint8_t *bytes, int64_t first, void *output) {
  const int64_t room = frame_row_room(p), step = p->output_stride_w;
  for (int64_t c = 0; c < frame_channel_count(p); c++) {
    const int64_t base = c * p->output_stride_c + p->left * step;
    const uint8_t *from = bytes + c * room;
    if (p->output_is_float) {
      const uint32_t *table = (const uint32_t *)tables + c * FRAME_TABLE;
      uint32_t *to = (uint32_t *)output + base;
      for (int64_t x = first; x < p->placed_width; x++) to[x * step] = table[from[x]];
    } else {
      const uint8_t *table = (const uint8_t *)tables + c * FRAME_TABLE;
      uint8_t *to = (uint8_t *)output + base;
      for (int64_t x = first; x < p->placed_width; x++) to[x * step] = table[from[x]];
    }
  }
}

static inline void frame_output_row(const espalier_call *call, frame_rows *rows, int64_t y, void *output) {
  const frame_u8 *p = call->parameters;
  const int64_t row = y - p->top, height = p->output_height, room = frame_row_room(p);
  if (row < 0 || row >= p->placed_height) {
    frame_fill(p, output, 0, p->output_width);
    return;
  }
  const int32_t *table = call->operands[4];
  const int64_t upper = table[row], lower = table[height + row];
  const int a = frame_slot(call, rows, upper, lower), b = frame_slot(call, rows, lower, upper);
  for (int64_t c = 0; c < frame_channel_count(p); c++)
    blend(p->placed_width, rows->stretched[a] + c * room, rows->stretched[b] + c * room, table[2 * height + row],
          rows->bytes + c * room);
  frame_fill(p, output, 0, p->left);
  look_up(p, call->operands[5], rows->bytes, output);
  frame_fill(p, output, p->left + p->placed_width, p->output_width);
}

static inline void frame_run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const frame_u8 *p = call->parameters;
  const int64_t room = frame_row_room(p) * frame_channel_count(p);
  frame_rows rows = {{scratch, (int16_t *)scratch + room}, {-1, -1}, (uint8_t *)((int16_t *)scratch + 2 * room)};
  const int64_t size = p->output_is_float ? 4 : 1, last = (int64_t)end * espalier_frame_rows_per_item;
  for (int64_t y = (int64_t)first * espalier_frame_rows_per_item; y < last && y < p->output_height; y++)
    frame_output_row(call, &rows, y, (uint8_t *)call->operands[6] + y * p->output_stride_h * size);
}
