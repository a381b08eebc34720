// What reader and writer know of libav's formats.
#ifndef ESPALIER_VIDEO_LIBAV_H
#define ESPALIER_VIDEO_LIBAV_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "failure.h"

// The espalier_pixel_format that a libav format is, or -1.
int espalier_format_of(enum AVPixelFormat format);
enum AVPixelFormat espalier_libav_format(int format);

// The espalier_color of a frame; what a file leaves open is BT.601 up to 576 rows and BT.709 above, as is the custom.
int espalier_color_of(const AVFrame *frame);

// Tells libswscale which matrix and range both sides have.
void espalier_set_colors(struct SwsContext *scaler, int source, int target);

static inline void espalier_libav_fail(char *message, const char *what, int code) {
  char reason[96];
  av_strerror(code, reason, sizeof reason);
  espalier_video_fail(message, "%s: %s", what, reason);
}

#endif
