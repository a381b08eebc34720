// Random reductions, softmax, products of matrices and normalizations of float32.
#include "agreement.h"

enum { rank = ESPALIER_RANK_LIMIT };

// `kept` axes and `reduced` ones, the innermost of either kind; strides of a dense tensor. Returns its
// elements.
static size_t split_axes(int32_t *kept, int32_t *kept_stride, int32_t *reduced, int32_t *reduced_stride) {
  const bool reduces_inner = one_in(2);
  const int32_t outer = pick(1, 40), middle = one_in(2) ? pick(1, 4) : 1, inner = pick(1, 70);
  for (int i = 0; i < rank; i++) kept[i] = reduced[i] = 1, kept_stride[i] = reduced_stride[i] = 0;
  int32_t *outside = reduces_inner ? kept : reduced, *inside = reduces_inner ? reduced : kept;
  int32_t *outside_stride = reduces_inner ? kept_stride : reduced_stride;
  int32_t *inside_stride = reduces_inner ? reduced_stride : kept_stride;
  outside[rank - 1] = outer, outside_stride[rank - 1] = middle * inner;
  inside[rank - 2] = middle, inside_stride[rank - 2] = inner;
  inside[rank - 1] = inner, inside_stride[rank - 1] = 1;
  return (size_t)(outer * middle * inner);
}

static void try_reduce(void) {
  espalier_reduce_f32_parameters p = {.reduction = pick(0, espalier_reduction_count - 1)};
  example e = {.family = "reduce_f32", .parameters = &p, .tolerance = 3e-5f};
  const size_t count = split_axes(p.kept, p.kept_input_stride, p.reduced, p.reduced_stride);
  float *x = float_operand(&e, 0, count);
  if (p.reduction == espalier_reduction_log_sum)  // sums near 0 would magnify roundings
    for (size_t i = 0; i < count; i++) x[i] += 1.5f;
  const size_t results = pick_strides(p.kept, p.kept_output_stride, &p.output_base);
  float_operand(&e, 1, results);
  check_example(&e);
}

static void try_softmax(void) {
  espalier_softmax_f32_parameters p = {
      .mode = pick(espalier_softmax_plain, espalier_softmax_hard), .length = pick(1, 90)};
  example e = {.family = "softmax_f32", .parameters = &p, .tolerance = 1e-5f};
  const int32_t others = pick(1, 40);
  const bool along = one_in(2);  // the axis is innermost
  for (int i = 0; i < rank; i++) p.extent[i] = 1;
  p.extent[rank - 1] = others;
  p.input_length_stride = p.output_length_stride = along ? 1 : others;
  p.input_stride[rank - 1] = p.output_stride[rank - 1] = along ? p.length : 1;
  const size_t count = (size_t)(others * p.length);
  float *x = float_operand(&e, 0, count);
  for (size_t i = 0; i < count; i++) x[i] *= one_in(9) ? 80 : 8;
  float_operand(&e, 1, count);
  check_example(&e);
}

static void try_matmul(void) {
  espalier_matmul_f32_parameters p = {
      .batch = {1, 1, 1, pick(1, 3)}, .m = one_in(3) ? 1 : pick(1, 20), .n = pick(1, 70), .k = pick(1, 50),
      .alpha = pick_float(-1, 1)};
  example e = {.family = "matmul_f32", .parameters = &p, .tolerance = 3e-5f};
  const bool turned = one_in(3);  // b lies transposed
  p.a_stride_m = p.k, p.a_stride_k = 1;
  p.b_stride_k = turned ? 1 : p.n, p.b_stride_n = turned ? p.k : 1;
  p.output_stride_m = p.n, p.output_stride_n = 1;
  p.a_batch_stride[3] = p.m * p.k, p.b_batch_stride[3] = one_in(2) ? p.k * p.n : 0;
  p.output_batch_stride[3] = p.m * p.n;
  float_operand(&e, 0, (size_t)(p.batch[3] * p.m * p.k));
  float_operand(&e, 1, (size_t)(p.batch[3] * p.k * p.n));
  float_operand(&e, 2, (size_t)(p.batch[3] * p.m * p.n));
  check_example(&e);
}

static void try_normalize(void) {
  espalier_normalize_f32_parameters p = {
      .normalization = pick(espalier_normalization_mean_variance, espalier_normalization_l2),
      .epsilon = 1e-2f};
  // factors of up to 1 / sqrt(1e-2) magnify the rounding of sums
  example e = {.family = "normalize_f32", .parameters = &p, .tolerance = 1e-4f};
  const size_t count = split_axes(p.kept, p.kept_input_stride, p.reduced, p.reduced_input_stride);
  const bool of_kept = one_in(2);  // scale and bias differ between groups, or within them
  int32_t kept_count = 1, reduced_count = 1;
  for (int i = rank - 1; i >= 0; i--) {
    p.kept_output_stride[i] = p.kept_input_stride[i], p.reduced_output_stride[i] = p.reduced_input_stride[i];
    if (of_kept) p.kept_scale_stride[i] = p.kept_bias_stride[i] = kept_count;
    else p.reduced_scale_stride[i] = p.reduced_bias_stride[i] = reduced_count;
    kept_count *= p.kept[i], reduced_count *= p.reduced[i];
  }
  float_operand(&e, 0, count);
  if (one_in(2)) float_operand(&e, 1, (size_t)(of_kept ? kept_count : reduced_count));
  if (one_in(2)) float_operand(&e, 2, (size_t)(of_kept ? kept_count : reduced_count));
  float_operand(&e, 3, count);
  check_example(&e);
}

void try_sums_f32(void) {
  static void (*const attempts[])(void) = {try_reduce, try_softmax, try_matmul, try_normalize};
  attempts[pick(0, 3)]();
}
