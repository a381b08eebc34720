// Proves that a conv_gemm_f32 call stays inside its operands.
#include "conv_gemm_f32.h"

#include "../common/pixel_panel_check.h"
#include "../include/espalier_kernels.h"

static bool parameters_are_sane(const conv_gemm *p) {
  const int32_t extents[] = {p->batch, p->height, p->width, p->groups, p->output_channels,
                             p->run_count, p->run_length};
  const int32_t strides[] = {
      p->input_stride_n, p->input_stride_h, p->input_stride_w, p->output_stride_n, p->output_stride_h,
      p->output_stride_w, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, p->input_group};
  if (!are_sane(extents, sizeof extents / sizeof *extents, strides, sizeof strides / sizeof *strides)) return false;
  return p->function >= espalier_function_identity && p->function <= espalier_function_tanh &&
         (p->panels_inner == 0 || p->panels_inner == 1) && p->reserved == 0;
}

static bool operands_hold(espalier_call_facts *facts, const conv_gemm *p, uint64_t all_panels) {
  const int32_t extent[3] = {p->batch, p->height, p->width};
  const uint64_t groups = (uint64_t)p->groups, depth = (uint64_t)p->run_count * (uint64_t)p->run_length;
  uint64_t run, panel_elements = all_panels;
  if (!largest_run(facts, p->run_count, &run)) return false;
  const uint64_t read = (groups - 1) * (uint64_t)p->input_group + run + (uint64_t)p->run_length;
  const uint64_t channels = groups * (uint64_t)p->output_channels;
  if (!multiply(&panel_elements, depth) || !multiply(&panel_elements, ESPALIER_PANEL)) return false;
  const uint64_t input = image_span(extent, p->input_stride_n, p->input_stride_h, p->input_stride_w, read);
  const uint64_t residual =
      image_span(extent, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, channels);
  const uint64_t output =
      image_span(extent, p->output_stride_n, p->output_stride_h, p->output_stride_w, channels);
  const uint64_t *bytes = facts->operand_bytes;
  return operand_holds(bytes[0], input, &facts->extent[0]) &&
         operand_holds(bytes[1], (uint64_t)p->run_count, &facts->extent[1]) &&
         operand_holds(bytes[2], panel_elements, &facts->extent[2]) &&
         (!bytes[3] || operand_holds(bytes[3], all_panels * ESPALIER_PANEL, &facts->extent[3])) &&
         (!bytes[4] || operand_holds(bytes[4], residual, &facts->extent[4])) &&
         operand_holds(bytes[5], output, &facts->extent[5]);
}

bool espalier_conv_gemm_f32_check(espalier_call_facts *facts) {
  const conv_gemm *p = facts->parameters;
  if (facts->parameter_bytes != sizeof *p || facts->operand_count != 6) return false;
  if (!parameters_are_sane(p)) return false;
  for (size_t i = 0; i < ESPALIER_OPERAND_LIMIT; i++) facts->extent[i] = 0;
  if (!pixels_are_countable(p->batch, p->height, p->width)) return false;
  const pixel_panel_blocks blocks = conv_gemm_cut(p);
  if (!operands_hold(facts, p, (uint64_t)blocks.panels * (uint64_t)p->groups)) return false;
  return count_work(
      facts, &blocks, (uint64_t)p->groups, (uint64_t)p->output_channels,
      (uint64_t)p->run_count * (uint64_t)p->run_length);
}
