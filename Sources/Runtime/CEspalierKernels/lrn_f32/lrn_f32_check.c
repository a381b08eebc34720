// Proves an lrn_f32 call. Operands: 0 input, 1 output.
#include "lrn_f32.h"

bool espalier_lrn_f32_check(espalier_call_facts *facts) {
  const espalier_lrn_f32_parameters *p = facts->parameters;
  const int32_t extent[] = {p->batch, p->height, p->width, p->channels};
  const int32_t stride[] = {p->output_stride_n, p->output_stride_h, p->output_stride_w, 1};
  uint64_t count = 1;
  if (!espalier_count(&count, 4, extent) || !espalier_between(p->size, 1, espalier_axis_limit)) return false;
  if (!espalier_work_ok(count, (uint64_t)p->size)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(4, extent, stride)) return false;
  if (!espalier_image_settle(facts, 0, extent, p->input_stride_n, p->input_stride_h, p->input_stride_w) ||
      !espalier_image_settle(facts, 1, extent, p->output_stride_n, p->output_stride_h, p->output_stride_w))
    return false;
  facts->items = espalier_row_items((uint64_t)p->batch * (uint64_t)p->height, espalier_lrn_f32_rows(p));
  // the squares of one pixel between (size - 1) / 2 zeros in front and size / 2 behind, and a vector's slack
  facts->scratch_bytes = ((uint64_t)p->channels + (uint64_t)p->size + 32) * 4;
  return true;
}
