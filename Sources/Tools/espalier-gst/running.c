#include "running.h"

#include <math.h>
#include <string.h>

#define GST_CAT_DEFAULT espalier_gst_infer_debug

// Frames of black that are run before the first one, so that it is as fast as any later one and latency is known.
enum { WARM_UP_FRAMES = 3 };

static GstBaseTransformClass *parent_of(GstBaseTransform *transform) {
  return g_type_class_peek_parent(G_OBJECT_GET_CLASS(transform));
}

static gboolean stop(GstBaseTransform *transform) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  espalier_session_destroy(self->session);
  espalier_model_close(self->model);
  self->session = NULL;
  self->model = NULL;
  espalier_gst_results_clear(&self->results);
  return TRUE;
}

// What the user set, copied so that the lock need not be held.
typedef struct settings {
  gchar *model, *labels, *deadline;
  guint threads;
  gdouble score, overlap;
} settings;

static settings copy_settings(EspalierGstInfer *self) {
  GST_OBJECT_LOCK(self);
  const settings copy = {
    g_strdup(self->model_path), g_strdup(self->labels_path), g_strdup(self->deadline_text), self->threads,
    self->score, self->overlap};
  GST_OBJECT_UNLOCK(self);
  return copy;
}

static gboolean open_model(EspalierGstInfer *self, const settings *settings) {
  espalier_error error = {0};
  if (!settings->model || !*settings->model) {
    GST_ELEMENT_ERROR(
        self, RESOURCE, NOT_FOUND, ("No model is set; give model=FILE.espalier, made by 'espalier compile'."), (NULL));
    return FALSE;
  }
  if (!espalier_gst_parse_time(settings->deadline, &self->deadline)) {
    GST_ELEMENT_ERROR(
        self, LIBRARY, SETTINGS, ("deadline '%s' is no time; write 8ms, 900us or nanoseconds.", settings->deadline), (NULL));
    return FALSE;
  }
  self->model = espalier_model_open(settings->model, &error);
  if (!self->model) {
    if (error.status == ESPALIER_UNREADABLE)
      GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ, ("%s.", error.message), (NULL));
    else
      GST_ELEMENT_ERROR(self, STREAM, WRONG_TYPE, ("Model '%s': %s.", settings->model, error.message), (NULL));
    return FALSE;
  }
  const size_t inputs = espalier_model_input_count(self->model);
  if (inputs != 1) {
    GST_ELEMENT_ERROR(
        self, STREAM, WRONG_TYPE,
        ("Model '%s' has %zu inputs; a video stream is one.", settings->model, inputs), (NULL));
    return FALSE;
  }
  return TRUE;
}

static gboolean open_session(EspalierGstInfer *self, const settings *settings) {
  espalier_error error = {0};
  espalier_session_options options = ESPALIER_SESSION_OPTIONS_INIT;
  options.threads = settings->threads;
  self->session = espalier_session_create(self->model, &options, &error);
  if (!self->session) {
    GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("Model '%s': %s.", settings->model, error.message), (NULL));
    return FALSE;
  }
  if (espalier_model_result_kind(self->model) == ESPALIER_RESULT_NONE) {
    GST_ELEMENT_WARNING(
        self, STREAM, FORMAT, ("Model '%s' does not say what its outputs mean: frames get verdicts, but no results.",
            settings->model), (NULL));
    return TRUE;
  }
  espalier_result_options results = ESPALIER_RESULT_OPTIONS_INIT;
  results.capacity = ESPALIER_GST_BOX_CAPACITY;
  if (settings->score >= 0) results.score_threshold = (float)settings->score;
  if (settings->overlap >= 0) results.overlap_threshold = (float)settings->overlap;
  if (espalier_session_set_result_options(self->session, &results, &error) != ESPALIER_OK) {
    GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS, ("Model '%s': %s.", settings->model, error.message), (NULL));
    return FALSE;
  }
  return TRUE;
}

static gboolean start(GstBaseTransform *transform) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  settings settings = copy_settings(self);
  espalier_gst_results_init(&self->results);
  self->is_prepared = FALSE;
  self->frame = 0;
  GST_OBJECT_LOCK(self);
  memset(self->counts, 0, sizeof self->counts);
  self->earliest_time = GST_CLOCK_TIME_NONE;
  self->proportion = 1;
  self->latency = self->announced_latency = 0;
  GST_OBJECT_UNLOCK(self);
  gboolean is_started = open_model(self, &settings) && open_session(self, &settings);
  GError *reason = NULL;
  if (is_started && !espalier_gst_results_load_labels(&self->results, settings.labels, &reason)) {
    GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ, ("labels: %s.", reason->message), (NULL));
    g_clear_error(&reason);
    is_started = FALSE;
  }
  g_free(settings.model);
  g_free(settings.labels);
  g_free(settings.deadline);
  if (!is_started) stop(transform);
  return is_started;
}

static espalier_picture picture_of(const GstVideoFrame *frame) {
  espalier_picture picture = {
    .size = sizeof picture,
    .format = (espalier_pixel_format)espalier_gst_format(GST_VIDEO_FRAME_FORMAT(frame)),
    .color = espalier_gst_color(&frame->info),
    .width = (uint32_t)GST_VIDEO_FRAME_WIDTH(frame),
    .height = (uint32_t)GST_VIDEO_FRAME_HEIGHT(frame)};
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(frame); plane++) {
    picture.planes[plane] = GST_VIDEO_FRAME_PLANE_DATA(frame, plane);
    picture.strides[plane] = (size_t)GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane);
  }
  return picture;
}

// Notes how long a frame took. Falls by a hundredth a frame, so that one slow frame is not remembered for ever.
static gboolean note_latency(EspalierGstInfer *self, GstClockTime time) {
  GST_OBJECT_LOCK(self);
  const GstClockTime faded = self->latency - self->latency / 100;
  self->latency = MAX(time, faded);
  const gboolean is_news = self->latency > self->announced_latency + self->announced_latency / 4 + GST_MSECOND;
  if (is_news) self->announced_latency = self->latency;
  GST_OBJECT_UNLOCK(self);
  return is_news;
}

// Runs frames without content in the stream's format, on the thread that will run the others.
static gboolean prepare(EspalierGstInfer *self) {
  espalier_error error = {0};
  if (espalier_session_prepare(self->session, WARM_UP_FRAMES, 0, NULL, &error) != ESPALIER_OK) {
    GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("%s.", error.message), (NULL));
    return FALSE;
  }
  GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&self->info), NULL);
  if (!buffer) return FALSE;
  gst_buffer_memset(buffer, 0, 0, GST_VIDEO_INFO_SIZE(&self->info));
  GstVideoFrame frame;
  const gboolean is_mapped = gst_video_frame_map(&frame, &self->info, buffer, GST_MAP_READ);
  gboolean is_run = is_mapped;
  for (int index = 0; is_run && index < WARM_UP_FRAMES; index++) {
    const espalier_picture picture = picture_of(&frame);
    espalier_verdict verdict = ESPALIER_VERDICT_INIT;
    if (espalier_session_run_pictures(self->session, &picture, 1, NULL, 0, NULL, &verdict, &error) != ESPALIER_OK) {
      GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("%s.", error.message), (NULL));
      is_run = FALSE;
    } else if (index == WARM_UP_FRAMES - 1) {
      note_latency(self, verdict.model_nanoseconds + verdict.overhead_nanoseconds);
    }
  }
  if (is_mapped) gst_video_frame_unmap(&frame);
  gst_buffer_unref(buffer);
  return is_run;
}

static gboolean set_caps(GstBaseTransform *transform, GstCaps *input, GstCaps *output) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  (void)output;
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, input) || espalier_gst_format(GST_VIDEO_INFO_FORMAT(&info)) < 0) return FALSE;
  self->info = info;
  if (!self->is_prepared && !prepare(self)) return FALSE;
  self->is_prepared = TRUE;
  return TRUE;
}

static gboolean propose_allocation(GstBaseTransform *transform, GstQuery *decided, GstQuery *query) {
  GstBaseTransformClass *parent = parent_of(transform);
  if (!parent->propose_allocation(transform, decided, query)) return FALSE;
  if (!gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL))
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

// Whether QoS says that the frame will come too late behind us. Then it also says so on the bus.
static gboolean is_late(EspalierGstInfer *self, GstBuffer *buffer, espalier_gst_policy policy) {
  if (policy == ESPALIER_GST_KEEP) return FALSE;
  const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  if (segment->format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(pts)) return FALSE;
  const GstClockTime time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts);
  GST_OBJECT_LOCK(self);
  const GstClockTime earliest = self->earliest_time;
  const gdouble proportion = self->proportion;
  GST_OBJECT_UNLOCK(self);
  if (!GST_CLOCK_TIME_IS_VALID(earliest) || !GST_CLOCK_TIME_IS_VALID(time) || time > earliest) return FALSE;
  GstMessage *message = gst_message_new_qos(
      GST_OBJECT(self), FALSE, time, gst_segment_to_stream_time(segment, GST_FORMAT_TIME, pts), pts,
      GST_BUFFER_DURATION(buffer));
  gst_message_set_qos_values(message, GST_CLOCK_DIFF(time, earliest), proportion, 1000000);
  GST_OBJECT_LOCK(self);
  const guint64 *counts = self->counts;
  gst_message_set_qos_stats(
      message, GST_FORMAT_BUFFERS, counts[ESPALIER_MET] + counts[ESPALIER_LATE],
      counts[ESPALIER_CANCELLED] + counts[ESPALIER_SKIPPED] + 1);
  GST_OBJECT_UNLOCK(self);
  gst_element_post_message(GST_ELEMENT(self), message);
  return TRUE;
}

// FALSE: an error was posted.
static gboolean run(EspalierGstInfer *self, GstBuffer *buffer, espalier_verdict *verdict) {
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &self->info, buffer, GST_MAP_READ)) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("A frame cannot be mapped into memory."), (NULL));
    return FALSE;
  }
  const espalier_picture picture = picture_of(&frame);
  espalier_frame timing = ESPALIER_FRAME_INIT;
  timing.budget_nanoseconds = self->deadline;
  espalier_error error = {0};
  const espalier_status status =
      espalier_session_run_pictures(self->session, &picture, 1, NULL, 0, &timing, verdict, &error);
  gst_video_frame_unmap(&frame);
  if (status == ESPALIER_OK) return TRUE;
  GST_ELEMENT_ERROR(self, STREAM, FAILED, ("%s.", error.message), (NULL));
  return FALSE;
}

// Attaches results and posts the frame's message. FALSE: an error was posted.
static gboolean hand_on(
    EspalierGstInfer *self, GstBuffer *buffer, const espalier_verdict *verdict, gboolean posts_messages) {
  espalier_error error = {0};
  GstStructure *message = espalier_gst_results_attach(
      &self->results, self->model, self->session, verdict, &self->info, buffer, &error);
  if (!message) {
    GST_ELEMENT_ERROR(self, STREAM, FAILED, ("%s.", error.message), (NULL));
    return FALSE;
  }
  gst_structure_set(
      message, "frame", G_TYPE_UINT64, self->frame, "pts", G_TYPE_UINT64, GST_BUFFER_PTS(buffer), NULL);
  if (posts_messages)
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), message));
  else
    gst_structure_free(message);
  return TRUE;
}

static GstFlowReturn transform_ip(GstBaseTransform *transform, GstBuffer *buffer) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  GST_OBJECT_LOCK(self);
  const espalier_gst_policy policy = self->policy;
  const gboolean posts_messages = self->posts_messages;
  GST_OBJECT_UNLOCK(self);
  espalier_verdict verdict = ESPALIER_VERDICT_INIT;
  if (is_late(self, buffer, policy)) {
    verdict.outcome = ESPALIER_SKIPPED;
  } else {
    if (!run(self, buffer, &verdict)) return GST_FLOW_ERROR;
    if (note_latency(self, verdict.model_nanoseconds + verdict.overhead_nanoseconds))
      gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
  }
  GST_OBJECT_LOCK(self);
  self->counts[verdict.outcome]++;
  GST_OBJECT_UNLOCK(self);
  const gboolean is_handed_on = hand_on(self, buffer, &verdict, posts_messages);
  self->frame++;
  if (!is_handed_on) return GST_FLOW_ERROR;
  const gboolean has_results = verdict.outcome == ESPALIER_MET || verdict.outcome == ESPALIER_LATE;
  if (policy == ESPALIER_GST_DROP && !has_results) {
    GST_DEBUG_OBJECT(self, "dropping a frame that was %s", espalier_gst_outcome_name(verdict.outcome));
    return GST_BASE_TRANSFORM_FLOW_DROPPED;
  }
  return GST_FLOW_OK;
}

static gboolean src_event(GstBaseTransform *transform, GstEvent *event) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    gdouble proportion;
    GstClockTimeDiff difference;
    GstClockTime time;
    gst_event_parse_qos(event, NULL, &proportion, &difference, &time);
    GST_OBJECT_LOCK(self);
    self->proportion = proportion;
    if (!GST_CLOCK_TIME_IS_VALID(time)) {
      self->earliest_time = GST_CLOCK_TIME_NONE;
    } else if (difference >= 0) {
      self->earliest_time = time + 2 * (GstClockTime)difference;
    } else {
      self->earliest_time = (GstClockTime)-difference < time ? time - (GstClockTime)-difference : 0;
    }
    GST_OBJECT_UNLOCK(self);
  }
  GstBaseTransformClass *parent = parent_of(transform);
  return parent->src_event(transform, event);
}

static gboolean sink_event(GstBaseTransform *transform, GstEvent *event) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP || GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    GST_OBJECT_LOCK(self);
    self->earliest_time = GST_CLOCK_TIME_NONE;
    GST_OBJECT_UNLOCK(self);
  }
  GstBaseTransformClass *parent = parent_of(transform);
  return parent->sink_event(transform, event);
}

// Adds what a frame takes here to the latency of what stands before us.
static gboolean query(GstBaseTransform *transform, GstPadDirection direction, GstQuery *query) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(transform);
  GstBaseTransformClass *parent = parent_of(transform);
  if (direction != GST_PAD_SRC || GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return parent->query(transform, direction, query);
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(transform), query)) return FALSE;
  gboolean is_live;
  GstClockTime least, most;
  gst_query_parse_latency(query, &is_live, &least, &most);
  GST_OBJECT_LOCK(self);
  const GstClockTime own = self->announced_latency = MAX(self->latency, self->announced_latency);
  GST_OBJECT_UNLOCK(self);
  gst_query_set_latency(query, is_live, least + own, GST_CLOCK_TIME_IS_VALID(most) ? most + own : most);
  return TRUE;
}

void espalier_gst_infer_install_running(GstBaseTransformClass *transform) {
  transform->start = start;
  transform->stop = stop;
  transform->set_caps = set_caps;
  transform->propose_allocation = propose_allocation;
  transform->transform_ip = transform_ip;
  transform->src_event = src_event;
  transform->sink_event = sink_event;
  transform->query = query;
  transform->transform_ip_on_passthrough = FALSE;
}
