// Video files, by libavformat and libavcodec. Frames are handed out where the decoder has put them.
#include <stdlib.h>

#include "libav.h"

struct espalier_video {
  AVFormatContext *container;
  AVCodecContext *decoder;
  AVPacket *packet;
  AVFrame *frame;
  AVFrame *converted;  // of formats that are not handed out as they are
  struct SwsContext *scaler;
  AVRational time_base;
  double rate;
  int stream;
  int is_drained;
  int64_t first_time, last_time;  // of time_base; AV_NOPTS_VALUE: no frame yet
  uint64_t count;
};

void espalier_video_close(espalier_video *video) {
  if (!video) return;
  sws_freeContext(video->scaler);
  av_frame_free(&video->converted);
  av_frame_free(&video->frame);
  av_packet_free(&video->packet);
  avcodec_free_context(&video->decoder);
  avformat_close_input(&video->container);
  free(video);
}

static int open_decoder(espalier_video *video, int threads, char *message) {
  const AVCodec *codec = NULL;
  int code = avformat_find_stream_info(video->container, NULL);
  if (code < 0) return espalier_libav_fail(message, "its streams cannot be read", code), -1;
  video->stream = av_find_best_stream(video->container, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  if (video->stream == AVERROR_DECODER_NOT_FOUND)
    return espalier_video_fail(message, "libavcodec has no decoder for its video"), -1;
  if (video->stream < 0 || !codec) return espalier_video_fail(message, "it has no video"), -1;
  const AVStream *stream = video->container->streams[video->stream];
  video->decoder = avcodec_alloc_context3(codec);
  if (!video->decoder) return espalier_video_fail(message, "no memory"), -1;
  code = avcodec_parameters_to_context(video->decoder, stream->codecpar);
  video->decoder->thread_count = threads;
  if (code >= 0) code = avcodec_open2(video->decoder, codec, NULL);
  if (code < 0) return espalier_libav_fail(message, codec->name, code), -1;
  video->time_base = stream->time_base;
  const AVRational rate = av_guess_frame_rate(video->container, video->container->streams[video->stream], NULL);
  video->rate = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
  for (unsigned index = 0; index < video->container->nb_streams; index++)
    if ((int)index != video->stream) video->container->streams[index]->discard = AVDISCARD_ALL;
  return 0;
}

espalier_video *espalier_video_open(const char *path, int threads, char *message) {
  av_log_set_level(AV_LOG_QUIET);
  espalier_video *video = calloc(1, sizeof *video);
  if (!video) return espalier_video_fail(message, "no memory"), NULL;
  video->first_time = video->last_time = AV_NOPTS_VALUE;
  const int code = avformat_open_input(&video->container, path, NULL, NULL);
  if (code < 0) {
    espalier_libav_fail(message, "it is no video file", code);
    return espalier_video_close(video), NULL;
  }
  // libavformat would draw the letters of a text.
  if (strcmp(video->container->iformat->name, "tty") == 0) {
    espalier_video_fail(message, "it is a text, not a video file");
    return espalier_video_close(video), NULL;
  }
  video->packet = av_packet_alloc();
  video->frame = av_frame_alloc();
  if (!video->packet || !video->frame) {
    espalier_video_fail(message, "no memory");
    return espalier_video_close(video), NULL;
  }
  if (open_decoder(video, threads, message) != 0) return espalier_video_close(video), NULL;
  return video;
}

double espalier_video_rate(const espalier_video *video) { return video->rate; }

// Gives the decoder one more packet of the stream; at the end tells it that there are none.
static int feed(espalier_video *video, char *message) {
  for (;;) {
    int code = av_read_frame(video->container, video->packet);
    if (code == AVERROR_EOF) {
      video->is_drained = 1;
      code = avcodec_send_packet(video->decoder, NULL);
    } else if (code >= 0) {
      if (video->packet->stream_index != video->stream) {
        av_packet_unref(video->packet);
        continue;
      }
      code = avcodec_send_packet(video->decoder, video->packet);
      av_packet_unref(video->packet);
      // A damaged packet costs its frames, not the rest of the film.
      if (code == AVERROR_INVALIDDATA) continue;
    }
    if (code < 0) return espalier_libav_fail(message, "the file cannot be decoded", code), -1;
    return 0;
  }
}

static int convert(espalier_video *video, char *message) {
  const AVFrame *source = video->frame;
  if (!video->converted || video->converted->width != source->width || video->converted->height != source->height) {
    av_frame_free(&video->converted);
    video->converted = av_frame_alloc();
    if (!video->converted) return espalier_video_fail(message, "no memory"), -1;
    video->converted->format = AV_PIX_FMT_YUV420P;
    video->converted->width = source->width;
    video->converted->height = source->height;
    if (av_frame_get_buffer(video->converted, 64) < 0) return espalier_video_fail(message, "no memory"), -1;
  }
  video->scaler = sws_getCachedContext(
    video->scaler, source->width, source->height, source->format, source->width, source->height, AV_PIX_FMT_YUV420P,
    SWS_BILINEAR, NULL, NULL, NULL);
  if (!video->scaler) {
    const char *name = av_get_pix_fmt_name(source->format);
    return espalier_video_fail(message, "its pixels are %s, which libswscale cannot convert", name ? name : "of no known format"), -1;
  }
  const int color = espalier_color_of(source);
  espalier_set_colors(video->scaler, color, color);
  sws_scale(
    video->scaler, (const uint8_t *const *)source->data, source->linesize, 0, source->height, video->converted->data,
    video->converted->linesize);
  return 0;
}

// Nanoseconds since the first frame. Frames without a time follow at the file's rate.
static uint64_t elapsed(espalier_video *video) {
  int64_t time = video->frame->best_effort_timestamp;
  if (time == AV_NOPTS_VALUE) return video->rate > 0 ? (uint64_t)((double)video->count * 1e9 / video->rate) : 0;
  if (video->first_time == AV_NOPTS_VALUE) video->first_time = time;
  if (time < video->first_time) time = video->first_time;
  return (uint64_t)av_rescale_q(time - video->first_time, video->time_base, (AVRational){1, 1000000000});
}

static int hand_out(espalier_video *video, espalier_video_frame *frame, char *message) {
  const AVFrame *source = video->frame;
  int format = espalier_format_of(source->format);
  // Rows that go upwards are no surface.
  if (source->linesize[0] < 0) format = -1;
  if (format < 0) {
    if (convert(video, message) != 0) return ESPALIER_VIDEO_FAILED;
    source = video->converted;
    format = espalier_format_of(source->format);
  }
  *frame = (espalier_video_frame){
    .format = format, .color = espalier_color_of(video->frame), .width = (uint32_t)source->width,
    .height = (uint32_t)source->height, .time_nanoseconds = elapsed(video), .sequence = video->count};
  for (int plane = 0; plane < 3; plane++) {
    frame->planes[plane] = source->data[plane];
    frame->strides[plane] = source->data[plane] ? (size_t)source->linesize[plane] : 0;
  }
  video->count++;
  return ESPALIER_VIDEO_FRAME;
}

int espalier_video_next(espalier_video *video, espalier_video_frame *frame, char *message) {
  for (;;) {
    const int code = avcodec_receive_frame(video->decoder, video->frame);
    if (code == 0) return hand_out(video, frame, message);
    if (code == AVERROR_EOF || (code == AVERROR(EAGAIN) && video->is_drained)) return ESPALIER_VIDEO_END;
    if (code != AVERROR(EAGAIN) && code != AVERROR_INVALIDDATA)
      return espalier_libav_fail(message, "the file cannot be decoded", code), ESPALIER_VIDEO_FAILED;
    if (feed(video, message) != 0) return ESPALIER_VIDEO_FAILED;
  }
}
