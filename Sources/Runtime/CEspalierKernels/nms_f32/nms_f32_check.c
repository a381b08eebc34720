// Proves an nms_f32 call. Operands: 0 boxes, 1 scores, 2 output. The call is one work item: where a row is written
// depends on how many were found before it.
#include "nms_f32.h"

bool espalier_nms_f32_check(espalier_call_facts *facts) {
  const espalier_nms_f32_parameters *p = facts->parameters;
  const int32_t boxes[] = {p->batch, p->boxes, 4};
  const int32_t box_stride[] = {p->box_stride_n, p->box_stride, p->coordinate_stride};
  const int32_t scores[] = {p->batch, p->classes, p->boxes};
  const int32_t score_stride[] = {p->score_stride_n, p->score_stride_class, p->score_stride};
  const int32_t lists[] = {p->batch, p->classes, p->limit};
  uint64_t read = 1, count = 1, rows = 1;
  if (!espalier_between(p->centers, 0, 1) || !espalier_between(p->has_score_threshold, 0, 1)) return false;
  if (p->limit > p->boxes || !espalier_count(&read, 3, boxes) || !espalier_count(&count, 3, scores)) return false;
  if (!espalier_count(&rows, 3, lists) || !espalier_work_ok(count, 32 + (uint64_t)p->limit)) return false;
  if (rows == 0) return true;
  if (rows > espalier_axis_limit) return false;
  const int32_t output[] = {(int32_t)rows, 3}, stride[] = {p->row_stride, p->column_stride};
  if (!espalier_writes_apart(2, output, stride)) return false;
  if (!espalier_view_settle(facts, 0, 3, boxes, box_stride, p->box_base)) return false;
  if (!espalier_view_settle(facts, 1, 3, scores, score_stride, p->score_base)) return false;
  if (!espalier_view_settle(facts, 2, 2, output, stride, p->output_base)) return false;
  facts->items = 1;
  facts->scratch_bytes =
      (uint64_t)p->boxes * sizeof(uint64_t) + (uint64_t)p->limit * (sizeof(espalier_nms_box) + sizeof(uint64_t));
  return facts->scratch_bytes <= ESPALIER_SCRATCH_LIMIT;
}
