// Proves that a conv_winograd_f32 call stays inside its operands.
#include "conv_winograd_f32.h"

#include "../common/checked_arithmetic.h"
#include "../include/espalier_kernels.h"

enum { SCRATCH_LIMIT = 1 << 30 };

static bool parameters_are_sane(const conv_winograd *p) {
  const int32_t extents[] = {p->batch, p->height, p->width, p->input_height, p->input_width,
                             p->input_channels, p->output_channels, p->tiles_per_item, p->panels_per_item};
  const int32_t strides[] = {
      p->input_stride_n, p->input_stride_h, p->input_stride_w, p->output_stride_n, p->output_stride_h,
      p->output_stride_w, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w};
  for (size_t i = 0; i < sizeof extents / sizeof *extents; i++)
    if (!is_extent(extents[i])) return false;
  for (size_t i = 0; i < sizeof strides / sizeof *strides; i++)
    if (strides[i] < 0) return false;
  return (p->tile == 4 || p->tile == 2) && p->input_height <= p->height + 2 &&
         p->input_width <= p->width + 2 && p->function >= espalier_function_identity &&
         p->function <= espalier_function_tanh;
}

static bool operands_hold(espalier_call_facts *facts, const conv_winograd *p, const winograd_blocks *b) {
  const int32_t inputs[3] = {p->batch, p->input_height, p->input_width};
  const int32_t outputs[3] = {p->batch, p->height, p->width};
  const uint64_t channels = (uint64_t)p->output_channels;
  uint64_t weights = (uint64_t)b->points * b->panels;
  if (!multiply(&weights, (uint64_t)p->input_channels * WINOGRAD_PANEL)) return false;
  const uint64_t input = image_span(
      inputs, p->input_stride_n, p->input_stride_h, p->input_stride_w, (uint64_t)p->input_channels);
  const uint64_t residual =
      image_span(outputs, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, channels);
  const uint64_t output =
      image_span(outputs, p->output_stride_n, p->output_stride_h, p->output_stride_w, channels);
  const uint64_t *bytes = facts->operand_bytes;
  return operand_holds(bytes[0], input, &facts->extent[0]) &&
         operand_holds(bytes[1], weights, &facts->extent[1]) &&
         (!bytes[2] || operand_holds(bytes[2], (uint64_t)b->panels * WINOGRAD_PANEL, &facts->extent[2])) &&
         (!bytes[3] || operand_holds(bytes[3], residual, &facts->extent[3])) &&
         operand_holds(bytes[4], output, &facts->extent[4]);
}

bool espalier_conv_winograd_f32_check(espalier_call_facts *facts) {
  const conv_winograd *p = facts->parameters;
  if (facts->parameter_bytes != sizeof *p || facts->operand_count != 5) return false;
  if (!parameters_are_sane(p)) return false;
  for (size_t i = 0; i < ESPALIER_OPERAND_LIMIT; i++) facts->extent[i] = 0;
  uint64_t pixels = (uint64_t)p->batch;
  if (!multiply(&pixels, (uint64_t)p->height) || !multiply(&pixels, (uint64_t)p->width)) return false;
  if (pixels > INT32_MAX) return false;
  const winograd_blocks b = winograd_cut(p);
  if (!operands_hold(facts, p, &b)) return false;

  const uint64_t items = (uint64_t)b.tile_blocks * b.panel_blocks;
  uint64_t scratch = b.input_plane + b.output_plane;
  if (items > UINT32_MAX || !multiply(&scratch, b.points * 4) || scratch > SCRATCH_LIMIT) return false;
  uint64_t multiply_adds = pixels * 9;
  if (!multiply(&multiply_adds, (uint64_t)p->input_channels) ||
      !multiply(&multiply_adds, (uint64_t)p->output_channels))
    return false;
  facts->items = (uint32_t)items;
  facts->scratch_bytes = scratch;
  facts->multiply_adds = multiply_adds;
  facts->item_multiply_adds =
      winograd_largest_item(&b, p->tile, p->input_channels, p->output_channels, multiply_adds);
  return true;
}
