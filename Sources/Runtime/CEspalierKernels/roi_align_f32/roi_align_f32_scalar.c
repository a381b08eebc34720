// y[r, oy, ox, c] = the average or the maximum over the samples of a bin.
#include "roi_align_f32_body.h"

void espalier_roi_align_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run(call, first, end);
}
