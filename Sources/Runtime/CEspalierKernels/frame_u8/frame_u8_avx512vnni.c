// Pictures to inputs, 16 pixels a step, with VBMI: taps of planes of bytes come out of one register where the step's
// pixels are near one another, and tables of 256 bytes are four registers.
#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma"))), apply_to = function)

#define HAS_NEAR_PAIRS
#define HAS_OUTPUT
#include "frame_u8_pixels.h"
#include "frame_u8_vector_avx512.h"

static void look_up(const frame_u8 *p, const void *table, const uint8_t *bytes, void *output);
static void fill(const frame_u8 *p, void *output, int64_t first, int64_t end);

#include "frame_u8_vector.h"

enum { NEAR = 61 };  // columns between a step's first taps that 64 bytes hold with both taps, from an even column on

// 64 bytes of a row from `at` on, zeros behind its end.
INLINED vec near_bytes(const uint8_t *row, int64_t at, int64_t row_bytes) {
  const int64_t left = row_bytes - at;
  return _mm512_maskz_loadu_epi8(left >= 64 ? ~0ull : (1ull << left) - 1, row + at);
}

// Bytes at[i] and at[i] + step[i] as pairs.
INLINED vec picked(vec bytes, vec at, vec step) {
  const vec places = v_or(at, v_slli32(v_add32(at, step), 16));
  return _mm512_maskz_permutexvar_epi8(0x5555555555555555ull, places, bytes);
}

static inline __attribute__((always_inline)) bool near_pairs(
    const frame_u8 *p, const int format, const int32_t *columns, frame_row row, vec x, vec3 *pairs) {
  if (format != espalier_frame_gray8 && format != espalier_frame_nv12 && format != espalier_frame_i420) return false;
  const int64_t first = columns[0] & ~1;
  if (columns[V - 1] - first > NEAR) return false;
  const vec at = v_sub32(x, v_set32((int32_t)first)), odd = odd_of(x), one = v_set32(1);
  pairs->v[0] = picked(near_bytes(row.plane[0], first, p->width), at, one);
  if (format == espalier_frame_gray8) {
    pairs->v[1] = pairs->v[2] = pairs->v[0];
  } else if (format == espalier_frame_nv12) {
    const vec chroma = near_bytes(row.plane[1], first, 2 * frame_half(p->width));
    const vec u = v_sub32(at, odd), step = v_slli32(odd, 1);
    pairs->v[1] = picked(chroma, u, step);
    pairs->v[2] = picked(chroma, v_add32(u, one), step);
  } else {
    const vec u = v_srli32(at, 1);
    pairs->v[1] = picked(near_bytes(row.plane[1], first / 2, frame_half(p->width)), u, odd);
    pairs->v[2] = picked(near_bytes(row.plane[2], first / 2, frame_half(p->width)), u, odd);
  }
  return true;
}

// A table of 256 bytes.
typedef struct byte_table {
  vec part[4];
} byte_table;

INLINED byte_table byte_table_at(const uint8_t *table) {
  return (byte_table){{v_load(table), v_load(table + 64), v_load(table + 128), v_load(table + 192)}};
}

INLINED vec looked_up(const byte_table *t, vec x) {
  const vec low = _mm512_permutex2var_epi8(t->part[0], x, t->part[1]);
  const vec high = _mm512_permutex2var_epi8(t->part[2], x, t->part[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high);
}

enum { PIXEL = 4 };  // bytes from one pixel to the next

// Whether a row's pixels are bytes of neighboring channels, 4 bytes apart.
static inline bool has_narrow_pixels(const frame_u8 *p) {
  return !p->output_is_float && p->output_stride_w == PIXEL &&
         (p->output_stride_c == 1 || p->channels == espalier_frame_channels_gray);
}

// The bytes of a pixel's channels; what lies between pixels may be another's.
static inline __mmask64 written_bytes(const frame_u8 *p) {
  return ((1ull << frame_channel_count(p)) - 1) * 0x1111111111111111ull;
}

// Up to 16 pixels.
INLINED void store_pixels(uint8_t *to, __mmask64 written, int64_t pixels, vec x) {
  if (pixels < 16) written &= (1ull << pixels * PIXEL) - 1;
  _mm512_mask_storeu_epi8(to, written, x);
}

INLINED vec widened(vec x, const int part) {
  const __m128i bytes = part == 0   ? _mm512_castsi512_si128(x)
                        : part == 1 ? _mm512_extracti32x4_epi32(x, 1)
                        : part == 2 ? _mm512_extracti32x4_epi32(x, 2)
                                    : _mm512_extracti32x4_epi32(x, 3);
  return _mm512_cvtepu8_epi32(bytes);
}

// A row's room of bytes is a multiple of 64; what lies behind its pixels is looked up and not written.
static void look_up(const frame_u8 *p, const void *table, const uint8_t *bytes, void *output) {
  if (!has_narrow_pixels(p)) {
    frame_look_up(p, table, bytes, 0, output);
    return;
  }
  const int64_t room = frame_row_room(p), channels = frame_channel_count(p);
  const __mmask64 written = written_bytes(p);
  byte_table tables[3];
  for (int64_t c = 0; c < channels; c++) tables[c] = byte_table_at((const uint8_t *)table + c * FRAME_TABLE);
  uint8_t *to = (uint8_t *)output + (int64_t)p->left * PIXEL;
  for (int64_t x = 0; x < p->placed_width; x += 64) {
    vec v[3] = {v_set32(0), v_set32(0), v_set32(0)};
    for (int64_t c = 0; c < channels; c++) v[c] = looked_up(&tables[c], v_load(bytes + c * room + x));
    _Pragma("clang loop unroll(full)") for (int part = 0; part < 4; part++) {
      const int64_t at = x + 16 * part, left = p->placed_width - at;
      if (left <= 0) break;
      const vec high = v_or(v_slli32(widened(v[1], part), 8), v_slli32(widened(v[2], part), 16));
      store_pixels(to + at * PIXEL, written, left, v_or(widened(v[0], part), high));
    }
  }
}

static void fill(const frame_u8 *p, void *output, int64_t first, int64_t end) {
  if (!has_narrow_pixels(p)) {
    frame_fill(p, output, first, end);
    return;
  }
  const vec pixel = v_set32((int32_t)(p->fill[0] | p->fill[1] << 8 | p->fill[2] << 16));
  const __mmask64 written = written_bytes(p);
  for (int64_t x = first; x < end; x += 16)
    store_pixels((uint8_t *)output + x * PIXEL, written, end - x, pixel);
}

void espalier_frame_u8_avx512vnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  frame_run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
