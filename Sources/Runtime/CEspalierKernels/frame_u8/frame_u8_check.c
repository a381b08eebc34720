// Proves a frame_u8 call. Operands: 0, 1, 2 planes, 3 columns, 4 rows, 5 table, 6 output.
#include "frame_u8.h"

static bool parameters_are_sane(const frame_u8 *p) {
  if (!espalier_between(p->format, 0, espalier_frame_format_count - 1)) return false;
  if (!espalier_between(p->color, 0, espalier_frame_color_count - 1)) return false;
  if (!espalier_between(p->channels, 0, espalier_frame_channels_count - 1)) return false;
  if (!espalier_between(p->output_is_float, 0, 1)) return false;
  const int32_t extents[] = {p->width, p->height, p->output_width, p->output_height, p->placed_width,
                             p->placed_height};
  for (size_t i = 0; i < sizeof extents / sizeof *extents; i++)
    if (!espalier_between(extents[i], 1, FRAME_EXTENT_LIMIT)) return false;
  for (int c = 0; c < 3; c++)
    if (!p->output_is_float && p->fill[c] > 255) return false;
  return espalier_between(p->left, 0, p->output_width - p->placed_width) &&
         espalier_between(p->top, 0, p->output_height - p->placed_height);
}

static bool planes_hold(espalier_call_facts *facts, const frame_u8 *p) {
  for (int i = 0; i < frame_plane_count(p->format); i++) {
    const int64_t row = frame_row_bytes(p->format, i, p->width);
    if (p->stride[i] < row && p->height > 1) return false;
    const uint64_t bytes = (uint64_t)((frame_plane_rows(p->format, i, p->height) - 1) * p->stride[i] + row);
    if (!espalier_byte_array_settle(facts, i, bytes)) return false;
  }
  return true;
}

static bool are_weights(int32_t weights) {
  const int32_t a = weights & 0xFFFF, b = (int32_t)((uint32_t)weights >> 16);
  return a + b <= FRAME_WEIGHT_SUM;
}

// Columns in rising order and inside the picture.
static bool columns_hold(espalier_call_facts *facts, const frame_u8 *p) {
  const int32_t *first = facts->operand_data[3];
  if (first == NULL || !espalier_array_settle(facts, 3, 2 * (uint64_t)p->output_width)) return false;
  for (int32_t x = 0, last = 0; x < p->placed_width; last = first[x++])
    if (!espalier_between(first[x], last, p->width - 1) || !are_weights(first[p->output_width + x])) return false;
  return true;
}

static bool rows_hold(espalier_call_facts *facts, const frame_u8 *p) {
  const int32_t *upper = facts->operand_data[4];
  const int64_t height = p->output_height;
  if (upper == NULL || !espalier_array_settle(facts, 4, 3 * (uint64_t)height)) return false;
  for (int32_t y = 0; y < p->placed_height; y++)
    if (!espalier_between(upper[y], 0, p->height - 1) || !espalier_between(upper[height + y], 0, p->height - 1) ||
        !are_weights(upper[2 * height + y]))
      return false;
  return true;
}

bool espalier_frame_u8_check(espalier_call_facts *facts) {
  const frame_u8 *p = facts->parameters;
  if (!parameters_are_sane(p)) return false;
  if (!planes_hold(facts, p) || !columns_hold(facts, p) || !rows_hold(facts, p)) return false;
  const int32_t channels = frame_channel_count(p);
  const int32_t extent[3] = {channels, p->output_height, p->output_width};
  const int32_t stride[3] = {p->output_stride_c, p->output_stride_h, p->output_stride_w};
  const uint64_t size = p->output_is_float ? 4 : 1;
  espalier_span span = espalier_span_at(0);
  espalier_span_extend(&span, 3, extent, stride);
  if (!espalier_writes_apart(3, extent, stride)) return false;
  if (!espalier_sized_span_settle(facts, 6, size, span)) return false;
  if (!espalier_byte_array_settle(facts, 5, (uint64_t)channels * FRAME_TABLE * size)) return false;
  const uint64_t row = (uint64_t)p->output_width * (uint64_t)channels * 6;  // 4 products along rows, 2 between them
  facts->items = frame_items(p);
  facts->scratch_bytes = frame_scratch_bytes(p);
  facts->multiply_adds = row * (uint64_t)p->output_height;
  facts->item_multiply_adds = row * espalier_frame_rows_per_item;
  return true;
}
