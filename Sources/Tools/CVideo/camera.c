// Cameras, by V4L2 itself: frames stay in the driver's buffers, and of those that wait the newest is taken.
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <espalier.h>

#include "failure.h"

enum { BUFFERS = 4, NOTHING_HELD = -1, PATIENCE_IN_SECONDS = 5 };

static const struct {
  uint32_t fourcc;
  int format;
} known[] = {
  {V4L2_PIX_FMT_NV12, ESPALIER_PIXELS_NV12},   {V4L2_PIX_FMT_YUV420, ESPALIER_PIXELS_I420},
  {V4L2_PIX_FMT_YUYV, ESPALIER_PIXELS_YUYV},   {V4L2_PIX_FMT_UYVY, ESPALIER_PIXELS_UYVY},
  {V4L2_PIX_FMT_BGR24, ESPALIER_PIXELS_BGR8},  {V4L2_PIX_FMT_RGB24, ESPALIER_PIXELS_RGB8},
  {V4L2_PIX_FMT_GREY, ESPALIER_PIXELS_GRAY8},
};
enum { KNOWN_COUNT = sizeof known / sizeof *known };

struct espalier_camera {
  int file;
  struct {
    uint8_t *bytes;
    size_t count;
  } buffers[BUFFERS];
  uint32_t buffer_count;
  int held;  // the buffer that was handed out
  int format, color;
  uint32_t width, height;
  size_t stride;
  double rate;
  uint64_t first_time, first_sequence;
  int has_first;
};

// `ioctl` that goes on where a signal came, unless that was the user's interruption.
static int request(const espalier_camera *camera, unsigned long what, void *argument) {
  int result;
  do result = ioctl(camera->file, what, argument);
  while (result == -1 && errno == EINTR && !espalier_interruption_noted());
  return result;
}

void espalier_camera_close(espalier_camera *camera) {
  if (!camera) return;
  if (camera->file >= 0) {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request(camera, VIDIOC_STREAMOFF, &type);
  }
  for (uint32_t index = 0; index < camera->buffer_count; index++)
    if (camera->buffers[index].bytes) munmap(camera->buffers[index].bytes, camera->buffers[index].count);
  if (camera->file >= 0) close(camera->file);
  free(camera);
}

double espalier_camera_rate(const espalier_camera *camera) { return camera->rate; }

static int has_format(const espalier_camera *camera, uint32_t fourcc) {
  struct v4l2_fmtdesc description = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  for (; request(camera, VIDIOC_ENUM_FMT, &description) == 0; description.index++)
    if (description.pixelformat == fourcc) return 1;
  return 0;
}

static int set_format(espalier_camera *camera, uint32_t width, uint32_t height, char *message) {
  struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  if (request(camera, VIDIOC_G_FMT, &format) != 0)
    return espalier_video_fail(message, "it is no camera: %s", strerror(errno)), -1;
  int choice = -1;
  for (int index = 0; index < KNOWN_COUNT && choice < 0; index++)
    if (has_format(camera, known[index].fourcc)) choice = index;
  if (choice < 0)
    return espalier_video_fail(message, "it has none of the formats NV12, YU12, YUYV, UYVY, BGR3, RGB3 and GREY"), -1;
  if (width > 0) format.fmt.pix.width = width;
  if (height > 0) format.fmt.pix.height = height;
  format.fmt.pix.pixelformat = known[choice].fourcc;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  format.fmt.pix.bytesperline = 0;
  if (request(camera, VIDIOC_S_FMT, &format) != 0 || format.fmt.pix.pixelformat != known[choice].fourcc)
    return espalier_video_fail(message, "it refuses the format: %s", strerror(errno)), -1;
  size_t row;
  uint32_t rows;
  espalier_video_plane(known[choice].format, format.fmt.pix.width, format.fmt.pix.height, 0, &row, &rows);
  camera->format = known[choice].format;
  camera->width = format.fmt.pix.width;
  camera->height = format.fmt.pix.height;
  camera->stride = format.fmt.pix.bytesperline >= row ? format.fmt.pix.bytesperline : row;
  const int is_709 = format.fmt.pix.ycbcr_enc == V4L2_YCBCR_ENC_709 ||
    (format.fmt.pix.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT && format.fmt.pix.colorspace == V4L2_COLORSPACE_REC709);
  const int is_full = format.fmt.pix.quantization == V4L2_QUANTIZATION_FULL_RANGE ||
    (format.fmt.pix.quantization == V4L2_QUANTIZATION_DEFAULT && format.fmt.pix.colorspace == V4L2_COLORSPACE_JPEG);
  camera->color = (is_709 ? ESPALIER_COLOR_BT709 : ESPALIER_COLOR_BT601) + (is_full ? 2 : 0);
  return 0;
}

static void set_rate(espalier_camera *camera, double rate) {
  struct v4l2_streamparm parameters = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  if (rate > 0) {
    parameters.parm.capture.timeperframe.numerator = 1000;
    parameters.parm.capture.timeperframe.denominator = (uint32_t)(rate * 1000 + 0.5);
    request(camera, VIDIOC_S_PARM, &parameters);
  }
  if (request(camera, VIDIOC_G_PARM, &parameters) != 0) return;
  const struct v4l2_fract period = parameters.parm.capture.timeperframe;
  if (period.numerator > 0) camera->rate = (double)period.denominator / period.numerator;
}

// Bytes of a frame with these strides.
static size_t frame_bytes(const espalier_camera *camera) {
  const size_t luma = camera->stride * camera->height;
  const int is_planar = camera->format == ESPALIER_PIXELS_NV12 || camera->format == ESPALIER_PIXELS_I420;
  const size_t half = ((size_t)camera->height + 1) / 2;
  if (!is_planar) return luma;
  return luma + (camera->format == ESPALIER_PIXELS_NV12 ? camera->stride * half : 2 * (camera->stride / 2) * half);
}

static int map_buffers(espalier_camera *camera, char *message) {
  struct v4l2_requestbuffers wanted = {
    .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
  if (request(camera, VIDIOC_REQBUFS, &wanted) != 0 || wanted.count < 2)
    return espalier_video_fail(message, "it gives no buffers to map: %s", strerror(errno)), -1;
  const uint32_t count = wanted.count < BUFFERS ? wanted.count : BUFFERS;
  for (uint32_t index = 0; index < count; index++) {
    struct v4l2_buffer buffer = {
      .index = index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (request(camera, VIDIOC_QUERYBUF, &buffer) != 0 || buffer.length < frame_bytes(camera))
      return espalier_video_fail(message, "its buffers are smaller than its frames"), -1;
    void *bytes =
      mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, camera->file, (off_t)buffer.m.offset);
    if (bytes == MAP_FAILED) return espalier_video_fail(message, "its buffers cannot be mapped: %s", strerror(errno)), -1;
    camera->buffers[index].bytes = bytes;
    camera->buffers[index].count = buffer.length;
    camera->buffer_count = index + 1;
    if (request(camera, VIDIOC_QBUF, &buffer) != 0)
      return espalier_video_fail(message, "it takes no buffers: %s", strerror(errno)), -1;
  }
  return 0;
}

espalier_camera *espalier_camera_open(
  const char *path, uint32_t width, uint32_t height, double rate, char *message) {
  espalier_camera *camera = calloc(1, sizeof *camera);
  if (!camera) return espalier_video_fail(message, "no memory"), NULL;
  camera->held = NOTHING_HELD;
  camera->file = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (camera->file < 0) {
    espalier_video_fail(message, "%s", strerror(errno));
    return espalier_camera_close(camera), NULL;
  }
  if (set_format(camera, width, height, message) != 0) return espalier_camera_close(camera), NULL;
  set_rate(camera, rate);
  if (map_buffers(camera, message) != 0) return espalier_camera_close(camera), NULL;
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (request(camera, VIDIOC_STREAMON, &type) != 0) {
    espalier_video_fail(message, "it does not begin: %s", strerror(errno));
    return espalier_camera_close(camera), NULL;
  }
  return camera;
}

static void give_back(espalier_camera *camera, uint32_t index) {
  struct v4l2_buffer buffer = {
    .index = index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
  request(camera, VIDIOC_QBUF, &buffer);
}

// Waits until the driver has a frame.
static int await(const espalier_camera *camera, char *message) {
  struct pollfd poll_file = {.fd = camera->file, .events = POLLIN};
  for (;;) {
    if (espalier_interruption_noted()) return ESPALIER_VIDEO_END;
    const int ready = poll(&poll_file, 1, PATIENCE_IN_SECONDS * 1000);
    if (ready > 0) return ESPALIER_VIDEO_FRAME;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) espalier_video_fail(message, "%s", strerror(errno));
    else espalier_video_fail(message, "no frame has come for %d seconds", PATIENCE_IN_SECONDS);
    return ESPALIER_VIDEO_FAILED;
  }
}

// The newest of the frames that wait; older ones go back to the driver.
static int take(espalier_camera *camera, struct v4l2_buffer *newest, char *message) {
  int found = 0;
  for (;;) {
    struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (request(camera, VIDIOC_DQBUF, &buffer) == 0) {
      if (buffer.index >= camera->buffer_count) return espalier_video_fail(message, "it gives unknown buffers"), -1;
      if (found) give_back(camera, newest->index);
      *newest = buffer;
      found = 1;
    } else if (errno == EAGAIN) {
      return found;
    } else {
      espalier_video_fail(message, "%s", strerror(errno));
      if (found) give_back(camera, newest->index);
      return -1;
    }
  }
}

int espalier_camera_next(espalier_camera *camera, espalier_video_frame *frame, char *message) {
  if (camera->held != NOTHING_HELD) give_back(camera, (uint32_t)camera->held);
  camera->held = NOTHING_HELD;
  struct v4l2_buffer buffer;
  int found = 0;
  while (found == 0) {
    const int ready = await(camera, message);
    if (ready != ESPALIER_VIDEO_FRAME) return ready;
    found = take(camera, &buffer, message);
    // A frame that came damaged is as good as none.
    if (found == 1 && buffer.flags & V4L2_BUF_FLAG_ERROR) {
      give_back(camera, buffer.index);
      found = 0;
    }
  }
  if (found < 0) return ESPALIER_VIDEO_FAILED;
  camera->held = (int)buffer.index;
  const uint64_t time =
    (uint64_t)buffer.timestamp.tv_sec * 1000000000u + (uint64_t)buffer.timestamp.tv_usec * 1000u;
  if (!camera->has_first) {
    camera->has_first = 1;
    camera->first_time = time;
    camera->first_sequence = buffer.sequence;
  }
  uint8_t *bytes = camera->buffers[buffer.index].bytes;
  const size_t luma = camera->stride * camera->height, half = ((size_t)camera->height + 1) / 2;
  *frame = (espalier_video_frame){
    .format = camera->format, .color = camera->color, .width = camera->width, .height = camera->height,
    .planes = {bytes}, .strides = {camera->stride}, .sequence = buffer.sequence - camera->first_sequence,
    .time_nanoseconds = time > camera->first_time ? time - camera->first_time : 0};
  if (camera->format == ESPALIER_PIXELS_NV12) {
    frame->planes[1] = bytes + luma;
    frame->strides[1] = camera->stride;
  } else if (camera->format == ESPALIER_PIXELS_I420) {
    frame->planes[1] = bytes + luma;
    frame->planes[2] = frame->planes[1] + camera->stride / 2 * half;
    frame->strides[1] = frame->strides[2] = camera->stride / 2;
  }
  return ESPALIER_VIDEO_FRAME;
}
