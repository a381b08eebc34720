/* Espalier: pictures as cameras give them, and how they become a network's input. espalier.h includes this file. */
#ifndef ESPALIER_PICTURE_H
#define ESPALIER_PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* How the pixels of a picture lie. Halves of odd widths and heights are rounded up. */
typedef enum espalier_pixel_format {
  ESPALIER_PIXELS_GRAY8 = 0,
  ESPALIER_PIXELS_RGB8 = 1,
  ESPALIER_PIXELS_BGR8 = 2,
  ESPALIER_PIXELS_RGBA8 = 3,
  ESPALIER_PIXELS_BGRA8 = 4,
  ESPALIER_PIXELS_NV12 = 5,   /* planes: Y, then U and V in turns at half the width and height */
  ESPALIER_PIXELS_I420 = 6,   /* planes: Y, U, V, the latter at half the width and height */
  ESPALIER_PIXELS_YUYV = 7,   /* Y U Y V for each two pixels */
  ESPALIER_PIXELS_UYVY = 8,   /* U Y V Y for each two pixels */
  ESPALIER_PIXELS_RGB_F32 = 9 /* planes: R, G, B as float32, 0 to 255; each value counts as the nearest byte */
} espalier_pixel_format;

/* How Y, U and V become R, G and B. */
typedef enum espalier_color {
  ESPALIER_COLOR_BT601 = 0,      /* Y 16 to 235 */
  ESPALIER_COLOR_BT709 = 1,
  ESPALIER_COLOR_BT601_FULL = 2, /* Y 0 to 255, as in JPEG */
  ESPALIER_COLOR_BT709_FULL = 3
} espalier_color;

/* A picture in the caller's memory. */
typedef struct espalier_picture {
  size_t size;                  /* sizeof(espalier_picture) */
  espalier_pixel_format format;
  espalier_color color;         /* of formats with Y, U and V */
  uint32_t width, height;       /* in pixels, 1 to 32768 */
  const void *planes[3];        /* as many as the format has; those of float32 begin at multiples of 4 */
  size_t strides[3];            /* bytes from one row of a plane to the next */
} espalier_picture;

#define ESPALIER_PICTURE_INIT \
  { sizeof(espalier_picture), ESPALIER_PIXELS_GRAY8, ESPALIER_COLOR_BT601, 0, 0, { NULL, NULL, NULL }, { 0, 0, 0 } }

typedef enum espalier_channels {
  ESPALIER_CHANNELS_RGB = 0,
  ESPALIER_CHANNELS_BGR = 1,
  ESPALIER_CHANNELS_GRAY = 2
} espalier_channels;

typedef enum espalier_fit {
  ESPALIER_FIT_STRETCH = 0,
  ESPALIER_FIT_LETTERBOX = 1,          /* the whole picture, in the middle */
  ESPALIER_FIT_LETTERBOX_TOP_LEFT = 2, /* the whole picture, at the top left */
  ESPALIER_FIT_CROP = 3                /* the middle of the picture, see crop_share */
} espalier_fit;

/* How pictures become an input: (value - mean[c]) / scale[c] of each channel. */
typedef struct espalier_picture_input {
  size_t size;               /* sizeof(espalier_picture_input) */
  espalier_channels channels;
  espalier_fit fit;
  float mean[3], scale[3];   /* in the order of `channels`; GRAY uses the first of each, none is NaN, no scale is 0 */
  float fill;                /* pixel value around a letterboxed picture, 0 to 255 */
  float crop_share;          /* CROP: the scaled picture covers the input 1 / crop_share times along the tighter side;
                                above 0, at most 1, such as 0.875 */
} espalier_picture_input;

#define ESPALIER_PICTURE_INPUT_INIT \
  { sizeof(espalier_picture_input), ESPALIER_CHANNELS_RGB, ESPALIER_FIT_STRETCH, { 0, 0, 0 }, { 1, 1, 1 }, 114, 1 }

#endif
