// Which of GStreamer's video formats are pictures of espalier.h.
#ifndef ESPALIER_GST_FORMATS_H
#define ESPALIER_GST_FORMATS_H

#include <espalier.h>
#include <gst/video/video.h>

#define ESPALIER_GST_FORMATS "{ NV12, I420, YUY2, UYVY, RGB, BGR, RGBA, RGBx, BGRA, BGRx, GRAY8 }"
#define ESPALIER_GST_CAPS GST_VIDEO_CAPS_MAKE(ESPALIER_GST_FORMATS)

// -1 where the format is none of those.
gint espalier_gst_format(GstVideoFormat format);
espalier_color espalier_gst_color(const GstVideoInfo *info);

#endif
