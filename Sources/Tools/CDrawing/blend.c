// target = drawn + target * (1 - alpha), for every pixel format; drawn is premultiplied. Chroma of 2 or 4 pixels is blended
// with their mean.
#include <espalier.h>

#include "canvas.h"

// Luma and chroma of premultiplied red, green, blue and alpha, all 0...255.
typedef struct matrix {
  float luma[3], blue[3], red[3];
  float black;  // luma of black
} matrix;

static matrix matrix_of(int color) {
  const int is709 = color == ESPALIER_COLOR_BT709 || color == ESPALIER_COLOR_BT709_FULL;
  const int is_full = color == ESPALIER_COLOR_BT601_FULL || color == ESPALIER_COLOR_BT709_FULL;
  const float kr = is709 ? 0.2126f : 0.299f, kb = is709 ? 0.0722f : 0.114f, kg = 1 - kr - kb;
  const float y = is_full ? 1 : 219 / 255.0f, c = is_full ? 0.5f : 112 / 255.0f;
  return (matrix){
    .luma = {kr * y, kg * y, kb * y},
    .blue = {-kr / (1 - kb) * c, -kg / (1 - kb) * c, c},
    .red = {c, -kg / (1 - kr) * c, -kb / (1 - kr) * c},
    .black = is_full ? 0 : 16,
  };
}

// Sums of drawn pixels.
typedef struct sums {
  float red, green, blue, alpha;
} sums;

static void add(sums *s, uint32_t pixel) {
  s->alpha += (float)(pixel >> 24);
  s->red += (float)(pixel >> 16 & 255);
  s->green += (float)(pixel >> 8 & 255);
  s->blue += (float)(pixel & 255);
}

static uint8_t rounded(float value) { return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f); }

static float weighed(const float k[3], const sums *s) { return k[0] * s->red + k[1] * s->green + k[2] * s->blue; }

static void blend_luma(
  const uint32_t *row, espalier_span span, uint8_t *target, int step, const matrix *m) {
  for (int x = span.first; x < span.last; x++) {
    if (row[x] >> 24 == 0) continue;
    sums s = {0};
    add(&s, row[x]);
    const float share = s.alpha / 255;
    target[x * step] = rounded(weighed(m->luma, &s) + m->black * share + target[x * step] * (1 - share));
  }
}

// Rows `upper` and `lower` share chroma; `lower` is NULL where only one does.
static void blend_chroma(
  const espalier_canvas *canvas, const uint32_t *upper, const uint32_t *lower, espalier_span span, uint8_t *blue,
  uint8_t *red, int step, const matrix *m) {
  for (int x = span.first & ~1; x < span.last; x += 2) {
    sums s = {0};
    int count = 0;
    for (int column = x; column < x + 2 && column < canvas->width; column++) {
      add(&s, upper[column]);
      count++;
      if (!lower) continue;
      add(&s, lower[column]);
      count++;
    }
    if (s.alpha == 0) continue;
    const float share = s.alpha / (255.0f * (float)count);
    uint8_t *u = blue + x / 2 * step, *v = red + x / 2 * step;
    *u = rounded(weighed(m->blue, &s) / (float)count + 128 * share + *u * (1 - share));
    *v = rounded(weighed(m->red, &s) / (float)count + 128 * share + *v * (1 - share));
  }
}

static espalier_span joined(espalier_span a, espalier_span b) {
  return (espalier_span){a.first < b.first ? a.first : b.first, a.last > b.last ? a.last : b.last};
}

// Y in a plane of its own, chroma at half the width and height.
static void blend_planar(const espalier_canvas *canvas, const espalier_surface *surface, const matrix *m) {
  const int is_nv12 = surface->format == ESPALIER_PIXELS_NV12;
  for (int y = 0; y < canvas->height; y += 2) {
    const int has_lower = y + 1 < canvas->height;
    const uint32_t *upper = espalier_canvas_row(canvas, y);
    const uint32_t *lower = has_lower ? espalier_canvas_row(canvas, y + 1) : NULL;
    uint8_t *luma = surface->planes[0] + (size_t)y * surface->strides[0];
    blend_luma(upper, canvas->spans[y], luma, 1, m);
    if (has_lower) blend_luma(lower, canvas->spans[y + 1], luma + surface->strides[0], 1, m);
    const espalier_span span = has_lower ? joined(canvas->spans[y], canvas->spans[y + 1]) : canvas->spans[y];
    const size_t row = (size_t)y / 2;
    uint8_t *blue = surface->planes[1] + row * surface->strides[1];
    uint8_t *red = is_nv12 ? blue + 1 : surface->planes[2] + row * surface->strides[2];
    blend_chroma(canvas, upper, lower, span, blue, red, is_nv12 ? 2 : 1, m);
  }
}

// Two pixels share chroma, all in one plane.
static void blend_packed(const espalier_canvas *canvas, const espalier_surface *surface, const matrix *m) {
  const int luma = surface->format == ESPALIER_PIXELS_YUYV ? 0 : 1, chroma = 1 - luma;
  for (int y = 0; y < canvas->height; y++) {
    const uint32_t *row = espalier_canvas_row(canvas, y);
    uint8_t *target = surface->planes[0] + (size_t)y * surface->strides[0];
    blend_luma(row, canvas->spans[y], target + luma, 2, m);
    blend_chroma(canvas, row, NULL, canvas->spans[y], target + chroma, target + chroma + 2, 4, m);
  }
}

static void blend_gray(const espalier_canvas *canvas, const espalier_surface *surface) {
  const matrix m = matrix_of(ESPALIER_COLOR_BT601_FULL);
  for (int y = 0; y < canvas->height; y++)
    blend_luma(
      espalier_canvas_row(canvas, y), canvas->spans[y], surface->planes[0] + (size_t)y * surface->strides[0], 1, &m);
}

static uint8_t over(uint32_t drawn, uint32_t target, uint32_t alpha) {
  return (uint8_t)(drawn + (target * (255 - alpha) + 127) / 255);
}

// `red`, `green` and `blue` say which byte of a pixel of `step` bytes they are.
static void blend_rgb(
  const espalier_canvas *canvas, const espalier_surface *surface, int step, int red, int green, int blue) {
  for (int y = 0; y < canvas->height; y++) {
    const uint32_t *row = espalier_canvas_row(canvas, y);
    uint8_t *target = surface->planes[0] + (size_t)y * surface->strides[0];
    for (int x = canvas->spans[y].first; x < canvas->spans[y].last; x++) {
      const uint32_t pixel = row[x], alpha = pixel >> 24;
      uint8_t *bytes = target + (size_t)x * (size_t)step;
      if (alpha == 0) continue;
      bytes[red] = over(pixel >> 16 & 255, bytes[red], alpha);
      bytes[green] = over(pixel >> 8 & 255, bytes[green], alpha);
      bytes[blue] = over(pixel & 255, bytes[blue], alpha);
    }
  }
}

int espalier_canvas_blend(espalier_canvas *canvas, const espalier_surface *surface) {
  if ((int)surface->width != canvas->width || (int)surface->height != canvas->height) return -1;
  cairo_surface_flush(canvas->surface);
  const matrix m = matrix_of(surface->color);
  switch (surface->format) {
    case ESPALIER_PIXELS_GRAY8: blend_gray(canvas, surface); return 0;
    case ESPALIER_PIXELS_RGB8: blend_rgb(canvas, surface, 3, 0, 1, 2); return 0;
    case ESPALIER_PIXELS_BGR8: blend_rgb(canvas, surface, 3, 2, 1, 0); return 0;
    case ESPALIER_PIXELS_RGBA8: blend_rgb(canvas, surface, 4, 0, 1, 2); return 0;
    case ESPALIER_PIXELS_BGRA8: blend_rgb(canvas, surface, 4, 2, 1, 0); return 0;
    case ESPALIER_PIXELS_NV12:
    case ESPALIER_PIXELS_I420: blend_planar(canvas, surface, &m); return 0;
    case ESPALIER_PIXELS_YUYV:
    case ESPALIER_PIXELS_UYVY: blend_packed(canvas, surface, &m); return 0;
    default: return -1;
  }
}
