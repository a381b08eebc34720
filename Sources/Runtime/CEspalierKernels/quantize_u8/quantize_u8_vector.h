// y[i] = quantized(rint(x[i] / scale) + zero), VB a step. The including file gives the vectors.
//
// A picture whose planes become pixels has neighboring floats in the rows of a walk instead of along them: there
// VB rows are computed at once, plane by plane, and their bytes spread over the pixels; but first of all the including
// file's quantize_narrow_pixels is asked, if it says HAS_NARROW_PIXELS.
#include "quantize_u8_body.h"

typedef espalier_quantize_u8_parameters quantize_u8;

B bvec quantized_vector(const quantize_u8 *p, const float *x) {
  return b_ordered(b_quantized(b_load_scaled(x, p->scale, p->zero), p->low, p->high));
}

static inline void quantize_vectors(const quantize_u8 *p, const float *x, uint8_t *y, int64_t count) {
  int64_t i = 0;
  for (; i + VB <= count; i += VB) b_store(y + i, quantized_vector(p, x + i));
  quantize(p, x + i, 1, y + i, 1, count - i);
}

// `count` planes, `rows` floats of each; the last VB rows overlap those before them.
static inline void quantize_planes(const quantize_u8 *p, const float *x, int64_t plane, uint8_t *y, int64_t pixel,
                                   int64_t step, int64_t rows, int64_t count) {
#if defined(HAS_NARROW_PIXELS)
  if (quantize_narrow_pixels(p, x, plane, y, pixel, step, rows, count)) return;
#endif
  if (rows < VB) {
    for (int64_t r = 0; r < rows; r++) quantize(p, x + r, plane, y + r * pixel, step, count);
    return;
  }
  for (int64_t block = 0; block < rows; block += VB) {
    const int64_t r = block + VB <= rows ? block : rows - VB;
    for (int64_t c = 0; c < count; c++) {
      uint8_t bytes[VB];
      b_store(bytes, quantized_vector(p, x + c * plane + r));
      uint8_t *to = y + c * step + r * pixel;
      for (int i = 0; i < VB; i++) to[i * pixel] = bytes[i];
    }
  }
}

static inline void run_vectors(const espalier_call *call, uint32_t first, uint32_t end) {
  const quantize_u8 *p = call->parameters;
  const espalier_loop loop = espalier_quantize_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop)) {
    const int64_t *stride = walk.stride, *row = walk.row_stride;
    const float *x = (const float *)call->operands[0] + walk.offset[0];
    uint8_t *y = (uint8_t *)call->operands[1] + walk.offset[1];
    if (row[0] == 1 && stride[0] != 1) {
      quantize_planes(p, x, stride[0], y, row[1], stride[1], walk.rows, walk.count);
      continue;
    }
    for (int64_t r = 0; r < walk.rows; r++, x += row[0], y += row[1]) {
      if (stride[0] == 1 && stride[1] == 1) quantize_vectors(p, x, y, walk.count);
      else quantize(p, x, stride[0], y, stride[1], walk.count);
    }
  }
}
