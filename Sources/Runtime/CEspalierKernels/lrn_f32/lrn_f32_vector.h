// lrn_f32 on vectors of VL channels: the squares of a pixel stand in the scratch between zeros, so that
// every sum is `size` loads. Reads and writes exactly the images' elements; of the scratch (size - 1) / 2
// zeros, the squares, and zeros up to size / 2 + VL behind them.
// Included behind vector_<isa>.h and function_vector.h, inside its target attribute.

// base^-beta; 3/4, the commonest beta, by square roots.
V vec lrn_factor(vec base, float beta) {
  if (beta == 0.75f) {
    const vec root = v_sqrt(base);
    return v_div(v_set(1), v_mul(root, v_sqrt(root)));
  }
  return v_exp(v_mul(v_set(-beta), v_log(base)));
}

V void lrn_pixel(const espalier_lrn_f32_parameters *p, const float *x, float *y, float *scratch) {
  const int64_t channels = p->channels, before = (p->size - 1) / 2;
  float *squares = scratch + before;
  int64_t c = 0;
  for (; c + VL <= channels; c += VL) v_store(squares + c, v_mul(v_load(x + c), v_load(x + c)));
  if (c < channels) {
    const vec rest = v_load_part(x + c, v_part(channels - c));
    v_store_part(squares + c, v_part(channels - c), v_mul(rest, rest));
  }
  const vec k = v_set(p->k), factor = v_set(p->alpha / (float)p->size);
  for (c = 0; c < channels; c += VL) {
    vec sum = v_zero();
    for (int64_t i = 0; i < p->size; i++) sum = v_add(sum, v_load(scratch + c + i));
    const vec gain = lrn_factor(v_fma(factor, sum, k), p->beta);
    if (channels - c >= VL) {
      v_store(y + c, v_mul(v_load(x + c), gain));
    } else {
      const vpart part = v_part(channels - c);
      v_store_part(y + c, part, v_mul(v_load_part(x + c, part), gain));
    }
  }
}

static void lrn_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_lrn_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const int64_t rows = espalier_lrn_f32_rows(p), all = (int64_t)p->batch * p->height;
  memset(scratch, 0, ((size_t)p->channels + (size_t)p->size + 32) * 4);
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->height, h = row % p->height;
    const float *x = input + n * p->input_stride_n + h * p->input_stride_h;
    float *y = output + n * p->output_stride_n + h * p->output_stride_h;
    for (int64_t w = 0; w < p->width; w++, x += p->input_stride_w, y += p->output_stride_w)
      lrn_pixel(p, x, y, scratch);
  }
}
