// Resampling along rows by vectors: V output pixels a step, both taps of a pixel in the halves of its 32 bits, so that
// colors are converted for both at once. The including file gives the vectors (v_…) and V; where it says
// HAS_NEAR_PAIRS, also near_pairs, which is asked first and says whether it has loaded a step.
//
// Taps are gathered: 4 bytes from the first tap's address on hold what both taps need of a plane or a pair of pixels.
// A row's last pixels, whose 4 bytes would reach behind it, are computed one by one.
#include "frame_u8_pixels.h"

typedef struct vec3 {
  vec v[3];
} vec3;

// The largest column whose gathered bytes all lie inside the row.
static inline int64_t frame_last_gathered(const frame_u8 *p) {
  switch (p->format) {
    case espalier_frame_gray8:
    case espalier_frame_nv12: return (int64_t)p->width - 4;
    case espalier_frame_i420: {
      const int64_t chroma = 2 * (frame_half(p->width) - 4) + 1;
      return chroma < p->width - 4 ? chroma : (int64_t)p->width - 4;
    }
    default: return (int64_t)p->width - 2;
  }
}

// Bytes i and j of every 32 bits as the pair's halves; 4 gives zero.
#define PAIR(i, j) v_shuffle_control((i) | (i == 4 ? 0x80 : 0), (j) | (j == 4 ? 0x80 : 0))

#if defined(HAS_NEAR_PAIRS)
static inline bool near_pairs(
    const frame_u8 *p, const int format, const int32_t *columns, frame_row row, vec x, vec3 *pairs);
#endif

INLINED vec odd_of(vec x) { return v_and(x, v_set32(1)); }

// Y, U and V of YUYV or UYVY: `shift` to the bits of the first Y, U and V.
INLINED vec3 load_packed_yuv(const uint8_t *row, vec x, int y, int u, int v) {
  const vec low = v_set32(255), odd = v_slli32(odd_of(x), 4);
  const vec a = v_gather(row, v_slli32(v_srli32(x, 1), 2));
  const vec b = v_gather(row, v_slli32(v_srli32(v_add32(x, v_set32(1)), 1), 2));
  const vec a_shift = v_add32(odd, v_set32(y)), b_shift = v_sub32(v_set32(16 + y), odd);
  const vec luma = v_or(v_and(v_srlv32(a, a_shift), low), v_slli32(v_and(v_srlv32(b, b_shift), low), 16));
  const vec pairs_u = v_or(v_and(v_srli32(a, u), low), v_slli32(v_and(v_srli32(b, u), low), 16));
  const vec pairs_v = v_or(v_and(v_srli32(a, v), low), v_slli32(v_and(v_srli32(b, v), low), 16));
  return (vec3){{luma, pairs_u, pairs_v}};
}

INLINED vec3 load_nv12(frame_row row, vec x) {
  const vec odd = v_slli32(odd_of(x), 17);  // to byte 2 of a control: the second tap's chroma is 2 bytes further on
  const vec chroma = v_gather(row.plane[1], v_sub32(x, odd_of(x)));
  return (vec3){
      {v_shuffle(v_gather(row.plane[0], x), PAIR(0, 1)), v_shuffle(chroma, v_add32(PAIR(0, 0), odd)),
       v_shuffle(chroma, v_add32(PAIR(1, 1), odd))}};
}

INLINED vec3 load_i420(frame_row row, vec x) {
  const vec control = v_add32(PAIR(0, 0), v_slli32(odd_of(x), 16)), half = v_srli32(x, 1);
  return (vec3){
      {v_shuffle(v_gather(row.plane[0], x), PAIR(0, 1)), v_shuffle(v_gather(row.plane[1], half), control),
       v_shuffle(v_gather(row.plane[2], half), control)}};
}

INLINED vec3 load_3_bytes(const uint8_t *row, vec x) {
  const vec at = v_add32(x, v_slli32(x, 1));
  const vec a = v_gather(row, at), b = v_gather(row + 2, at);
  return (vec3){
      {v_shuffle(a, PAIR(0, 3)), v_or(v_shuffle(a, PAIR(1, 4)), v_shuffle(b, PAIR(4, 2))), v_shuffle(b, PAIR(0, 3))}};
}

INLINED vec3 load_4_bytes(const uint8_t *row, vec x) {
  const vec at = v_slli32(x, 2);
  const vec a = v_gather(row, at), b = v_gather(row + 4, at);
  return (vec3){
      {v_or(v_shuffle(a, PAIR(0, 4)), v_shuffle(b, PAIR(4, 0))), v_or(v_shuffle(a, PAIR(1, 4)), v_shuffle(b, PAIR(4, 1))),
       v_or(v_shuffle(a, PAIR(2, 4)), v_shuffle(b, PAIR(4, 2)))}};
}

INLINED vec3 load_floats(frame_row row, vec x) {
  const vec at = v_slli32(x, 2);
  vec3 found;
  for (int c = 0; c < 3; c++) {
    const vec a = v_float_bytes(v_gather(row.plane[c], at)), b = v_float_bytes(v_gather(row.plane[c] + 4, at));
    found.v[c] = v_or(a, v_slli32(b, 16));
  }
  return found;
}

INLINED vec3 reversed(vec3 x) { return (vec3){{x.v[2], x.v[1], x.v[0]}}; }

// Red, green and blue, or Y, U and V.
INLINED vec3 load_pairs(const int format, frame_row row, vec x) {
  switch (format) {
    case espalier_frame_gray8: {
      const vec gray = v_shuffle(v_gather(row.plane[0], x), PAIR(0, 1));
      return (vec3){{gray, gray, gray}};
    }
    case espalier_frame_rgb8: return load_3_bytes(row.plane[0], x);
    case espalier_frame_bgr8: return reversed(load_3_bytes(row.plane[0], x));
    case espalier_frame_rgba8: return load_4_bytes(row.plane[0], x);
    case espalier_frame_bgra8: return reversed(load_4_bytes(row.plane[0], x));
    case espalier_frame_nv12: return load_nv12(row, x);
    case espalier_frame_i420: return load_i420(row, x);
    case espalier_frame_yuyv: return load_packed_yuv(row.plane[0], x, 0, 8, 24);
    case espalier_frame_uyvy: return load_packed_yuv(row.plane[0], x, 8, 0, 16);
    default: return load_floats(row, x);
  }
}

INLINED vec byte_pairs(vec x) {
  return v_max16(v_min16(v_srai16(x, 6), v_set16(255)), v_set16(0));
}

// Step 1 of the definition: the output's channels. Sums that saturate are far above 255 in either way.
INLINED vec3 converted(const int format, const bool is_gray, const frame_factors *f, vec3 x) {
  if (!frame_is_yuv(format)) {
    if (!is_gray || format == espalier_frame_gray8) return x;
    vec sum = v_scaled16(v_slli16(x.v[0], 7), v_set16(4899));
    sum = v_add16(sum, v_scaled16(v_slli16(x.v[1], 7), v_set16(9617)));
    sum = v_add16(sum, v_scaled16(v_slli16(x.v[2], 7), v_set16(1868)));
    return (vec3){{byte_pairs(v_add16(sum, v_set16(32))), x.v[1], x.v[2]}};
  }
  const vec y = v_slli16(v_sub_floor16(x.v[0], v_set16(f->offset)), 7);
  const vec luma = v_add16(v_scaled16(y, v_set16(f->luma)), v_set16(32));
  if (is_gray) return (vec3){{byte_pairs(luma), x.v[1], x.v[2]}};
  const vec center = v_set16(-32768);
  const vec u = v_xor(v_slli16(x.v[1], 8), center), v = v_xor(v_slli16(x.v[2], 8), center);
  const vec green = v_adds16(v_scaled16(u, v_set16(f->green_u)), v_scaled16(v, v_set16(f->green_v)));
  return (vec3){
      {byte_pairs(v_adds16(luma, v_scaled16(v, v_set16(f->red_v)))), byte_pairs(v_adds16(luma, green)),
       byte_pairs(v_adds16(luma, v_scaled16(u, v_set16(f->blue_u))))}};
}

// Step 2 for columns [0, end): the last step overlaps the one before it where the columns are no multiple of V.
INLINED void stretch_columns(
    const frame_u8 *p, const int format, const bool is_gray, const int32_t *columns, frame_row row, int64_t end,
    int16_t *stretched) {
  const frame_factors f = frame_factors_of(p->color);
  const int64_t room = frame_row_room(p);
  const int red = p->channels == espalier_frame_channels_bgr ? 2 : 0;
  for (int64_t block = 0; block < end; block += V) {
    const int64_t x = block + V <= end ? block : end - V;
    const vec first = v_load(columns + x), weights = v_load(columns + p->output_width + x);
#if defined(HAS_NEAR_PAIRS)
    vec3 pairs;
    if (!near_pairs(p, format, columns + x, row, first, &pairs)) pairs = load_pairs(format, row, first);
#else
    const vec3 pairs = load_pairs(format, row, first);
#endif
    const vec3 v = converted(format, is_gray, &f, pairs);
    v_store16(stretched + x + red * room, v_srli32(v_products(v.v[0], weights), 4));
    if (is_gray) continue;
    v_store16(stretched + x + room, v_srli32(v_products(v.v[1], weights), 4));
    v_store16(stretched + x + (2 - red) * room, v_srli32(v_products(v.v[2], weights), 4));
  }
}

#define EACH_FORMAT(gray)                                                                                            \
  switch (p->format) {                                                                                               \
    case espalier_frame_gray8: stretch_columns(p, espalier_frame_gray8, gray, columns, row, end, stretched); break;  \
    case espalier_frame_rgb8: stretch_columns(p, espalier_frame_rgb8, gray, columns, row, end, stretched); break;    \
    case espalier_frame_bgr8: stretch_columns(p, espalier_frame_bgr8, gray, columns, row, end, stretched); break;    \
    case espalier_frame_rgba8: stretch_columns(p, espalier_frame_rgba8, gray, columns, row, end, stretched); break;  \
    case espalier_frame_bgra8: stretch_columns(p, espalier_frame_bgra8, gray, columns, row, end, stretched); break;  \
    case espalier_frame_nv12: stretch_columns(p, espalier_frame_nv12, gray, columns, row, end, stretched); break;    \
    case espalier_frame_i420: stretch_columns(p, espalier_frame_i420, gray, columns, row, end, stretched); break;    \
    case espalier_frame_yuyv: stretch_columns(p, espalier_frame_yuyv, gray, columns, row, end, stretched); break;    \
    case espalier_frame_uyvy: stretch_columns(p, espalier_frame_uyvy, gray, columns, row, end, stretched); break;    \
    default: stretch_columns(p, espalier_frame_rgb_f32, gray, columns, row, end, stretched);                         \
  }

static void stretch(const frame_u8 *p, const int32_t *columns, frame_row row, int16_t *stretched) {
  const int64_t last = frame_last_gathered(p);
  int64_t end = p->placed_width;
  while (end > 0 && columns[end - 1] > last) end--;
  if (end < V) end = 0;
  if (p->channels == espalier_frame_channels_gray) {
    EACH_FORMAT(true)
  } else {
    EACH_FORMAT(false)
  }
  frame_stretch_pixels(p, columns, row, end, p->placed_width, stretched);
}

// Step 3, 2V pixels a step; reads and writes whole steps of a row's room.
static void blend(int64_t count, const int16_t *upper, const int16_t *lower, int32_t weights, uint8_t *bytes) {
  const vec a = v_set16(weights & 0xFFFF), b = v_set16(weights >> 16), two = v_set16(2);
  for (int64_t x = 0; x < count; x += 2 * V) {
    const vec sum = v_add16(v_products_high(v_load(upper + x), a), v_products_high(v_load(lower + x), b));
    v_store_bytes(bytes + x, v_srai16(v_add16(sum, two), 2));
  }
}

#include "frame_u8_body.h"
