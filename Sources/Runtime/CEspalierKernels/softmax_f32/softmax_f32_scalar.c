// y[i, j] = exp(x[i, j] - m) / sum over j of exp(x[i, j] - m), m the maximum over j; its logarithm; or 1 at
// the first maximum and 0 elsewhere. y may be x.
#include <math.h>

#include "softmax_f32.h"

static int64_t first_maximum(const espalier_softmax_f32_parameters *p, const float *x) {
  int64_t best = 0;
  for (int64_t j = 1; j < p->length; j++)
    if (x[j * p->input_length_stride] > x[best * p->input_length_stride]) best = j;
  return best;
}

static void softmax(const espalier_softmax_f32_parameters *p, const float *x, float *y) {
  const int64_t from = p->input_length_stride, to = p->output_length_stride;
  const int64_t best = first_maximum(p, x);
  const float largest = x[best * from];
  double sum = 0;
  for (int64_t j = 0; j < p->length; j++) sum += expf(x[j * from] - largest);
  const float log_sum = (float)log(sum);
  for (int64_t j = 0; j < p->length; j++) {
    const float difference = x[j * from] - largest;
    switch (p->mode) {
      case espalier_softmax_plain: y[j * to] = (float)(expf(difference) / sum); break;
      case espalier_softmax_log: y[j * to] = difference - log_sum; break;
      default: y[j * to] = j == best;
    }
  }
}

void espalier_softmax_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_softmax_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  if (first == end) return;
  const espalier_loop loop = espalier_softmax_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++)
        softmax(p, input + walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0],
                output + walk.offset[1] + r * walk.row_stride[1] + i * walk.stride[1]);
}
