#include "formats.h"

gint espalier_gst_format(GstVideoFormat format) {
  switch (format) {
    case GST_VIDEO_FORMAT_NV12: return ESPALIER_PIXELS_NV12;
    case GST_VIDEO_FORMAT_I420: return ESPALIER_PIXELS_I420;
    case GST_VIDEO_FORMAT_YUY2: return ESPALIER_PIXELS_YUYV;
    case GST_VIDEO_FORMAT_UYVY: return ESPALIER_PIXELS_UYVY;
    case GST_VIDEO_FORMAT_RGB: return ESPALIER_PIXELS_RGB8;
    case GST_VIDEO_FORMAT_BGR: return ESPALIER_PIXELS_BGR8;
    case GST_VIDEO_FORMAT_RGBA:
    case GST_VIDEO_FORMAT_RGBx: return ESPALIER_PIXELS_RGBA8;
    case GST_VIDEO_FORMAT_BGRA:
    case GST_VIDEO_FORMAT_BGRx: return ESPALIER_PIXELS_BGRA8;
    case GST_VIDEO_FORMAT_GRAY8: return ESPALIER_PIXELS_GRAY8;
    default: return -1;
  }
}

espalier_color espalier_gst_color(const GstVideoInfo *info) {
  const gboolean is_709 = info->colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709;
  const gboolean is_full = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  if (is_full) return is_709 ? ESPALIER_COLOR_BT709_FULL : ESPALIER_COLOR_BT601_FULL;
  return is_709 ? ESPALIER_COLOR_BT709 : ESPALIER_COLOR_BT601;
}
