// Sentences for what fails.
#ifndef ESPALIER_VIDEO_FAILURE_H
#define ESPALIER_VIDEO_FAILURE_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "espalier_video.h"

__attribute__((format(printf, 2, 3))) static inline void espalier_video_fail(char *message, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, ESPALIER_VIDEO_MESSAGE, format, arguments);
  va_end(arguments);
}

#endif
