// Frames from video files, cameras and pipes, and video files from frames, behind plain functions. Frames come in the
// format in which decoder or driver have them, and lie in their memory.
//
// Functions that can fail copy a sentence into `message` (at most ESPALIER_VIDEO_MESSAGE bytes, zero-terminated).
// Nothing here may be used by two threads at once, but each object by a thread of its own.
#ifndef ESPALIER_VIDEO_H
#define ESPALIER_VIDEO_H

#include <stddef.h>
#include <stdint.h>

#define ESPALIER_VIDEO_MESSAGE 256

// A frame in somebody's memory; formats and colors as in espalier.h.
typedef struct espalier_video_frame {
  int format;  // an espalier_pixel_format
  int color;   // an espalier_color
  uint32_t width, height;
  uint8_t *planes[3];
  size_t strides[3];
  uint64_t time_nanoseconds;  // since the first frame
  uint64_t sequence;          // cameras count frames that nobody took, too
} espalier_video_frame;

enum espalier_video_next { ESPALIER_VIDEO_END = 0, ESPALIER_VIDEO_FRAME = 1, ESPALIER_VIDEO_FAILED = -1 };

typedef struct espalier_video espalier_video;

// Opens the best video stream of a file. `threads` decode. NULL: see `message`.
espalier_video *espalier_video_open(const char *path, int threads, char *message);

// Frames a second as the file says, 0 where it does not.
double espalier_video_rate(const espalier_video *video);

// The next frame; its bytes stay until the next call and must not be changed. ESPALIER_VIDEO_FAILED: see `message`.
int espalier_video_next(espalier_video *video, espalier_video_frame *frame, char *message);
void espalier_video_close(espalier_video *video);

typedef struct espalier_video_writer espalier_video_writer;

// Makes a video file of frames as `first` is, but for its bytes, in H.264 where there is libx264, else in MPEG-4. The
// path's ending says which container. NULL: see `message`.
espalier_video_writer *espalier_video_writer_open(
  const char *path, const espalier_video_frame *first, double rate, char *message);

// Copies `source` into the next frame to be written; sizes and formats may differ. `target` is where one may draw on it
// before it is written. 0, or -1: see `message`.
int espalier_video_writer_fill(
  espalier_video_writer *writer, const espalier_video_frame *source, espalier_video_frame *target, char *message);

// Encodes what was filled; times increase. 0, or -1: see `message`.
int espalier_video_writer_write(espalier_video_writer *writer, uint64_t time_nanoseconds, char *message);

// Writes what is left and closes the file. 0, or -1: see `message`. Frees the writer in any case.
int espalier_video_writer_close(espalier_video_writer *writer, char *message);

typedef struct espalier_camera espalier_camera;

// Begins to capture from a V4L2 device, in the first of NV12, I420, YUYV, UYVY, BGR, RGB and gray that it has. 0: as
// the device is set. NULL: see `message`.
espalier_camera *espalier_camera_open(
  const char *path, uint32_t width, uint32_t height, double rate, char *message);
double espalier_camera_rate(const espalier_camera *camera);

// The newest frame; waits for one. Its bytes stay until the next call. ESPALIER_VIDEO_END after an interruption.
int espalier_camera_next(espalier_camera *camera, espalier_video_frame *frame, char *message);
void espalier_camera_close(espalier_camera *camera);

// Reads so many bytes. ESPALIER_VIDEO_END where none are left or after an interruption, FAILED where the last frame is cut
// off or the system refuses: see `message`.
int espalier_pipe_read(int file, uint8_t *bytes, size_t count, char *message);

// How many bytes a plane of a format has in a row, and how many rows; 0 rows where the format has no such plane.
void espalier_video_plane(
  int format, uint32_t width, uint32_t height, int plane, size_t *row_bytes, uint32_t *rows);

// From now on the first Ctrl-C, or termination, is noted instead of ending the process; the second one ends it.
void espalier_interruption_watch(void);
int espalier_interruption_noted(void);

#endif
