// Proves a sample_f32 call. Operands: 0 input, 1 coordinates, 2 factors (optional), 3 output. Whatever the
// coordinates are, taps lie inside the input: espalier_sample_place sees to it.
#include "sample_f32.h"

// Whether the coordinates of every axis lie inside their operand, and the factors, where there are any.
static bool coordinates_settle(espalier_call_facts *facts, const espalier_sample_f32_parameters *p) {
  for (int i = 3 - p->axes; i < 3; i++) {
    espalier_span span = espalier_span_at(p->grid_base[i]);
    espalier_span_extend(&span, 1, &p->batch, &p->grid_stride_n);
    espalier_span_extend(&span, 3, p->output, p->grid_stride);
    if (!espalier_span_settle(facts, 1, span)) return false;
  }
  if (facts->operand_bytes[2] == 0) return true;
  espalier_span span = espalier_span_at(p->mask_base);
  espalier_span_extend(&span, 1, &p->batch, &p->mask_stride_n);
  espalier_span_extend(&span, 3, p->output, p->mask_stride);
  return espalier_span_settle(facts, 2, span);
}

// Whether an image `[batch, 3 axes, channels]` with channel stride 1 lies inside its operand.
static bool image_settles(espalier_call_facts *facts, int operand, const espalier_sample_f32_parameters *p,
                          const int32_t extent[3], int32_t stride_n, const int32_t stride[3]) {
  const int32_t one = 1;
  espalier_span span = espalier_span_at(0);
  espalier_span_extend(&span, 1, &p->batch, &stride_n);
  espalier_span_extend(&span, 3, extent, stride);
  espalier_span_extend(&span, 1, &p->channels, &one);
  return espalier_span_settle(facts, operand, span);
}

bool espalier_sample_f32_check(espalier_call_facts *facts) {
  const espalier_sample_f32_parameters *p = facts->parameters;
  const int32_t images[] = {p->batch, p->channels};
  uint64_t read = 1, count = 1;
  if (!espalier_between(p->mode, espalier_sample_nearest, espalier_sample_cubic)) return false;
  if (!espalier_between(p->padding, espalier_sample_zeros, espalier_sample_reflection)) return false;
  if (!espalier_between(p->axes, 2, 3) || !(p->edge >= 0 && p->edge <= 0.5f)) return false;
  if (!espalier_count(&read, 2, images) || !espalier_count(&read, 3, p->input)) return false;
  if (!espalier_count(&count, 2, images) || !espalier_count(&count, 3, p->output)) return false;
  if (p->axes == 2 && (p->input[0] != 1 || p->output[0] != 1)) return false;
  if (!espalier_work_ok(count, (uint64_t)espalier_sample_f32_taps(p))) return false;
  if (count == 0) return true;
  if (read == 0) return false;
  if (!espalier_writes_apart(1, &p->batch, &p->output_stride_n)) return false;
  if (!espalier_writes_apart(3, p->output, p->output_stride)) return false;
  if (!image_settles(facts, 0, p, p->input, p->input_stride_n, p->input_stride)) return false;
  if (!image_settles(facts, 3, p, p->output, p->output_stride_n, p->output_stride)) return false;
  if (!coordinates_settle(facts, p)) return false;
  const uint64_t rows = (uint64_t)p->batch * (uint64_t)p->output[0] * (uint64_t)p->output[1];
  facts->items = espalier_row_items(rows, espalier_sample_f32_rows(p));
  return true;
}
