// Proves a roi_align_f32 call. Operands: 0 input, 1 regions, 2 numbers of images, 3 output. Whatever a region and
// its image are, samples lie inside the input.
#include "roi_align_f32.h"

static bool regions_settle(espalier_call_facts *facts, const espalier_roi_align_f32_parameters *p) {
  const int32_t extent[] = {p->regions, 4}, stride[] = {p->region_stride, p->coordinate_stride};
  return espalier_view_settle(facts, 1, 2, extent, stride, p->region_base) &&
         espalier_view_settle(facts, 2, 1, &p->regions, &p->image_stride, p->image_base);
}

bool espalier_roi_align_f32_check(espalier_call_facts *facts) {
  const espalier_roi_align_f32_parameters *p = facts->parameters;
  const int32_t input[] = {p->batch, p->height, p->width, p->channels};
  const int32_t output[] = {p->regions, p->output_height, p->output_width, p->channels};
  const int32_t stride[] = {p->output_stride_n, p->output_stride_h, p->output_stride_w, 1};
  uint64_t read = 1, count = 1, samples = 1;
  const int32_t most[] = {p->samples ? p->samples : p->height, p->samples ? p->samples : p->width};
  if (!espalier_between(p->mode, espalier_roi_average, espalier_roi_max)) return false;
  if (!espalier_between(p->half_pixel, 0, 1) || !espalier_count(&samples, 2, most)) return false;
  if (!espalier_count(&read, 4, input) || !espalier_count(&count, 4, output)) return false;
  if (!espalier_work_ok(count, samples)) return false;
  if (count == 0) return true;
  if (read == 0 || !espalier_writes_apart(4, output, stride)) return false;
  if (!espalier_image_settle(facts, 0, input, p->input_stride_n, p->input_stride_h, p->input_stride_w) ||
      !espalier_image_settle(facts, 3, output, p->output_stride_n, p->output_stride_h, p->output_stride_w) ||
      !regions_settle(facts, p))
    return false;
  facts->items = espalier_row_items((uint64_t)p->regions * (uint64_t)p->output_height,
                                    espalier_roi_align_f32_rows(p));
  return true;
}
