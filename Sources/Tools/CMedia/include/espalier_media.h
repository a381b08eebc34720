// JPEG, PNG and deflate behind plain functions: no setjmp, no macros, no library types in the signatures.
//
// Every function returns 0, or an `espalier_media_status`; where a library has a message it is copied into
// `message` (at most ESPALIER_MEDIA_MESSAGE bytes, zero-terminated). Pixels are RGB, 8 bits each, row by row.
#ifndef ESPALIER_MEDIA_H
#define ESPALIER_MEDIA_H

#include <stddef.h>
#include <stdint.h>

#define ESPALIER_MEDIA_MESSAGE 256

enum espalier_media_status {
  ESPALIER_MEDIA_OK = 0,
  // The bytes are not what they should be; `message` says why.
  ESPALIER_MEDIA_DAMAGED = 1,
  // Fewer bytes than the format announces.
  ESPALIER_MEDIA_TRUNCATED = 2,
  // `pixels` does not hold width * height * 3 bytes.
  ESPALIER_MEDIA_WRONG_SIZE = 3,
};

// Reads width and height from the header of a JPEG file.
int espalier_jpeg_size(const uint8_t *bytes, size_t count, int *width, int *height, char *message);

// Decodes a JPEG file into `pixels`, which holds `capacity` bytes.
int espalier_jpeg_decode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);

// Reads width and height from the header of a PNG file.
int espalier_png_size(const uint8_t *bytes, size_t count, int *width, int *height, char *message);

// Decodes a PNG file into `pixels`; transparency is dropped.
int espalier_png_decode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);

// The most bytes that a PNG file of this size can take.
size_t espalier_png_bound(int width, int height);

// Encodes `pixels` as a PNG file into `bytes`; `count` holds the capacity, then the length.
int espalier_png_encode(
  const uint8_t *pixels, int width, int height, uint8_t *bytes, size_t *count, char *message);

// Inflates a raw deflate stream (no zlib header) into exactly `capacity` bytes.
int espalier_inflate(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity);

// The CRC-32 of zip files and PNG.
uint32_t espalier_crc32(const uint8_t *bytes, size_t count);

#endif
