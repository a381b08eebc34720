// Proves a normalize_f32 call. Operands: 0 input, 1 scale (optional), 2 bias (optional), 3 output.
#include <math.h>

#include "normalize_f32.h"

static bool settle(espalier_call_facts *facts, int operand, const espalier_normalize_f32_parameters *p,
                   const int32_t kept_stride[6], const int32_t reduced_stride[6], int64_t base) {
  espalier_span span = espalier_span_at(base);
  espalier_span_extend(&span, 6, p->kept, kept_stride);
  espalier_span_extend(&span, 6, p->reduced, reduced_stride);
  return espalier_span_settle(facts, operand, span);
}

bool espalier_normalize_f32_check(espalier_call_facts *facts) {
  const espalier_normalize_f32_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_between(p->normalization, 0, espalier_normalization_l2) || isnan(p->epsilon)) return false;
  if (!espalier_count(&count, 6, p->kept) || !espalier_count(&count, 6, p->reduced)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->kept, p->kept_output_stride)) return false;
  if (!espalier_writes_apart(6, p->reduced, p->reduced_output_stride)) return false;
  if (!settle(facts, 0, p, p->kept_input_stride, p->reduced_input_stride, p->input_base)) return false;
  if (facts->operand_bytes[1] &&
      !settle(facts, 1, p, p->kept_scale_stride, p->reduced_scale_stride, p->scale_base))
    return false;
  if (facts->operand_bytes[2] &&
      !settle(facts, 2, p, p->kept_bias_stride, p->reduced_bias_stride, p->bias_base))
    return false;
  if (!settle(facts, 3, p, p->kept_output_stride, p->reduced_output_stride, p->output_base)) return false;
  facts->items = espalier_normalize_f32_outer(p).items;
  return true;
}
