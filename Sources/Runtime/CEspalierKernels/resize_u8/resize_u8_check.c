// Proves a resize_u8 call. Operands: 0 input, 1 row indices (in the weights), 2 row weights, 3 column
// indices (in the weights), 4 column weights, 5 output.
#include "resize_u8.h"

enum { whole_weight = 128 };

static bool tables_settle(espalier_call_facts *facts, const espalier_resize_u8_parameters *p) {
  const uint64_t rows = (uint64_t)p->output_height * (uint64_t)p->row_taps;
  const uint64_t columns = (uint64_t)p->output_width * (uint64_t)p->column_taps;
  return espalier_table_settle(facts, 1, rows, p->input_height) &&
         espalier_table_settle(facts, 2, rows, whole_weight + 1) &&
         espalier_table_settle(facts, 3, columns, p->input_width) &&
         espalier_table_settle(facts, 4, columns, whole_weight + 1);
}

bool espalier_resize_u8_check(espalier_call_facts *facts) {
  const espalier_resize_u8_parameters *p = facts->parameters;
  const int32_t input[] = {p->batch, p->input_height, p->input_width, p->channels};
  const int32_t output[] = {p->batch, p->output_height, p->output_width, p->channels};
  const int32_t stride[] = {p->output_stride_n, p->output_stride_h, p->output_stride_w, 1};
  const int32_t taps[] = {p->row_taps, p->column_taps};
  uint64_t read = 1, count = 1, tap_count = 1;
  if (!espalier_count(&read, 4, input) || !espalier_count(&count, 4, output)) return false;
  if (!espalier_count(&tap_count, 2, taps) || !espalier_work_ok(count, tap_count)) return false;
  if (count == 0) return true;
  if (read == 0 || tap_count == 0 || !espalier_writes_apart(4, output, stride)) return false;
  if (!espalier_byte_image_settle(facts, 0, input, p->input_stride_n, p->input_stride_h, p->input_stride_w) ||
      !espalier_byte_image_settle(facts, 5, output, p->output_stride_n, p->output_stride_h,
                             p->output_stride_w) ||
      !tables_settle(facts, p))
    return false;
  facts->items =
      espalier_row_items((uint64_t)p->batch * (uint64_t)p->output_height, espalier_resize_u8_rows(p));
  return true;
}
