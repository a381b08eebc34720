// Proves that a conv_winograd_u8 call stays inside its operands, and that its sums fit.
#include "../common/pixel_panel_check.h"
#include "conv_winograd_u8.h"

enum { SCRATCH_LIMIT = 1 << 30 };

static bool parameters_are_sane(const winograd_u8 *p) {
  const int32_t extents[] = {p->batch, p->height, p->width, p->input_channels, p->output_channels,
                             p->tiles_per_item, p->panels_per_item};
  const int32_t strides[] = {
      p->input_stride_n, p->input_stride_h, p->input_stride_w, p->output_stride_n, p->output_stride_h,
      p->output_stride_w, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w};
  return are_sane(extents, sizeof extents / sizeof *extents, strides, sizeof strides / sizeof *strides) &&
         (p->tile == 4 || p->tile == 2) &&
         (p->output_is_float == 0 || p->output_is_float == 1) &&
         (p->output_is_float ? p->low <= p->high : espalier_byte_range_ok(p->low, p->high));
}

static bool bytes_hold(espalier_call_facts *facts, int operand, uint64_t bytes) {
  if (bytes > facts->operand_bytes[operand]) return false;
  facts->extent[operand] = bytes;
  return true;
}

// Whether every sum of bytes times a channel's weights fits the bits that are left of it behind the scaling.
//
// The products wrap modulo 2^32. For tiles of 4 the transforms give 576 = 64 * 9 times the sum: the factor 9 has
// an inverse and goes, 64 takes 6 bits. For tiles of 2 they give 4 times the sum.
static bool sums_fit(const winograd_u8 *p, const int8_t *weights, uint32_t panels, uint64_t panel) {
  const int64_t limit = p->tile == 4 ? (int64_t)1 << 25 : (int64_t)1 << 29;
  if (!weights) return false;
  for (uint32_t i = 0; i < panels; i++, weights += panel)
    for (int c = 0; c < WINOGRAD_PANEL; c++) {
      int64_t positive = 0, negative = 0;
      for (uint64_t k = (uint64_t)c * 4; k < panel; k += 4 * WINOGRAD_PANEL)
        for (int j = 0; j < 4; j++) *(weights[k + j] > 0 ? &positive : &negative) += weights[k + j];
      if (255 * positive >= limit || 255 * negative < -limit) return false;
    }
  return true;
}

static bool operands_hold(espalier_call_facts *facts, const winograd_u8 *p, const winograd_u8_blocks *b) {
  const int32_t inputs[3] = {p->batch, p->height + 2, p->width + 2};
  const int32_t outputs[3] = {p->batch, p->height, p->width};
  const uint64_t channels = (uint64_t)p->output_channels;
  uint64_t weights = b->cut.panels;
  if (!multiply(&weights, b->panel)) return false;
  const uint64_t input = image_span(
      inputs, p->input_stride_n, p->input_stride_h, p->input_stride_w, (uint64_t)b->pairs * 2);
  const uint64_t residual =
      image_span(outputs, p->residual_stride_n, p->residual_stride_h, p->residual_stride_w, channels);
  const uint64_t output =
      image_span(outputs, p->output_stride_n, p->output_stride_h, p->output_stride_w, channels);
  const uint64_t *bytes = facts->operand_bytes;
  return bytes_hold(facts, 0, input) && bytes_hold(facts, 1, weights) &&
         operand_holds(bytes[2], (uint64_t)b->cut.panels * 2 * WINOGRAD_PANEL, &facts->extent[2]) &&
         (!bytes[3] || (!p->output_is_float && bytes_hold(facts, 3, 256))) &&
         (!bytes[4] || bytes_hold(facts, 4, residual)) &&
         (p->output_is_float ? operand_holds(bytes[5], output, &facts->extent[5])
                             : bytes_hold(facts, 5, output)) &&
         sums_fit(p, facts->operand_data[1], b->cut.panels, b->panel);
}

bool espalier_conv_winograd_u8_check(espalier_call_facts *facts) {
  const winograd_u8 *p = facts->parameters;
  if (facts->parameter_bytes != sizeof *p || facts->operand_count != 6) return false;
  if (!parameters_are_sane(p)) return false;
  for (size_t i = 0; i < ESPALIER_OPERAND_LIMIT; i++) facts->extent[i] = 0;
  if (!pixels_are_countable(p->batch, p->height, p->width)) return false;
  const winograd_u8_blocks b = winograd_u8_cut(p);
  if (!operands_hold(facts, p, &b)) return false;

  const uint64_t items = (uint64_t)b.cut.tile_blocks * b.cut.panel_blocks;
  // Each of the planes is below 2^53 bytes: extents are at most 2^24, tiles and panels fit 32 bits.
  const uint64_t plane = b.cut.input_plane / 32 + b.weight_plane / 32 + b.cut.output_plane / 16;
  if (items > UINT32_MAX || plane > SCRATCH_LIMIT || winograd_u8_scratch(&b) > SCRATCH_LIMIT) return false;
  uint64_t multiply_adds = (uint64_t)p->batch * (uint64_t)p->height * (uint64_t)p->width * WINOGRAD_TAPS;
  if (!multiply(&multiply_adds, (uint64_t)p->input_channels) ||
      !multiply(&multiply_adds, (uint64_t)p->output_channels))
    return false;
  facts->items = (uint32_t)items;
  facts->scratch_bytes = winograd_u8_scratch(&b);
  facts->multiply_adds = multiply_adds;
  facts->item_multiply_adds =
      winograd_largest_item(&b.cut, p->tile, p->input_channels, p->output_channels, multiply_adds);
  // A weight is transformed in the time of about 7 multiply-adds of the call (layer2 of ResNet-18, AVX512-VNNI).
  facts->beginning_multiply_adds = 7 * b.cut.points * b.weight_plane;
  return true;
}
