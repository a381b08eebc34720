// softmax_f32 on vectors: along the axis, VL elements at a time, or where the axis is strided and its
// neighbors are adjacent, for VL neighbors at once. The hard mode is left to the scalar kernel. y may be x.
// Reads and writes exactly the views' elements. Included behind vector_<isa>.h and elementwise_vector.h,
// inside its target attribute.

// Moves a partial sum of 64 terms into the total, so that long sums round seldom.
V void softmax_fold(vec *sum, vec *few, int64_t step) {
  if (step % 64 != 63) return;
  *sum = v_add(*sum, *few);
  *few = v_zero();
}

// --- Along the axis -------------------------------------------------------------------------------------

// The last lanes hold `fill` where fewer than VL elements are left.
V vec softmax_load(const float *x, int64_t stride, int64_t left, float fill) {
  if (left >= VL) return v_load_any(x, stride, VL);
  return v_select_part(v_part(left), v_load_any(x, stride, left), v_set(fill));
}

// One axis of `length` elements; the strides are 1 where `adjacent`.
V void softmax_axis(const espalier_softmax_f32_parameters *p, const float *x, float *y, bool adjacent) {
  const int64_t length = p->length, from = adjacent ? 1 : p->input_length_stride;
  const int64_t to = adjacent ? 1 : p->output_length_stride;
  const bool logarithm = p->mode == espalier_softmax_log;
  vec best = v_set(-__builtin_inff());
  for (int64_t j = 0; j < length; j += VL)
    best = v_max(softmax_load(x + j * from, from, length - j, -__builtin_inff()), best);
  const vec largest = v_set(v_greatest(best));
  vec sums = v_zero(), few = v_zero();
  for (int64_t j = 0; j < length; j += VL) {
    const int64_t n = length - j < VL ? length - j : VL;
    const vec e = v_exp(v_sub(softmax_load(x + j * from, from, n, -__builtin_inff()), largest));
    few = v_add(few, n == VL ? e : v_keep_part(v_part(n), e));
    softmax_fold(&sums, &few, j / VL);
    if (!logarithm) v_store_any(y + j * to, to, n, e);
  }
  const float sum = v_sum(v_add(sums, few));
  const vec factor = v_set(1 / sum), shift = v_set(logarithm ? logf(sum) : 0);
  for (int64_t j = 0; j < length; j += VL) {
    const int64_t n = length - j < VL ? length - j : VL;
    const vec value = logarithm ? v_load_any(x + j * from, from, n) : v_load_any(y + j * to, to, n);
    v_store_any(y + j * to, to, n, logarithm ? v_sub(v_sub(value, largest), shift) : v_mul(value, factor));
  }
}

static void softmax_adjacent(const espalier_softmax_f32_parameters *p, const float *x, float *y) {
  softmax_axis(p, x, y, true);
}
static void softmax_strided(const espalier_softmax_f32_parameters *p, const float *x, float *y) {
  softmax_axis(p, x, y, false);
}

// --- Across neighbors -----------------------------------------------------------------------------------

V void softmax_neighbors(const espalier_softmax_f32_parameters *p, const float *x, float *y, bool whole,
                         vpart part) {
  const int64_t length = p->length, from = p->input_length_stride, to = p->output_length_stride;
  const bool logarithm = p->mode == espalier_softmax_log;
  vec largest = v_set(-__builtin_inff()), sum = v_zero(), few = v_zero();
  for (int64_t j = 0; j < length; j++)
    largest = v_max(whole ? v_load(x + j * from) : v_load_part(x + j * from, part), largest);
  for (int64_t j = 0; j < length; j++) {
    const vec e = v_exp(v_sub(whole ? v_load(x + j * from) : v_load_part(x + j * from, part), largest));
    few = v_add(few, e);
    softmax_fold(&sum, &few, j);
    if (logarithm) continue;
    if (whole) v_store(y + j * to, e);
    else v_store_part(y + j * to, part, e);
  }
  sum = v_add(sum, few);
  const vec factor = v_div(v_set(1), sum), shift = logarithm ? v_log(sum) : sum;
  for (int64_t j = 0; j < length; j++) {
    const float *source = logarithm ? x + j * from : y + j * to;
    const vec value = whole ? v_load(source) : v_load_part(source, part);
    const vec result = logarithm ? v_sub(v_sub(value, largest), shift) : v_mul(value, factor);
    if (whole) v_store(y + j * to, result);
    else v_store_part(y + j * to, part, result);
  }
}

static void softmax_row_across(const espalier_softmax_f32_parameters *p, const float *x, float *y,
                               int64_t count) {
  for (; count >= VL; count -= VL, x += VL, y += VL) softmax_neighbors(p, x, y, true, v_part(0));
  if (count > 0) softmax_neighbors(p, x, y, false, v_part(count));
}

enum { softmax_near_limit = 64 };  // axes that are brought together in memory at most

// The same where the neighbors of the output lie `step` apart: results are computed side by side, then spread.
static void softmax_row_apart(const espalier_softmax_f32_parameters *p, const float *x, float *y, int64_t step,
                              int64_t count) {
  float near[softmax_near_limit * VL] __attribute__((aligned(64)));
  espalier_softmax_f32_parameters beside = *p;
  beside.output_length_stride = VL;
  const int64_t length = p->length, to = p->output_length_stride;
  for (int64_t i = 0; i < count; i += VL) {
    const int64_t n = count - i < VL ? count - i : VL;
    softmax_neighbors(&beside, x + i, near, n == VL, v_part(n % VL));
    for (int64_t k = 0; k < n; k++) {
      float *target = y + (i + k) * step;
      for (int64_t j = 0; j < length; j++) target[j * to] = near[j * VL + k];
    }
  }
}

static void softmax_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_softmax_f32_parameters *p = call->parameters;
  if (p->mode == espalier_softmax_hard) return espalier_softmax_f32_scalar(call, first, end, scratch);
  if (first == end) return;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const espalier_loop loop = espalier_softmax_f32_loop(p);
  const bool adjacent = p->input_length_stride == 1 && p->output_length_stride == 1;
  const int64_t *step = loop.stride[loop.rank - 1];
  const bool beside = !adjacent && step[0] == 1;
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *x = input + walk.offset[0] + r * walk.row_stride[0];
      float *y = output + walk.offset[1] + r * walk.row_stride[1];
      if (beside && step[1] == 1) softmax_row_across(p, x, y, walk.count);
      else if (beside && p->length <= softmax_near_limit) softmax_row_apart(p, x, y, step[1], walk.count);
      else
        for (int64_t i = 0; i < walk.count; i++)
          (adjacent ? softmax_adjacent : softmax_strided)(p, x + i * walk.stride[0], y + i * walk.stride[1]);
    }
}
