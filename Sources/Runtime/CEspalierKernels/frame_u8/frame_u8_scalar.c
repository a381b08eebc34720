// Pictures to inputs, by the definition in espalier_frame_parameters.h.
#include "frame_u8_pixels.h"

static inline void stretch(const frame_u8 *p, const int32_t *columns, frame_row row, int16_t *stretched) {
  frame_stretch_pixels(p, columns, row, 0, p->placed_width, stretched);
}

static inline void blend(
    int64_t count, const int16_t *upper, const int16_t *lower, int32_t weights, uint8_t *bytes) {
  const int32_t a = weights & 0xFFFF, b = weights >> 16;
  for (int64_t x = 0; x < count; x++)
    bytes[x] = (uint8_t)frame_byte((((upper[x] * a) >> 16) + ((lower[x] * b) >> 16) + 2) >> 2);
}

#include "frame_u8_body.h"

void espalier_frame_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  frame_run(call, first, end, scratch);
}
