// libjpeg reports errors by a callback that must not return: it jumps back to the caller from here.
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "espalier_media.h"

struct trap {
  struct jpeg_error_mgr base;
  jmp_buf back;
  char *message;
  int truncated;
};

static void fail(j_common_ptr info) {
  struct trap *trap = (struct trap *)info->err;
  char text[JMSG_LENGTH_MAX];
  (*info->err->format_message)(info, text);
  snprintf(trap->message, ESPALIER_MEDIA_MESSAGE, "%s", text);
  longjmp(trap->back, 1);
}

// A level below 0 is a warning; libjpeg goes on with gray where the data end too early.
static void note(j_common_ptr info, int level) {
  struct trap *trap = (struct trap *)info->err;
  if (level >= 0) return;
  info->err->num_warnings++;
  const int code = info->err->msg_code;
  if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER) trap->truncated = 1;
}

static void be_silent(j_common_ptr info) { (void)info; }

static void open_trap(struct jpeg_decompress_struct *info, struct trap *trap, char *message) {
  memset(info, 0, sizeof *info);
  memset(trap, 0, sizeof *trap);
  info->err = jpeg_std_error(&trap->base);
  trap->base.error_exit = fail;
  trap->base.emit_message = note;
  trap->base.output_message = be_silent;
  trap->message = message;
  message[0] = 0;
}

int espalier_jpeg_size(const uint8_t *bytes, size_t count, int *width, int *height, char *message) {
  struct jpeg_decompress_struct info;
  struct trap trap;
  open_trap(&info, &trap, message);
  if (setjmp(trap.back)) {
    jpeg_destroy_decompress(&info);
    return ESPALIER_MEDIA_DAMAGED;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, count);
  jpeg_read_header(&info, TRUE);
  *width = (int)info.image_width;
  *height = (int)info.image_height;
  jpeg_destroy_decompress(&info);
  return ESPALIER_MEDIA_OK;
}

int espalier_jpeg_decode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  struct jpeg_decompress_struct info;
  struct trap trap;
  open_trap(&info, &trap, message);
  if (setjmp(trap.back)) {
    jpeg_destroy_decompress(&info);
    return trap.truncated ? ESPALIER_MEDIA_TRUNCATED : ESPALIER_MEDIA_DAMAGED;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, count);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const size_t row = (size_t)info.output_width * 3;
  if (info.output_components != 3 || row * info.output_height != capacity) {
    jpeg_destroy_decompress(&info);
    return ESPALIER_MEDIA_WRONG_SIZE;
  }
  while (info.output_scanline < info.output_height) {
    JSAMPROW target = pixels + row * info.output_scanline;
    jpeg_read_scanlines(&info, &target, 1);
    // A progressive file that is all truncated would otherwise be decoded to the end, in gray.
    if (trap.truncated) break;
  }
  if (!trap.truncated) jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return trap.truncated ? ESPALIER_MEDIA_TRUNCATED : ESPALIER_MEDIA_OK;
}
