// Draws what a network found onto pictures of any pixel format: boxes, labels, masks, lines of text. The command line
// and the GStreamer element draw with it.
//
// A canvas is a transparent picture. What is drawn collects on it until it is blended onto a surface.
#ifndef ESPALIER_DRAWING_H
#define ESPALIER_DRAWING_H

#include <stddef.h>
#include <stdint.h>

// Memory of the caller's that is written to; fields as those of `espalier_picture` in espalier.h.
typedef struct espalier_surface {
  int format;  // an espalier_pixel_format, but none of float32
  int color;   // an espalier_color
  uint32_t width, height;
  uint8_t *planes[3];
  size_t strides[3];
} espalier_surface;

// How good what a line of text says is.
enum espalier_tone { ESPALIER_TONE_GOOD = 0, ESPALIER_TONE_WARNING = 1, ESPALIER_TONE_BAD = 2 };

typedef struct espalier_canvas espalier_canvas;

// NULL where an extent is 0 or above 16,384, or memory is short.
espalier_canvas *espalier_canvas_create(uint32_t width, uint32_t height);
void espalier_canvas_destroy(espalier_canvas *canvas);

uint32_t espalier_canvas_width(const espalier_canvas *canvas);
uint32_t espalier_canvas_height(const espalier_canvas *canvas);

// Makes the canvas transparent again.
void espalier_canvas_clear(espalier_canvas *canvas);

// Outlines a box in the color of its class, with `label` above it; `label` may be NULL. Edges in pixels.
void espalier_canvas_box(
  espalier_canvas *canvas, float left, float top, float right, float bottom, int class_index, const char *label);

// Tints the pixels of a mask as large as the canvas in the colors of classes, from `first_color` on; class 0 stays as it
// is.
void espalier_canvas_mask(espalier_canvas *canvas, const uint8_t *mask, size_t stride, int first_color);

// Writes a line at the left, below `row` others.
void espalier_canvas_text(espalier_canvas *canvas, uint32_t row, const char *text, enum espalier_tone tone);

// Blends the canvas onto a surface of its size. 0, or -1 where sizes differ or the format is none of those above.
int espalier_canvas_blend(espalier_canvas *canvas, const espalier_surface *surface);

#endif
