// A V4L2 device that is none: preloaded, it answers for /dev/video-fake as a driver does, in YUYV frames of 64x48, 50 a
// second, that are gray by their number. Machines of continuous integration have no camera, and no kernel module for one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 48, BYTES = WIDTH * HEIGHT * 2, ROOM = 8192, BUFFERS = 3, PERIOD = 20000000 };

static int device = -1;
static uint8_t *memory;
static int queue[BUFFERS], waiting;
static uint64_t start, taken;
static int is_streaming;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int open_device(const char *path, int flags, mode_t mode, const char *name) {
  if (strcmp(path, "/dev/video-fake") != 0) {
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
    return next(path, flags, mode);
  }
  device = memfd_create("camera", MFD_CLOEXEC);
  if (ftruncate(device, ROOM * BUFFERS) != 0) return -1;
  memory = mmap(NULL, ROOM * BUFFERS, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
  return device;
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (mode_t)va_arg(arguments, int);
  va_end(arguments);
  return open_device(path, flags, mode, "open");
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (mode_t)va_arg(arguments, int);
  va_end(arguments);
  return open_device(path, flags, mode, "open64");
}

static int fail(int code) {
  errno = code;
  return -1;
}

// The next frame that the driver has filled, of those that are due.
static int dequeue(struct v4l2_buffer *buffer) {
  const uint64_t due = (now() - start) / PERIOD;
  if (!is_streaming || waiting == 0 || taken >= due) return fail(EAGAIN);
  buffer->index = (uint32_t)queue[0];
  memmove(queue, queue + 1, sizeof queue - sizeof *queue);
  waiting--;
  const uint64_t time = start + (taken + 1) * PERIOD;
  buffer->sequence = (uint32_t)taken;
  buffer->timestamp.tv_sec = (long)(time / 1000000000u);
  buffer->timestamp.tv_usec = (long)(time % 1000000000u / 1000u);
  buffer->bytesused = BYTES;
  buffer->flags = 0;
  memset(memory + buffer->index * ROOM, (int)(16 + taken % 200), BYTES);
  taken++;
  return 0;
}

static int answer(unsigned long request, void *argument) {
  struct v4l2_buffer *buffer = argument;
  struct v4l2_format *format = argument;
  struct v4l2_streamparm *rate = argument;
  struct v4l2_fmtdesc *description = argument;
  switch (request) {
    case VIDIOC_ENUM_FMT:
      if (description->index > 1) return fail(EINVAL);
      description->pixelformat = description->index == 0 ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
      return 0;
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT:
      format->fmt.pix = (struct v4l2_pix_format){
        .width = WIDTH, .height = HEIGHT, .pixelformat = V4L2_PIX_FMT_YUYV, .bytesperline = WIDTH * 2,
        .sizeimage = BYTES};
      return 0;
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM:
      rate->parm.capture.timeperframe = (struct v4l2_fract){1, 50};
      return 0;
    case VIDIOC_REQBUFS: ((struct v4l2_requestbuffers *)argument)->count = BUFFERS; return 0;
    case VIDIOC_QUERYBUF:
      buffer->length = ROOM;
      buffer->m.offset = buffer->index * ROOM;
      return 0;
    case VIDIOC_QBUF:
      if (waiting == BUFFERS || buffer->index >= BUFFERS) return fail(EINVAL);
      queue[waiting++] = (int)buffer->index;
      return 0;
    case VIDIOC_DQBUF: return dequeue(buffer);
    case VIDIOC_STREAMON:
      start = now();
      is_streaming = 1;
      return 0;
    case VIDIOC_STREAMOFF: is_streaming = 0; return 0;
    default: return fail(ENOTTY);
  }
}

int ioctl(int file, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (file == device && device >= 0) return answer(request, argument);
  int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  return next(file, request, argument);
}

// Sleeps until a frame is due.
int poll(struct pollfd *files, nfds_t count, int timeout) {
  if (count != 1 || files->fd != device || device < 0) {
    int (*next)(struct pollfd *, nfds_t, int) = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    return next(files, count, timeout);
  }
  const uint64_t due = start + (taken + 1) * PERIOD, current = now();
  if (due > current) {
    const struct timespec rest = {0, (long)(due - current)};
    if (nanosleep(&rest, NULL) != 0) return fail(EINTR);
  }
  files->revents = POLLIN;
  return 1;
}
