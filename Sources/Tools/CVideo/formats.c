// Pixel formats: planes, and libav's names for them.
#include <espalier.h>

#include "libav.h"

static const struct {
  int format;
  enum AVPixelFormat libav;
} pairs[] = {
  {ESPALIER_PIXELS_I420, AV_PIX_FMT_YUV420P}, {ESPALIER_PIXELS_I420, AV_PIX_FMT_YUVJ420P},
  {ESPALIER_PIXELS_NV12, AV_PIX_FMT_NV12},    {ESPALIER_PIXELS_YUYV, AV_PIX_FMT_YUYV422},
  {ESPALIER_PIXELS_UYVY, AV_PIX_FMT_UYVY422}, {ESPALIER_PIXELS_RGB8, AV_PIX_FMT_RGB24},
  {ESPALIER_PIXELS_BGR8, AV_PIX_FMT_BGR24},   {ESPALIER_PIXELS_RGBA8, AV_PIX_FMT_RGBA},
  {ESPALIER_PIXELS_RGBA8, AV_PIX_FMT_RGB0},   {ESPALIER_PIXELS_BGRA8, AV_PIX_FMT_BGRA},
  {ESPALIER_PIXELS_BGRA8, AV_PIX_FMT_BGR0},   {ESPALIER_PIXELS_GRAY8, AV_PIX_FMT_GRAY8},
};
enum { PAIR_COUNT = sizeof pairs / sizeof *pairs };

int espalier_format_of(enum AVPixelFormat format) {
  for (int index = 0; index < PAIR_COUNT; index++)
    if (pairs[index].libav == format) return pairs[index].format;
  return -1;
}

enum AVPixelFormat espalier_libav_format(int format) {
  for (int index = 0; index < PAIR_COUNT; index++)
    if (pairs[index].format == format) return pairs[index].libav;
  return AV_PIX_FMT_NONE;
}

int espalier_color_of(const AVFrame *frame) {
  const int is_full = frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
    (frame->format == AV_PIX_FMT_GRAY8 && frame->color_range != AVCOL_RANGE_MPEG);
  const int is_unknown = frame->colorspace == AVCOL_SPC_UNSPECIFIED || frame->colorspace == AVCOL_SPC_RESERVED;
  const int is_709 = frame->colorspace == AVCOL_SPC_BT709 || (is_unknown && frame->height > 576);
  if (is_full) return is_709 ? ESPALIER_COLOR_BT709_FULL : ESPALIER_COLOR_BT601_FULL;
  return is_709 ? ESPALIER_COLOR_BT709 : ESPALIER_COLOR_BT601;
}

static int is_full(int color) {
  return color == ESPALIER_COLOR_BT601_FULL || color == ESPALIER_COLOR_BT709_FULL;
}

static const int *matrix_of(int color) {
  const int is_709 = color == ESPALIER_COLOR_BT709 || color == ESPALIER_COLOR_BT709_FULL;
  return sws_getCoefficients(is_709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
}

void espalier_set_colors(struct SwsContext *scaler, int source, int target) {
  sws_setColorspaceDetails(
    scaler, matrix_of(source), is_full(source), matrix_of(target), is_full(target), 0, 1 << 16, 1 << 16);
}

void espalier_video_plane(
  int format, uint32_t width, uint32_t height, int plane, size_t *row_bytes, uint32_t *rows) {
  const size_t chroma = ((size_t)width + 1) / 2;
  const uint32_t half = (height + 1) / 2;
  *row_bytes = 0;
  *rows = plane == 0 ? height : 0;
  switch (format) {
    case ESPALIER_PIXELS_GRAY8: *row_bytes = width; break;
    case ESPALIER_PIXELS_RGB8:
    case ESPALIER_PIXELS_BGR8: *row_bytes = (size_t)width * 3; break;
    case ESPALIER_PIXELS_RGBA8:
    case ESPALIER_PIXELS_BGRA8: *row_bytes = (size_t)width * 4; break;
    case ESPALIER_PIXELS_YUYV:
    case ESPALIER_PIXELS_UYVY: *row_bytes = chroma * 4; break;
    case ESPALIER_PIXELS_NV12:
      *row_bytes = plane == 0 ? width : chroma * 2;
      if (plane == 1) *rows = half;
      break;
    case ESPALIER_PIXELS_I420:
      *row_bytes = plane == 0 ? width : chroma;
      if (plane == 1 || plane == 2) *rows = half;
      break;
    default: *rows = 0;
  }
  if (*rows == 0) *row_bytes = 0;
}
