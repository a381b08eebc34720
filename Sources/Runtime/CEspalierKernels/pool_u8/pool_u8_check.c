// Proves a pool_u8 call: windows are clipped, so that the images alone bound what is read. Operands:
// 0 input, 1 output.
#include "pool_u8.h"

static bool window_ok(int32_t taps, int32_t stride, int32_t dilation, int32_t before, int32_t after) {
  return espalier_between(taps, 1, espalier_axis_limit) && espalier_between(stride, 1, espalier_axis_limit) &&
         espalier_between(dilation, 1, espalier_axis_limit) && espalier_extent_ok(before) &&
         espalier_extent_ok(after);
}

bool espalier_pool_u8_check(espalier_call_facts *facts) {
  const espalier_pool_u8_parameters *p = facts->parameters;
  const int32_t input[] = {p->batch, p->input_height, p->input_width, p->channels};
  const int32_t output[] = {p->batch, p->output_height, p->output_width, p->channels};
  const int32_t stride[] = {p->output_stride_n, p->output_stride_h, p->output_stride_w, 1};
  const int32_t taps[] = {p->kernel_h, p->kernel_w};
  uint64_t read = 1, count = 1, tap_count = 1;
  if (!espalier_between(p->mode, espalier_pool_max, espalier_pool_average_padded)) return false;
  if (!espalier_byte_range_ok(p->low, p->high) || !espalier_between(p->zero, 0, 255)) return false;
  if (!window_ok(p->kernel_h, p->stride_h, p->dilation_h, p->pad_top, p->pad_bottom) ||
      !window_ok(p->kernel_w, p->stride_w, p->dilation_w, p->pad_left, p->pad_right))
    return false;
  if (!espalier_count(&read, 4, input) || !espalier_count(&count, 4, output)) return false;
  if (!espalier_count(&tap_count, 2, taps) || !espalier_work_ok(count, tap_count)) return false;
  if (count == 0) return true;
  if (read == 0 || !espalier_writes_apart(4, output, stride)) return false;
  if (!espalier_byte_image_settle(facts, 0, input, p->input_stride_n, p->input_stride_h, p->input_stride_w) ||
      !espalier_byte_image_settle(facts, 1, output, p->output_stride_n, p->output_stride_h, p->output_stride_w))
    return false;
  facts->items =
      espalier_row_items((uint64_t)p->batch * (uint64_t)p->output_height, espalier_pool_u8_rows(p));
  return true;
}
