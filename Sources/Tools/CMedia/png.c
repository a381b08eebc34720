// PNG through libpng's simplified interface, which has no callbacks.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "espalier_media.h"

static int fail(png_image *image, char *message) {
  snprintf(message, ESPALIER_MEDIA_MESSAGE, "%s", image->message);
  png_image_free(image);
  return ESPALIER_MEDIA_DAMAGED;
}

static int begin(png_image *image, const uint8_t *bytes, size_t count, char *message) {
  memset(image, 0, sizeof *image);
  message[0] = 0;
  image->version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(image, bytes, count)) return fail(image, message);
  return ESPALIER_MEDIA_OK;
}

int espalier_png_size(const uint8_t *bytes, size_t count, int *width, int *height, char *message) {
  png_image image;
  const int status = begin(&image, bytes, count, message);
  if (status) return status;
  *width = (int)image.width;
  *height = (int)image.height;
  png_image_free(&image);
  return ESPALIER_MEDIA_OK;
}

int espalier_png_decode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  png_image image;
  const int status = begin(&image, bytes, count, message);
  if (status) return status;
  const size_t total = (size_t)image.width * image.height;
  if (total * 3 != capacity) {
    png_image_free(&image);
    return ESPALIER_MEDIA_WRONG_SIZE;
  }
  // 16-bit samples are sRGB in cameras' files, not linear light as libpng would assume.
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  // With alpha in the format libpng does not blend; the colors come out as they are stored.
  image.format = PNG_FORMAT_RGBA;
  uint8_t *quads = malloc(total * 4);
  if (!quads) {
    png_image_free(&image);
    snprintf(message, ESPALIER_MEDIA_MESSAGE, "out of memory");
    return ESPALIER_MEDIA_DAMAGED;
  }
  if (!png_image_finish_read(&image, NULL, quads, (png_int_32)image.width * 4, NULL)) {
    free(quads);
    return fail(&image, message);
  }
  for (size_t i = 0; i < total; i++) memcpy(pixels + i * 3, quads + i * 4, 3);
  free(quads);
  return ESPALIER_MEDIA_OK;
}

static png_image rgb(int width, int height) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  image.format = PNG_FORMAT_RGB;
  return image;
}

size_t espalier_png_bound(int width, int height) {
  const png_image image = rgb(width, height);
  return PNG_IMAGE_PNG_SIZE_MAX(image);
}

int espalier_png_encode(
  const uint8_t *pixels, int width, int height, uint8_t *bytes, size_t *count, char *message) {
  png_image image = rgb(width, height);
  png_alloc_size_t size = *count;
  message[0] = 0;
  if (!png_image_write_to_memory(&image, bytes, &size, 0, pixels, width * 3, NULL)) {
    return fail(&image, message);
  }
  *count = size;
  return ESPALIER_MEDIA_OK;
}
