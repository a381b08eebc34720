// y[n, o, c] = sum over the input pixels near a computed place of weight * x[n, pixel, c], in float.
#include "sample_f32.h"

void espalier_sample_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  if (first == end) return;
  const espalier_sample_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[3];
  const int64_t rows = espalier_sample_f32_rows(p), of_image = (int64_t)p->output[0] * p->output[1];
  const int64_t all = p->batch * of_image;
  espalier_sample_pixel pixel;
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / of_image;
    int64_t at[3] = {row % of_image / p->output[1], row % p->output[1], 0};
    for (; at[2] < p->output[2]; at[2]++) {
      espalier_sample_f32_pixel(p, call->operands[1], call->operands[2], n, at, &pixel);
      float *y = output + n * p->output_stride_n + at[0] * p->output_stride[0] + at[1] * p->output_stride[1] +
                 at[2] * p->output_stride[2];
      for (int64_t c = 0; c < p->channels; c++) {
        float sum = 0;
        for (int64_t i = 0; i < pixel.count; i++) sum += pixel.weight[i] * input[pixel.offset[i] + c];
        y[c] = sum;
      }
    }
  }
}
