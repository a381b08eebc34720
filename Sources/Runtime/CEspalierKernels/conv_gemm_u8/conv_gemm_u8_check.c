// Proves that a conv_gemm_u8 call stays inside its operands.
#include "../common/pixel_panel_check.h"
#include "conv_gemm_u8.h"

static bool parameters_are_sane(const conv_gemm_u8 *p) {
  const int32_t extents[] = {p->batch, p->height, p->width, p->groups, p->output_channels,
                             p->run_count, p->run_length};
  const int32_t strides[] = {
      p->input_stride_n, p->input_stride_h, p->input_stride_w, p->output_stride_n, p->output_stride_h,
      p->output_stride_w, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, p->input_group};
  const int32_t flags[] = {p->output_is_float, p->panels_inner};
  if (!are_sane(extents, sizeof extents / sizeof *extents, strides, sizeof strides / sizeof *strides)) return false;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (flags[i] != 0 && flags[i] != 1) return false;
  return p->run_length % 4 == 0 &&
         (p->output_is_float ? p->low <= p->high : espalier_byte_range_ok(p->low, p->high));
}

static bool bytes_hold(espalier_call_facts *facts, int operand, uint64_t bytes) {
  if (bytes > facts->operand_bytes[operand]) return false;
  facts->extent[operand] = bytes;
  return true;
}

// Whether the 32 lanes of a quad, with those of the quad behind it where `quads` is 2, add up in 16 bits.
static bool lanes_fit(const int8_t *quad, int quads) {
  enum { QUAD = 4 * ESPALIER_PANEL };
  for (int lane = 0; lane < QUAD; lane += 2) {
    int8_t taps[4] = {quad[lane], quad[lane + 1]};
    if (quads == 2) taps[2] = quad[QUAD + lane], taps[3] = quad[QUAD + lane + 1];
    if (!espalier_sum_fits(taps, 1, 4)) return false;
  }
  return true;
}

// Proves what is said of a panel.
static bool sums_hold(const conv_gemm_u8 *p, const int8_t *panel, uint8_t sums) {
  if (sums == espalier_byte_sums_words) return true;
  if (sums > espalier_byte_sums_fours) return false;
  const int32_t quads = p->run_length / 4, most = sums == espalier_byte_sums_fours ? 2 : 1;
  for (int32_t run = 0; run < p->run_count; run++)
    for (int32_t quad = 0; quad < quads;) {
      const int32_t step = quads - quad < most ? quads - quad : most;
      if (!lanes_fit(panel, step)) return false;
      panel += (ptrdiff_t)step * 4 * ESPALIER_PANEL;
      quad += step;
    }
  return true;
}

static bool all_sums_hold(espalier_call_facts *facts, const conv_gemm_u8 *p, uint64_t panels) {
  const uint8_t *sums = facts->operand_data[7];
  const int8_t *weights = facts->operand_data[2];
  if (!facts->operand_bytes[7]) return true;
  if (!sums || !weights || !bytes_hold(facts, 7, panels)) return false;
  const uint64_t size = (uint64_t)p->run_count * (uint64_t)p->run_length * ESPALIER_PANEL;
  for (uint64_t i = 0; i < panels; i++)
    if (!sums_hold(p, weights + i * size, sums[i])) return false;
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
         all_sums_hold(facts, p, all_panels);
}

bool espalier_conv_gemm_u8_check(espalier_call_facts *facts) {
  const conv_gemm_u8 *p = facts->parameters;
  if (facts->parameter_bytes != sizeof *p || facts->operand_count != 8) return false;
  if (!parameters_are_sane(p)) return false;
  for (size_t i = 0; i < ESPALIER_OPERAND_LIMIT; i++) facts->extent[i] = 0;
  if (!pixels_are_countable(p->batch, p->height, p->width)) return false;
  const pixel_panel_blocks blocks = conv_gemm_u8_cut(p);
  if (!operands_hold(facts, p, (uint64_t)blocks.panels * (uint64_t)p->groups)) return false;
  return count_work(
      facts, &blocks, (uint64_t)p->groups, (uint64_t)p->output_channels,
      (uint64_t)p->run_count * (uint64_t)p->run_length);
}
