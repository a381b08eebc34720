// Video files from frames, by libavcodec and libavformat.
#include <stdlib.h>

#include <espalier.h>

#include "libav.h"

// Of time stamps, a second; MPEG-4 counts no finer.
enum { TICKS = 60000 };

struct espalier_video_writer {
  AVFormatContext *container;
  AVCodecContext *encoder;
  AVStream *stream;
  AVPacket *packet;
  AVFrame *frame;
  struct SwsContext *scaler;
  int color;
  int width, height;  // of the pictures; encoded ones may have a column and a row more
  int has_header;
  int64_t last_time;
};

static void release(espalier_video_writer *writer) {
  sws_freeContext(writer->scaler);
  av_frame_free(&writer->frame);
  av_packet_free(&writer->packet);
  avcodec_free_context(&writer->encoder);
  if (writer->container && !(writer->container->oformat->flags & AVFMT_NOFILE)) avio_closep(&writer->container->pb);
  avformat_free_context(writer->container);
  free(writer);
}

static int open_encoder(espalier_video_writer *writer, const espalier_video_frame *first, double rate, char *message) {
  const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
  if (!codec) codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
  if (!codec) return espalier_video_fail(message, "libavcodec has no encoder for H.264 or MPEG-4"), -1;
  AVCodecContext *encoder = writer->encoder = avcodec_alloc_context3(codec);
  if (!encoder) return espalier_video_fail(message, "no memory"), -1;
  const int is_709 = writer->color == ESPALIER_COLOR_BT709;
  encoder->width = (int)(first->width + 1) & ~1;  // chroma has half the extents
  encoder->height = (int)(first->height + 1) & ~1;
  encoder->pix_fmt = AV_PIX_FMT_YUV420P;
  encoder->time_base = (AVRational){1, TICKS};
  encoder->framerate = av_d2q(rate > 0 ? rate : 30, 100000);
  encoder->color_range = AVCOL_RANGE_MPEG;
  encoder->colorspace = is_709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  encoder->color_primaries = is_709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  encoder->color_trc = is_709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  encoder->gop_size = 30;
  encoder->thread_count = 1;
  AVDictionary *options = NULL;
  if (codec->id == AV_CODEC_ID_H264) {
    av_dict_set(&options, "preset", "veryfast", 0);
    av_dict_set(&options, "crf", "20", 0);
  } else {
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = FF_QP2LAMBDA * 3;
  }
  if (writer->container->oformat->flags & AVFMT_GLOBALHEADER) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const int code = avcodec_open2(encoder, codec, &options);
  av_dict_free(&options);
  if (code < 0) return espalier_libav_fail(message, codec->name, code), -1;
  return 0;
}

static int open_file(espalier_video_writer *writer, const char *path, char *message) {
  writer->stream = avformat_new_stream(writer->container, NULL);
  if (!writer->stream) return espalier_video_fail(message, "no memory"), -1;
  writer->stream->time_base = writer->encoder->time_base;
  writer->stream->avg_frame_rate = writer->encoder->framerate;
  int code = avcodec_parameters_from_context(writer->stream->codecpar, writer->encoder);
  if (code >= 0 && !(writer->container->oformat->flags & AVFMT_NOFILE))
    code = avio_open(&writer->container->pb, path, AVIO_FLAG_WRITE);
  if (code < 0) return espalier_libav_fail(message, "the system refuses", code), -1;
  code = avformat_write_header(writer->container, NULL);
  if (code < 0) return espalier_libav_fail(message, "the container takes no such video", code), -1;
  writer->has_header = 1;
  return 0;
}

static int open_frame(espalier_video_writer *writer, char *message) {
  writer->packet = av_packet_alloc();
  writer->frame = av_frame_alloc();
  if (!writer->packet || !writer->frame) return espalier_video_fail(message, "no memory"), -1;
  writer->frame->format = writer->encoder->pix_fmt;
  writer->frame->width = writer->encoder->width;
  writer->frame->height = writer->encoder->height;
  if (av_frame_get_buffer(writer->frame, 64) < 0) return espalier_video_fail(message, "no memory"), -1;
  return 0;
}

espalier_video_writer *espalier_video_writer_open(
  const char *path, const espalier_video_frame *first, double rate, char *message) {
  av_log_set_level(AV_LOG_QUIET);
  espalier_video_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return espalier_video_fail(message, "no memory"), NULL;
  writer->last_time = -1;
  writer->width = (int)first->width;
  writer->height = (int)first->height;
  const int is_709 = first->color == ESPALIER_COLOR_BT709 || first->color == ESPALIER_COLOR_BT709_FULL;
  writer->color = is_709 ? ESPALIER_COLOR_BT709 : ESPALIER_COLOR_BT601;
  avformat_alloc_output_context2(&writer->container, NULL, NULL, path);
  if (!writer->container) {
    espalier_video_fail(message, "its ending stands for no container; end it in .mp4 or .mkv");
    return release(writer), NULL;
  }
  if (open_encoder(writer, first, rate, message) != 0 || open_file(writer, path, message) != 0 ||
      open_frame(writer, message) != 0)
    return release(writer), NULL;
  return writer;
}

// Repeats the last column and row of luma where the encoder's extents are the even ones above the picture's; chroma's
// are the same.
static void fill_edge(AVFrame *frame, int width, int height) {
  uint8_t *luma = frame->data[0];
  const size_t stride = (size_t)frame->linesize[0];
  for (int y = 0; frame->width > width && y < height; y++)
    luma[(size_t)y * stride + (size_t)width] = luma[(size_t)y * stride + (size_t)width - 1];
  if (frame->height > height)
    memcpy(luma + (size_t)height * stride, luma + (size_t)(height - 1) * stride, (size_t)frame->width);
}

// libswscale leaves the chroma of a last odd row out where it comes from packed pixels: it is that of the row before.
static void fill_last_chroma(AVFrame *frame, int height) {
  for (int plane = 1; plane < 3; plane++) {
    const size_t stride = (size_t)frame->linesize[plane], row = (size_t)height / 2;
    uint8_t *last = frame->data[plane] + row * stride;
    if (row > 0) memcpy(last, last - stride, stride);
    else memset(last, 128, stride);
  }
}

int espalier_video_writer_fill(
  espalier_video_writer *writer, const espalier_video_frame *source, espalier_video_frame *target, char *message) {
  AVFrame *frame = writer->frame;
  if (av_frame_make_writable(frame) < 0) return espalier_video_fail(message, "no memory"), -1;
  writer->scaler = sws_getCachedContext(
    writer->scaler, (int)source->width, (int)source->height, espalier_libav_format(source->format), writer->width,
    writer->height, frame->format, SWS_BILINEAR, NULL, NULL, NULL);
  if (!writer->scaler) return espalier_video_fail(message, "libswscale cannot convert such frames"), -1;
  // Gray is from 0 to 255, whatever is said of Y beside colors.
  const int is_limited = source->color == ESPALIER_COLOR_BT601 || source->color == ESPALIER_COLOR_BT709;
  const int is_gray = source->format == ESPALIER_PIXELS_GRAY8;
  espalier_set_colors(writer->scaler, is_gray && is_limited ? source->color + 2 : source->color, writer->color);
  const int strides[] = {(int)source->strides[0], (int)source->strides[1], (int)source->strides[2], 0};
  const uint8_t *planes[] = {source->planes[0], source->planes[1], source->planes[2], NULL};
  sws_scale(writer->scaler, planes, strides, 0, (int)source->height, frame->data, frame->linesize);
  const int is_packed = source->format == ESPALIER_PIXELS_YUYV || source->format == ESPALIER_PIXELS_UYVY;
  if (is_packed && writer->height % 2 == 1) fill_last_chroma(frame, writer->height);
  fill_edge(frame, writer->width, writer->height);
  *target = (espalier_video_frame){
    .format = ESPALIER_PIXELS_I420, .color = writer->color, .width = (uint32_t)writer->width,
    .height = (uint32_t)writer->height};
  for (int plane = 0; plane < 3; plane++) {
    target->planes[plane] = frame->data[plane];
    target->strides[plane] = (size_t)frame->linesize[plane];
  }
  return 0;
}

// Gives the encoder a frame, NULL at the end, and writes what it has ready.
static int encode(espalier_video_writer *writer, const AVFrame *frame, char *message) {
  int code = avcodec_send_frame(writer->encoder, frame);
  while (code >= 0) {
    code = avcodec_receive_packet(writer->encoder, writer->packet);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return 0;
    if (code < 0) break;
    // A frame lasts until the next one; of the last one only the rate tells.
    if (writer->packet->duration == 0) writer->packet->duration = (int64_t)(TICKS / av_q2d(writer->encoder->framerate));
    av_packet_rescale_ts(writer->packet, writer->encoder->time_base, writer->stream->time_base);
    writer->packet->stream_index = writer->stream->index;
    code = av_interleaved_write_frame(writer->container, writer->packet);
  }
  return espalier_libav_fail(message, "a frame cannot be written", code), -1;
}

int espalier_video_writer_write(espalier_video_writer *writer, uint64_t time_nanoseconds, char *message) {
  int64_t time = av_rescale((int64_t)time_nanoseconds, TICKS, 1000000000);
  if (time <= writer->last_time) time = writer->last_time + 1;
  writer->frame->pts = writer->last_time = time;
  return encode(writer, writer->frame, message);
}

int espalier_video_writer_close(espalier_video_writer *writer, char *message) {
  if (!writer) return 0;
  int status = encode(writer, NULL, message);
  if (writer->has_header) {
    const int code = av_write_trailer(writer->container);
    if (code < 0 && status == 0) {
      espalier_libav_fail(message, "its end cannot be written", code);
      status = -1;
    }
  }
  release(writer);
  return status;
}
