// Shapes and letters, by cairo, in premultiplied ARGB of 32 bits.
#include "canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_EXTENT = 16384 };

espalier_canvas *espalier_canvas_create(uint32_t width, uint32_t height) {
  if (width == 0 || height == 0 || width > LARGEST_EXTENT || height > LARGEST_EXTENT) return NULL;
  espalier_canvas *canvas = calloc(1, sizeof *canvas);
  if (!canvas) return NULL;
  canvas->width = (int)width;
  canvas->height = (int)height;
  canvas->spans = malloc(height * sizeof *canvas->spans);
  canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, canvas->width, canvas->height);
  canvas->context = cairo_create(canvas->surface);
  if (!canvas->spans || cairo_status(canvas->context) != CAIRO_STATUS_SUCCESS) {
    espalier_canvas_destroy(canvas);
    return NULL;
  }
  for (int y = 0; y < canvas->height; y++) canvas->spans[y] = (espalier_span){canvas->width, 0};
  const double size = canvas->height / 45.0;
  canvas->font_size = size < 11 ? 11 : size;
  cairo_select_font_face(canvas->context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_set_font_size(canvas->context, canvas->font_size);
  return canvas;
}

void espalier_canvas_destroy(espalier_canvas *canvas) {
  if (!canvas) return;
  cairo_destroy(canvas->context);
  cairo_surface_destroy(canvas->surface);
  free(canvas->spans);
  free(canvas);
}

uint32_t espalier_canvas_width(const espalier_canvas *canvas) { return (uint32_t)canvas->width; }
uint32_t espalier_canvas_height(const espalier_canvas *canvas) { return (uint32_t)canvas->height; }

void espalier_canvas_clear(espalier_canvas *canvas) {
  cairo_surface_flush(canvas->surface);
  for (int y = 0; y < canvas->height; y++) {
    const espalier_span span = canvas->spans[y];
    if (span.first < span.last)
      memset(espalier_canvas_row(canvas, y) + span.first, 0, (size_t)(span.last - span.first) * 4);
    canvas->spans[y] = (espalier_span){canvas->width, 0};
  }
  cairo_surface_mark_dirty(canvas->surface);
}

static int clamped(double value, int limit) { return value < 0 ? 0 : value > limit ? limit : (int)value; }

// Notes that something is drawn inside these edges.
static void touch(espalier_canvas *canvas, double left, double top, double right, double bottom) {
  const int first = clamped(floor(left), canvas->width), last = clamped(ceil(right), canvas->width);
  for (int y = clamped(floor(top), canvas->height); y < clamped(ceil(bottom), canvas->height); y++) {
    if (first < canvas->spans[y].first) canvas->spans[y].first = first;
    if (last > canvas->spans[y].last) canvas->spans[y].last = last;
  }
}

typedef struct color { double red, green, blue; } color;

// Colors of classes lie a golden section of the circle apart, so that neighbors differ.
static color class_color(int index) {
  const double hue = fmod(0.36 + 0.61803398875 * (index < 0 ? -index : index), 1) * 6;
  const double ramp = 1 - fabs(fmod(hue, 2) - 1), low = 0.1, high = 1;
  const double middle = low + (high - low) * ramp;
  switch ((int)hue) {
    case 0: return (color){high, middle, low};
    case 1: return (color){middle, high, low};
    case 2: return (color){low, high, middle};
    case 3: return (color){low, middle, high};
    case 4: return (color){middle, low, high};
    default: return (color){high, low, middle};
  }
}

// Dark letters on a plate whose lower left corner is given; the plate is moved into the canvas.
static void draw_plate(espalier_canvas *canvas, double left, double bottom, const char *text, color fill) {
  cairo_t *context = canvas->context;
  cairo_text_extents_t extents;
  cairo_text_extents(context, text, &extents);
  const double margin = canvas->font_size * 0.3, height = canvas->font_size * 1.4;
  const double width = extents.x_advance + 2 * margin;
  if (left + width > canvas->width) left = canvas->width - width;
  if (left < 0) left = 0;
  if (bottom < height) bottom = height;
  cairo_set_source_rgba(context, fill.red, fill.green, fill.blue, 0.8);
  cairo_rectangle(context, left, bottom - height, width, height);
  cairo_fill(context);
  cairo_set_source_rgba(context, 0, 0, 0, 1);
  cairo_move_to(context, left + margin, bottom - height * 0.28);
  cairo_show_text(context, text);
  touch(canvas, left - 2, bottom - height - 2, left + width + 2, bottom + 2);
}

void espalier_canvas_box(
  espalier_canvas *canvas, float left, float top, float right, float bottom, int class_index, const char *label) {
  // A box of a network may lie anywhere, also where cairo's fixed-point numbers end.
  if (!(left < right && top < bottom)) return;
  const double edge = 2.0 * LARGEST_EXTENT;
  const double x0 = fmax(left, -edge), y0 = fmax(top, -edge), x1 = fmin(right, edge), y1 = fmin(bottom, edge);
  const double pen = fmax(1.5, canvas->height / 360.0);
  const color stroke = class_color(class_index);
  cairo_set_source_rgba(canvas->context, stroke.red, stroke.green, stroke.blue, 1);
  cairo_set_line_width(canvas->context, pen);
  cairo_rectangle(canvas->context, x0, y0, x1 - x0, y1 - y0);
  cairo_stroke(canvas->context);
  touch(canvas, x0 - pen, y0 - pen, x1 + pen, y1 + pen);
  if (label && *label) draw_plate(canvas, x0 - pen / 2, y0, label, stroke);
}

void espalier_canvas_mask(espalier_canvas *canvas, const uint8_t *mask, size_t stride, int first_color) {
  uint32_t tints[256];
  for (int index = 0; index < 256; index++) {
    const color tint = class_color(first_color + index);
    const uint32_t alpha = 102;  // two fifths
    tints[index] = alpha << 24 | (uint32_t)(tint.red * alpha) << 16 | (uint32_t)(tint.green * alpha) << 8 |
      (uint32_t)(tint.blue * alpha);
  }
  cairo_surface_flush(canvas->surface);
  for (int y = 0; y < canvas->height; y++) {
    const uint8_t *classes = mask + (size_t)y * stride;
    uint32_t *row = espalier_canvas_row(canvas, y);
    int first = canvas->width, last = 0;
    for (int x = 0; x < canvas->width; x++) {
      if (classes[x] == 0) continue;
      row[x] = tints[classes[x]];
      if (x < first) first = x;
      last = x + 1;
    }
    touch(canvas, first, y, last, y + 1);
  }
  cairo_surface_mark_dirty(canvas->surface);
}

void espalier_canvas_text(espalier_canvas *canvas, uint32_t row, const char *text, enum espalier_tone tone) {
  const color fills[] = {{0.55, 0.9, 0.55}, {1, 0.8, 0.3}, {1, 0.45, 0.4}};
  if (row > 1000 || !text) return;
  draw_plate(canvas, 0, canvas->font_size * 1.4 * (row + 1), text, fills[tone <= ESPALIER_TONE_BAD ? tone : 0]);
}
