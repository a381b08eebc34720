// The walk of frame_u8 over output rows. The including file defines before
//   stretch(p, columns, row, stretched)                  step 2 for a whole row
//   blend(count, upper, lower, weights, bytes)           step 3 for one channel of a row; may write up to a whole
//                                                        vector of 64 bytes behind
// and, where it says HAS_OUTPUT,
//   look_up(p, table, bytes, output)                     step 4 for the placed part of a row
//   fill(p, output, first, end)                          `fill` in elements [first, end) of a row
#include "frame_u8_output.h"
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

#if !defined(HAS_OUTPUT)
static inline void look_up(const frame_u8 *p, const void *table, const uint8_t *bytes, void *output) {
  frame_look_up(p, table, bytes, 0, output);
}

static inline void fill(const frame_u8 *p, void *output, int64_t first, int64_t end) {
  frame_fill(p, output, first, end);
}
#endif

static inline void frame_output_row(const espalier_call *call, frame_rows *rows, int64_t y, void *output) {
  const frame_u8 *p = call->parameters;
  const int64_t row = y - p->top, height = p->output_height, room = frame_row_room(p);
  if (row < 0 || row >= p->placed_height) {
    fill(p, output, 0, p->output_width);
    return;
  }
  const int32_t *table = call->operands[4];
  const int64_t upper = table[row], lower = table[height + row];
  const int a = frame_slot(call, rows, upper, lower), b = frame_slot(call, rows, lower, upper);
  for (int64_t c = 0; c < frame_channel_count(p); c++)
    blend(p->placed_width, rows->stretched[a] + c * room, rows->stretched[b] + c * room, table[2 * height + row],
          rows->bytes + c * room);
  fill(p, output, 0, p->left);
  look_up(p, call->operands[5], rows->bytes, output);
  fill(p, output, p->left + p->placed_width, p->output_width);
}

static inline void frame_run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const frame_u8 *p = call->parameters;
  const int64_t room = frame_row_room(p) * frame_channel_count(p);
  frame_rows rows = {{scratch, (int16_t *)scratch + room}, {-1, -1}, (uint8_t *)((int16_t *)scratch + 2 * room)};
  const int64_t size = p->output_is_float ? 4 : 1, last = (int64_t)end * espalier_frame_rows_per_item;
  for (int64_t y = (int64_t)first * espalier_frame_rows_per_item; y < last && y < p->output_height; y++)
    frame_output_row(call, &rows, y, (uint8_t *)call->operands[6] + y * p->output_stride_h * size);
}
