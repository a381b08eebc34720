// sample_f32 on vectors of VL channels: every output pixel straight from the input pixels that it is made of, those
// of linear interpolation inside an image unrolled. Reads and writes exactly the images' elements.
// Included behind vector_<isa>.h, inside its target attribute.

V vec sample_sum(const espalier_sample_pixel *pixel, int64_t count, const float *x, bool whole, vpart part) {
  vec sum = v_zero();
  for (int64_t i = 0; i < count; i++) {
    const float *from = x + pixel->offset[i];
    sum = v_fma(v_set(pixel->weight[i]), whole ? v_load(from) : v_load_part(from, part), sum);
  }
  return sum;
}

V void sample_channels(const espalier_sample_pixel *pixel, int64_t count, const float *x, float *y,
                       int64_t channels) {
  for (; channels >= VL; channels -= VL, x += VL, y += VL) v_store(y, sample_sum(pixel, count, x, true, v_part(0)));
  if (channels == 0) return;
  const vpart part = v_part(channels);
  v_store_part(y, part, sample_sum(pixel, count, x, false, part));
}

static void sample_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
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
      if (pixel.count == 4) sample_channels(&pixel, 4, input, y, p->channels);
      else sample_channels(&pixel, pixel.count, input, y, p->channels);
    }
  }
}
