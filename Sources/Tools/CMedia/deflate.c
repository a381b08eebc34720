#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "espalier_media.h"

int espalier_inflate(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return ESPALIER_MEDIA_DAMAGED;
  size_t read = 0, written = 0;
  int status = Z_OK;
  // zlib counts in 32 bits; larger streams go through in pieces.
  const size_t piece = 1u << 30;
  while (status == Z_OK) {
    const size_t in = count - read < piece ? count - read : piece;
    const size_t out = capacity - written < piece ? capacity - written : piece;
    stream.next_in = (Bytef *)(bytes + read);
    stream.avail_in = (uInt)in;
    stream.next_out = output + written;
    stream.avail_out = (uInt)out;
    status = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status == Z_STREAM_END) return written == capacity ? ESPALIER_MEDIA_OK : ESPALIER_MEDIA_WRONG_SIZE;
  return status == Z_BUF_ERROR ? ESPALIER_MEDIA_TRUNCATED : ESPALIER_MEDIA_DAMAGED;
}

uint32_t espalier_crc32(const uint8_t *bytes, size_t count) {
  return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, count);
}
