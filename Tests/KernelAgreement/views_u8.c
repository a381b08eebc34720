// Random calls of the families that walk strided views of bytes.
#include <math.h>

#include "agreement.h"

static void try_fill(void) {
  espalier_fill_u8_parameters p = {.value = pick(0, 255)};
  example e = {.family = "fill_u8", .parameters = &p};
  pick_extents(p.extent);
  random_operand(&e, 0, pick_strides(p.extent, p.stride, &p.base));
  check_example(&e);
}

static void try_copy(void) {
  espalier_copy_u8_parameters p = {0};
  example e = {.family = "copy_u8", .parameters = &p};
  pick_extents(p.extent);
  random_operand(&e, 0, pick_read_strides(p.extent, p.input_stride, &p.input_base));
  random_operand(&e, 1, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_table(void) {
  espalier_table_u8_parameters p = {0};
  example e = {.family = "table_u8", .parameters = &p};
  pick_extents(p.extent);
  random_operand(&e, 0, pick_read_strides(p.extent, p.input_stride, &p.input_base));
  random_operand(&e, 1, 256);
  random_operand(&e, 2, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_quantize(void) {
  espalier_quantize_u8_parameters p = {
      .scale = one_in(2) ? 0.5f : pick_float(0.001f, 2), .zero = (float)pick(0, 255), .low = 0, .high = 255};
  example e = {.family = "quantize_u8", .parameters = &p};
  if (one_in(3)) p.low = (float)pick(0, 100), p.high = p.low + (float)pick(0, 155);
  pick_extents(p.extent);
  float *x = float_operand(&e, 0, pick_read_strides(p.extent, p.input_stride, &p.input_base));
  for (size_t i = 0; i < e.bytes[0] / 4; i++) {
    x[i] = one_in(2) ? (float)pick(-400, 400) * 0.25f : x[i] * 200 * p.scale;  // also halves of the scale
    if (one_in(30)) x[i] = (float[]){NAN, INFINITY, -INFINITY, 3e38f, 1e-40f, -0.0f}[pick(0, 5)];
  }
  random_operand(&e, 1, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_dequantize(void) {
  espalier_dequantize_u8_parameters p = {0};
  example e = {.family = "dequantize_u8", .parameters = &p};
  pick_extents(p.extent);
  random_operand(&e, 0, pick_read_strides(p.extent, p.input_stride, &p.input_base));
  random_operand(&e, 1, 256 * sizeof(float));
  random_operand(&e, 2, pick_strides(p.extent, p.output_stride, &p.output_base) * sizeof(float));
  check_example(&e);
}

static void try_binary(void) {
  espalier_binary_u8_parameters p = {
      .operation = pick(espalier_binary_u8_add, espalier_binary_u8_multiply), .a_zero = pick(0, 255),
      .b_zero = pick(0, 255), .a_scale = one_in(2) ? 0.5f : pick_float(-1, 1), .b_scale = pick_float(-1, 1),
      .offset = pick_float(-50, 200), .low = 0, .high = 255};
  example e = {.family = "binary_u8", .parameters = &p};
  if (one_in(3)) p.low = (float)pick(0, 100), p.high = p.low + (float)pick(0, 155);
  if (one_in(20)) p.offset = NAN;
  pick_extents(p.extent);
  random_operand(&e, 0, pick_read_strides(p.extent, p.a_stride, &p.a_base));
  random_operand(&e, 1, pick_read_strides(p.extent, p.b_stride, &p.b_base));
  if (one_in(2)) random_operand(&e, 2, 256);
  random_operand(&e, 3, pick_strides(p.extent, p.output_stride, &p.output_base));
  check_example(&e);
}

static void try_statistics(void) {
  espalier_statistics_u8_parameters p = {0};
  example e = {.family = "statistics_u8", .parameters = &p};
  pick_extents(p.extent);
  random_operand(&e, 0, pick_read_strides(p.extent, p.input_stride, &p.input_base));
  random_operand(&e, 1, sizeof(espalier_statistics));
  check_example(&e);
}

void try_views_u8(void) {
  static void (*const attempts[])(void) = {try_fill,       try_copy,   try_table,     try_quantize,
                                           try_dequantize, try_binary, try_statistics};
  attempts[pick(0, 6)]();
}
