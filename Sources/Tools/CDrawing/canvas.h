// What a canvas is made of.
#ifndef ESPALIER_CANVAS_H
#define ESPALIER_CANVAS_H

#include <cairo/cairo.h>

#include "espalier_drawing.h"

// Columns [first, last) of a row that something was drawn to; none where first is not below last.
typedef struct espalier_span {
  int first, last;
} espalier_span;

struct espalier_canvas {
  int width, height;
  double font_size;
  cairo_surface_t *surface;
  cairo_t *context;
  espalier_span *spans;  // one a row
};

// The pixels of a row: premultiplied, alpha in the highest byte, then red, green, blue.
static inline uint32_t *espalier_canvas_row(const espalier_canvas *canvas, int y) {
  unsigned char *data = cairo_image_surface_get_data(canvas->surface);
  return (uint32_t *)(void *)(data + (size_t)y * (size_t)cairo_image_surface_get_stride(canvas->surface));
}

#endif
