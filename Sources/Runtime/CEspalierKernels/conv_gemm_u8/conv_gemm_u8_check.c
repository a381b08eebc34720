// Proves that a conv_gemm_u8 call stays inside its operands.
#include "../common/checked_arithmetic.h"
#include "conv_gemm_u8.h"

static bool parameters_are_sane(const conv_gemm_u8 *p) {
  const int32_t extents[] = {p->batch, p->height, p->width, p->groups, p->output_channels,
                             p->run_count, p->run_length};
  const int32_t strides[] = {
      p->input_stride_n, p->input_stride_h, p->input_stride_w, p->output_stride_n, p->output_stride_h,
      p->output_stride_w, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, p->input_group};
  const int32_t flags[] = {p->output_is_float, p->pairs_fit, p->panels_inner};
  for (size_t i = 0; i < sizeof extents / sizeof *extents; i++)
    if (!is_extent(extents[i])) return false;
  for (size_t i = 0; i < sizeof strides / sizeof *strides; i++)
    if (strides[i] < 0) return false;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (flags[i] != 0 && flags[i] != 1) return false;
  return p->run_length % 4 == 0 && p->reserved == 0 &&
         (p->output_is_float ? p->low <= p->high : espalier_byte_range_ok(p->low, p->high));
}

// The largest entry of the run table; false where it is missing, too short or has a negative entry.
static bool largest_run(const espalier_call_facts *facts, int32_t run_count, uint64_t *largest) {
  const int32_t *runs = facts->operand_data[1];
  if (!runs || facts->operand_bytes[1] / 4 < (uint64_t)run_count) return false;
  *largest = 0;
  for (int32_t i = 0; i < run_count; i++) {
    if (runs[i] < 0) return false;
    if ((uint64_t)runs[i] > *largest) *largest = (uint64_t)runs[i];
  }
  return true;
}

// Whether the pairs of weights stand in the pack as they are said to: no 16-bit sum of two products wraps.
static bool pairs_fit(const espalier_call_facts *facts, uint64_t weight_bytes) {
  const int8_t *w = facts->operand_data[2];
  if (!w) return false;
  for (uint64_t i = 0; i < weight_bytes; i += 2) {
    const int sum = w[i] + w[i + 1];
    if (w[i] >= 0 && w[i + 1] >= 0 && 255 * sum > INT16_MAX) return false;
    if (w[i] < 0 && w[i + 1] < 0 && 255 * sum < INT16_MIN) return false;
    if (255 * w[i] < INT16_MIN || 255 * w[i + 1] < INT16_MIN) return false;
  }
  return true;
}

static bool bytes_hold(espalier_call_facts *facts, int operand, uint64_t bytes) {
  if (bytes > facts->operand_bytes[operand]) return false;
  facts->extent[operand] = bytes;
  return true;
}

static bool operands_hold(espalier_call_facts *facts, const conv_gemm_u8 *p, uint64_t all_panels) {
  const int32_t extent[3] = {p->batch, p->height, p->width};
  const uint64_t groups = (uint64_t)p->groups, depth = (uint64_t)p->run_count * (uint64_t)p->run_length;
  uint64_t run, weights = all_panels;
  if (!largest_run(facts, p->run_count, &run)) return false;
  const uint64_t read = (groups - 1) * (uint64_t)p->input_group + run + (uint64_t)p->run_length;
  const uint64_t channels = groups * (uint64_t)p->output_channels;
  if (!multiply(&weights, depth) || !multiply(&weights, ESPALIER_PANEL)) return false;
  const uint64_t input = image_span(extent, p->input_stride_n, p->input_stride_h, p->input_stride_w, read);
  const uint64_t residual =
      image_span(extent, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, channels);
  const uint64_t output =
      image_span(extent, p->output_stride_n, p->output_stride_h, p->output_stride_w, channels);
  const uint64_t *bytes = facts->operand_bytes;
  return bytes_hold(facts, 0, input) && operand_holds(bytes[1], (uint64_t)p->run_count, &facts->extent[1]) &&
         bytes_hold(facts, 2, weights) &&
         operand_holds(bytes[3], all_panels * 2 * ESPALIER_PANEL, &facts->extent[3]) &&
         (!bytes[4] || (!p->output_is_float && bytes_hold(facts, 4, 256))) &&
         (!bytes[5] || bytes_hold(facts, 5, residual)) &&
         (p->output_is_float ? operand_holds(bytes[6], output, &facts->extent[6])
                             : bytes_hold(facts, 6, output)) &&
         (!p->pairs_fit || pairs_fit(facts, weights));
}

bool espalier_conv_gemm_u8_check(espalier_call_facts *facts) {
  const conv_gemm_u8 *p = facts->parameters;
  if (facts->parameter_bytes != sizeof *p || facts->operand_count != 7) return false;
  if (!parameters_are_sane(p)) return false;
  for (size_t i = 0; i < ESPALIER_OPERAND_LIMIT; i++) facts->extent[i] = 0;
  uint64_t pixels = (uint64_t)p->batch;
  if (!multiply(&pixels, (uint64_t)p->height) || !multiply(&pixels, (uint64_t)p->width)) return false;
  if (pixels > INT32_MAX) return false;
  const pixel_panel_blocks blocks = conv_gemm_u8_cut(p);
  if (!operands_hold(facts, p, (uint64_t)blocks.panels * (uint64_t)p->groups)) return false;

  uint64_t items = (uint64_t)blocks.pixel_blocks * blocks.panel_blocks;
  if (!multiply(&items, (uint64_t)p->groups) || items > UINT32_MAX) return false;
  uint64_t multiply_adds = pixels * (uint64_t)p->groups;
  if (!multiply(&multiply_adds, (uint64_t)p->output_channels) ||
      !multiply(&multiply_adds, (uint64_t)p->run_count) || !multiply(&multiply_adds, (uint64_t)p->run_length))
    return false;
  facts->items = (uint32_t)items;
  facts->scratch_bytes = 0;
  facts->multiply_adds = multiply_adds;
  return true;
}
