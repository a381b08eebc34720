// Random calls of the families that walk strided views of float32, element by element.
#include <math.h>

#include "agreement.h"

// Floats of all sizes, and what is not a number.
static void fill_values(float *x, size_t count, float size) {
  const float special[] = {NAN, INFINITY, -INFINITY, -0.0f, 1e30f, -1e30f, 1e-30f, 90, -110};
  for (size_t i = 0; i < count; i++)
    x[i] = one_in(30) ? special[pick(0, sizeof special / sizeof *special - 1)] : x[i] * size;
}

static void try_fill(void) {
  espalier_fill_f32_parameters p = {.value = pick_float(-2, 2)};
  example e = {.family = "fill_f32", .parameters = &p};
  pick_extents(p.extent);
  float_operand(&e, 0, pick_strides(p.extent, p.stride, &p.base));
  check_example(&e);
}

static void try_copy(void) {
  espalier_copy_f32_parameters p = {0};
  example e = {.family = "copy_f32", .parameters = &p};
  pick_extents(p.extent);
  float_operand(&e, 0, pick_read_strides(p.extent, p.input_stride, &p.input_base));
  float_operand(&e, 1, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_unary(void) {
  espalier_unary_f32_parameters p = {
      .function = pick(0, espalier_function_count - 1), .alpha = pick_float(0.5f, 1.5f),
      .beta = pick_float(0.5f, 2)};
  example e = {.family = "unary_f32", .parameters = &p, .tolerance = 1e-5f};
  pick_extents(p.extent);
  const size_t count = pick_read_strides(p.extent, p.input_stride, &p.input_base);
  fill_values(float_operand(&e, 0, count), count, one_in(2) ? 1 : 6);
  float_operand(&e, 1, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_binary(void) {
  espalier_binary_f32_parameters p = {
      .operation = pick(0, espalier_binary_count - 1), .alpha = pick_float(-0.5f, 0.5f),
      .beta = pick_float(0.5f, 2)};
  if (one_in(2)) p.function = pick(0, espalier_function_tanh);
  example e = {.family = "binary_f32", .parameters = &p, .tolerance = 1e-5f};
  pick_extents(p.extent);
  const size_t a = pick_read_strides(p.extent, p.a_stride, &p.a_base);
  const size_t b = pick_read_strides(p.extent, p.b_stride, &p.b_base);
  fill_values(float_operand(&e, 0, a), a, 3);
  fill_values(float_operand(&e, 1, b), b, 3);
  float_operand(&e, 2, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_select(void) {
  espalier_select_f32_parameters p = {0};
  example e = {.family = "select_f32", .parameters = &p};
  pick_extents(p.extent);
  const size_t count = pick_read_strides(p.extent, p.c_stride, &p.c_base);
  float *c = float_operand(&e, 0, count);
  for (size_t i = 0; i < count; i++) c[i] = one_in(20) ? NAN : one_in(2) ? -0.0f : c[i];
  float_operand(&e, 1, pick_read_strides(p.extent, p.a_stride, &p.a_base));
  float_operand(&e, 2, pick_read_strides(p.extent, p.b_stride, &p.b_base));
  float_operand(&e, 3, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_gather(void) {
  espalier_gather_f32_parameters p = {.axis = pick(1, 9), .count = pick(1, 12)};
  example e = {.family = "gather_f32", .parameters = &p};
  const int32_t inner = one_in(3) ? 1 : pick(1, 70), outer = pick(1, 5);
  for (int i = 0; i < 3; i++) p.outer[i] = p.inner[i] = 1;
  p.outer[2] = outer, p.inner[2] = inner;
  p.inner_input_stride[2] = p.inner_output_stride[2] = 1;
  p.axis_input_stride = inner, p.count_output_stride = inner;
  p.outer_input_stride[2] = inner * p.axis, p.outer_output_stride[2] = inner * p.count + pick(0, 3);
  float_operand(&e, 0, (size_t)(outer * p.axis * inner));
  int32_t *table = (int32_t *)(void *)random_operand(&e, 1, (size_t)p.count * 4);
  for (int32_t i = 0; i < p.count; i++) table[i] = pick(0, p.axis - 1);
  float_operand(&e, 2, (size_t)(outer * p.outer_output_stride[2]));
  check_example(&e);
}

static void try_statistics(void) {
  espalier_statistics_f32_parameters p = {.low = -0.5f, .high = 0.75f};
  example e = {.family = "statistics_f32", .parameters = &p};
  pick_extents(p.extent);
  const size_t count = pick_read_strides(p.extent, p.input_stride, &p.input_base);
  float *x = float_operand(&e, 0, count);
  for (size_t i = 0; i < count; i++)
    if (one_in(20)) x[i] = (float[]){NAN, INFINITY, -INFINITY, -0.0f}[pick(0, 3)];
  random_operand(&e, 1, sizeof(espalier_statistics));
  check_example(&e);
}

void try_views_f32(void) {
  static void (*const attempts[])(void) = {try_fill,   try_copy,   try_copy,   try_unary,  try_unary,
                                           try_binary, try_binary, try_select, try_gather, try_statistics};
  attempts[pick(0, 9)]();
}
