// Proves a conv_depthwise_u8 call. Operands: 0 input, 1 weights, 2 scales_offsets, 3 table (optional), 4 residual
// (optional), 5 output.
#include "conv_depthwise_u8.h"

static bool input_settles(espalier_call_facts *facts, const espalier_conv_depthwise_u8_parameters *p) {
  const int32_t extent[] = {p->batch, p->height, p->width, p->kernel_h, p->kernel_w, p->channels};
  const int32_t stride[] = {p->input_stride_n, p->input_stride_h, p->input_stride_w,
                            p->tap_stride_h,   p->tap_stride_w,   1};
  return espalier_byte_view_settle(facts, 0, 6, extent, stride, 0);
}

bool espalier_conv_depthwise_u8_check(espalier_call_facts *facts) {
  const espalier_conv_depthwise_u8_parameters *p = facts->parameters;
  const int32_t extent[] = {p->batch, p->height, p->width, p->channels};
  const int32_t taps[] = {p->kernel_h, p->kernel_w};
  const int32_t stride[] = {p->output_stride_n, p->output_stride_h, p->output_stride_w, 1};
  uint64_t count = 1, tap_count = 1;
  if (!espalier_byte_range_ok(p->low, p->high) || !espalier_between(p->pairs_fit, 0, 1)) return false;
  if (!espalier_count(&count, 4, extent) || !espalier_count(&tap_count, 2, taps)) return false;
  if (tap_count == 0 || !espalier_work_ok(count, tap_count)) return false;
  if (count == 0) return true;
  const uint64_t panel = (uint64_t)espalier_depthwise_channels(p->channels);
  const uint64_t weights =
      panel * 4 * (uint64_t)espalier_depthwise_quads(p->kernel_h) * (uint64_t)p->kernel_w;
  if (!espalier_writes_apart(4, extent, stride) || !input_settles(facts, p)) return false;
  if (!espalier_byte_array_settle(facts, 1, weights) || !espalier_array_settle(facts, 2, 2 * panel)) return false;
  if (p->pairs_fit && !espalier_pairs_fit(facts->operand_data[1], weights)) return false;
  if (facts->operand_bytes[3] && !espalier_byte_array_settle(facts, 3, 256)) return false;
  if (facts->operand_bytes[4] && !espalier_byte_image_settle(facts, 4, extent, p->residual_stride_n,
                                                             p->residual_stride_h, p->residual_stride_w))
    return false;
  if (!espalier_byte_image_settle(facts, 5, extent, p->output_stride_n, p->output_stride_h,
                                  p->output_stride_w))
    return false;
  facts->items = espalier_row_items((uint64_t)p->batch * (uint64_t)p->height,
                                    espalier_conv_depthwise_u8_rows(p));
  facts->multiply_adds = count * tap_count;
  facts->item_multiply_adds =
      espalier_row_item_work(facts->multiply_adds, (uint64_t)p->batch * (uint64_t)p->height, espalier_conv_depthwise_u8_rows(p));
  return true;
}
