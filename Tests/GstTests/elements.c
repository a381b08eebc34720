// espalierinfer and espalieroverlay as applications meet them: pipelines of other people's elements, run to the end.
//
//     elements SIGNS.espalier STOP.png [DETECTOR.espalier PICTURE.jpg LABEL]
//
// SIGNS classifies traffic signs and calls what STOP.png shows "Stop". Run it with GST_PLUGIN_PATH at the plugin, and
// GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 to see what is left over. Prints one line a check; exits 1 where one fails.
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const gchar *const formats[] = {"NV12", "I420", "YUY2", "UYVY", "RGB",  "BGR",
                                       "RGBA", "RGBx", "BGRA", "BGRx", "GRAY8"};
static const gchar *signs, *stop_picture;
static gint failures, checks;

static void check(gboolean holds, const gchar *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  gchar *what = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  checks++;
  if (!holds) failures++;
  g_print("%s %s\n", holds ? "  ok  " : "FAILED", what);
  g_free(what);
}

// What a pipeline said until its end.
typedef struct outcome {
  gboolean has_ended;
  gint frames, met, skipped, qos;
  gchar *error;
  gchar *top; // label of the likeliest class of the last frame
} outcome;

static void clear(outcome *o) {
  g_free(o->error);
  g_free(o->top);
}

static void note_frame(outcome *o, const GstStructure *frame) {
  const gchar *verdict = gst_structure_get_string(frame, "verdict");
  o->frames++;
  if (g_strcmp0(verdict, "met") == 0) o->met++;
  if (g_strcmp0(verdict, "skipped") == 0) o->skipped++;
  const GValue *classes = gst_structure_get_value(frame, "classes");
  if (!classes || !GST_VALUE_HOLDS_LIST(classes) || gst_value_list_get_size(classes) == 0) return;
  const GstStructure *first = gst_value_get_structure(gst_value_list_get_value(classes, 0));
  g_free(o->top);
  o->top = g_strdup(gst_structure_get_string(first, "label"));
}

// Takes messages until the end, an error, or for 20 seconds.
static outcome watch(GstElement *pipeline) {
  outcome o = {0};
  GstBus *bus = gst_element_get_bus(pipeline);
  const GstMessageType wanted = GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT | GST_MESSAGE_QOS;
  for (GstMessage *message; !o.has_ended && !o.error;) {
    message = gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, wanted);
    if (!message) break;
    const GstStructure *structure = gst_message_get_structure(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) o.has_ended = TRUE;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_QOS) o.qos++;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError *error = NULL;
      gst_message_parse_error(message, &error, NULL);
      o.error = g_strdup(error->message);
      g_clear_error(&error);
    }
    if (structure && gst_structure_has_name(structure, "espalier-frame")) note_frame(&o, structure);
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return o;
}

static GstElement *launch(const gchar *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  gchar *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch(text, &error);
  if (!pipeline || error) g_error("'%s': %s", text, error ? error->message : "no pipeline");
  g_free(text);
  return pipeline;
}

static void finish(GstElement *pipeline) {
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

// Runs a pipeline to its end.
static outcome run(GstElement *pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  outcome o = watch(pipeline);
  finish(pipeline);
  return o;
}

static void test_formats(void) {
  for (guint index = 0; index < G_N_ELEMENTS(formats); index++) {
    outcome o = run(launch(
        "videotestsrc num-buffers=5 ! video/x-raw,format=%s,width=322,height=241 ! espalierinfer model=\"%s\" ! "
        "espalieroverlay ! fakesink", formats[index], signs));
    check(o.has_ended && o.frames == 5 && o.met == 5, "%s: 5 frames met, then the end (%d, %s)", formats[index], o.met,
        o.error ? o.error : "no error");
    clear(&o);
    o = run(launch(
        "filesrc location=\"%s\" ! pngdec ! videoconvert ! video/x-raw,format=%s ! espalierinfer model=\"%s\" ! "
        "fakesink", stop_picture, formats[index], signs));
    // Without colors a stop sign may be something else.
    const gboolean is_gray = strcmp(formats[index], "GRAY8") == 0;
    check(is_gray ? o.top != NULL : g_strcmp0(o.top, "Stop") == 0, "%s: the stop sign is '%s'", formats[index],
        o.top ? o.top : "nothing");
    clear(&o);
  }
}

static void test_renegotiation(void) {
  outcome o = run(launch(
      "concat name=c ! espalierinfer model=\"%s\" threads=2 ! espalieroverlay ! fakesink "
      "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=320,height=240 ! c. "
      "videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width=641,height=481 ! c. "
      "videotestsrc num-buffers=3 ! video/x-raw,format=NV12,width=17,height=1 ! c. "
      "videotestsrc num-buffers=3 ! video/x-raw,format=NV12,width=1280,height=720 ! c.", signs));
  check(o.has_ended && o.met == 12, "caps and sizes change three times: 12 frames met (%d, %s)", o.met,
      o.error ? o.error : "no error");
  clear(&o);
}

static void test_seek(void) {
  GstElement *pipeline = launch(
      "videotestsrc num-buffers=1000 ! video/x-raw,format=NV12,width=64,height=64,framerate=10/1 ! "
      "espalierinfer model=\"%s\" ! fakesink", signs);
  gst_element_set_state(pipeline, GST_STATE_PAUSED);
  gst_element_get_state(pipeline, NULL, NULL, 20 * GST_SECOND);
  gboolean is_done = TRUE;
  for (gint second = 1; second <= 5; second++)
    is_done &= gst_element_seek(
        pipeline, 1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, GST_SEEK_TYPE_SET,
        (gint64)(6 - second) * 3 * GST_SECOND, GST_SEEK_TYPE_SET, (gint64)20 * GST_SECOND) &&
        gst_element_get_state(pipeline, NULL, NULL, 20 * GST_SECOND) == GST_STATE_CHANGE_SUCCESS;
  outcome o = run(pipeline);
  check(is_done && o.has_ended && !o.error && o.met >= 169, "five seeks, then 17 seconds to the end (%d frames met)", o.met);
  clear(&o);
}

static void test_states(void) {
  GstElement *pipeline = launch(
      "videotestsrc ! video/x-raw,format=I420,width=64,height=48 ! espalierinfer model=\"%s\" threads=2 ! "
      "espalieroverlay ! fakesink", signs);
  gint reached = 0;
  const GstState turns[] = {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED};
  for (gint turn = 0; turn < 100; turn++) {
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    if (gst_element_get_state(pipeline, NULL, NULL, 20 * GST_SECOND) == GST_STATE_CHANGE_SUCCESS) reached++;
    gst_element_set_state(pipeline, turns[turn % 3]);
  }
  finish(pipeline);
  check(reached == 100, "100 times to PLAYING and back (%d)", reached);
}

static void expect_error(const gchar *properties, const gchar *part, const gchar *what) {
  outcome o = run(launch("videotestsrc num-buffers=2 ! espalierinfer %s ! fakesink", properties));
  check(o.error && strstr(o.error, part), "%s: '%s'", what, o.error ? o.error : "no error");
  clear(&o);
}

static void test_refusals(void) {
  gchar *folder = g_dir_make_tmp(NULL, NULL), *bytes = NULL;
  gsize count = 0;
  gchar *broken = g_build_filename(folder, "broken.espalier", NULL), *cut = g_build_filename(folder, "cut.espalier", NULL);
  g_file_set_contents(broken, "no pack", -1, NULL);
  if (!g_file_get_contents(signs, &bytes, &count, NULL)) g_error("cannot read %s", signs);
  bytes[count / 2] ^= 1;
  g_file_set_contents(cut, bytes, (gssize)(count - count / 4), NULL);
  gchar *text = g_strdup_printf("model=\"%s\"", broken);
  expect_error("", "No model is set", "no model");
  expect_error("model=/nowhere/at/all.espalier", "/nowhere/at/all.espalier", "a missing model");
  expect_error(text, broken, "a model that is none");
  g_free(text);
  text = g_strdup_printf("model=\"%s\"", cut);
  expect_error(text, cut, "a damaged model");
  g_free(text);
  text = g_strdup_printf("model=\"%s\" deadline=soon", signs);
  expect_error(text, "soon", "a deadline that is no time");
  g_free(text);
  text = g_strdup_printf("model=\"%s\" labels=/nowhere/labels.txt", signs);
  expect_error(text, "/nowhere/labels.txt", "missing labels");
  g_free(text);
  remove(broken);
  remove(cut);
  rmdir(folder);
  g_free(bytes);
  g_free(broken);
  g_free(cut);
  g_free(folder);
}

static gint passed;

static void count_buffer(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer context) {
  (void)sink, (void)buffer, (void)pad, (void)context;
  g_atomic_int_inc(&passed);
}

static outcome run_counting(GstElement *pipeline) {
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  g_atomic_int_set(&passed, 0);
  g_signal_connect(sink, "handoff", G_CALLBACK(count_buffer), NULL);
  gst_object_unref(sink);
  return run(pipeline);
}

static void test_deadlines(void) {
  const gchar *text = "videotestsrc num-buffers=6 ! espalierinfer model=\"%s\" deadline=%s drop-policy=%s ! "
                      "espalieroverlay ! fakesink name=sink signal-handoffs=true";
  outcome o = run_counting(launch(text, signs, "1", "keep"));
  check(o.frames == 6 && o.met == 0 && g_atomic_int_get(&passed) == 6,
      "a deadline of 1 ns, keep: none met, all 6 go on (%d met, %d)", o.met, g_atomic_int_get(&passed));
  clear(&o);
  o = run_counting(launch(text, signs, "1", "drop"));
  check(o.frames == 6 && o.met == 0 && g_atomic_int_get(&passed) == 0,
      "a deadline of 1 ns, drop: none goes on (%d met, %d)", o.met, g_atomic_int_get(&passed));
  clear(&o);
  o = run_counting(launch(text, signs, "10s", "drop"));
  check(o.met == 6 && g_atomic_int_get(&passed) == 6, "a deadline of 10 s: all met (%d, %d)", o.met,
      g_atomic_int_get(&passed));
  clear(&o);
}

static GstHarness *harness(const gchar *launch_line, const gchar *caps) {
  GstHarness *h = gst_harness_new_parse(launch_line);
  gst_harness_set_src_caps_str(h, caps);
  return h;
}

static GstBuffer *frame(gsize bytes, gint value, GstClockTime time) {
  GstBuffer *buffer = gst_buffer_new_allocate(NULL, bytes, NULL);
  gst_buffer_memset(buffer, 0, (guint8)value, bytes);
  GST_BUFFER_PTS(buffer) = time;
  GST_BUFFER_DURATION(buffer) = 40 * GST_MSECOND;
  return buffer;
}

static void test_qos(void) {
  gchar *line = g_strdup_printf("espalierinfer name=infer model=\"%s\" drop-policy=skip", signs);
  GstHarness *h = harness(line, "video/x-raw,format=GRAY8,width=64,height=64,framerate=25/1");
  // 100 ms too late at 0 ms: frames up to 200 ms are skipped, those behind it run.
  gst_harness_push_upstream_event(h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, 100 * GST_MSECOND, 0));
  gint skipped = 0, run = 0;
  for (guint64 index = 0; index < 10; index++) {
    gst_harness_push(h, frame(64 * 64, 60, index * 40 * GST_MSECOND));
    GstBuffer *buffer = gst_harness_pull(h);
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, "EspalierResultMeta");
    const gchar *verdict = meta ? gst_structure_get_string(gst_custom_meta_get_structure(meta), "verdict") : NULL;
    if (g_strcmp0(verdict, "skipped") == 0 && index <= 5) skipped++;
    if (g_strcmp0(verdict, "met") == 0 && index > 5) run++;
    gst_buffer_unref(buffer);
  }
  check(skipped == 6 && run == 4, "QoS: 6 late frames skipped, 4 behind them run (%d, %d)", skipped, run);
  GstElement *infer = gst_harness_find_element(h, "espalierinfer");
  guint64 latency = 0;
  GstStructure *stats = NULL;
  g_object_get(infer, "latency", &latency, "stats", &stats, NULL);
  guint64 met = 0, late = 0;
  gst_structure_get(stats, "met", G_TYPE_UINT64, &met, "skipped", G_TYPE_UINT64, &late, NULL);
  check(met == 4 && late == 6, "stats say the same");
  const GstClockTime answered = gst_harness_query_latency(h);
  check(latency > 0 && answered >= latency && answered < 20 * GST_SECOND,
      "latency: %" G_GUINT64_FORMAT " ns measured, %" G_GUINT64_FORMAT " answered", latency, answered);
  gst_structure_free(stats);
  gst_object_unref(infer);
  gst_harness_teardown(h);
  g_free(line);
}

// Luma or the first byte of a pixel.
static guint8 sample(GstBuffer *buffer, const GstVideoInfo *info, gint x, gint y) {
  GstVideoFrame mapped;
  if (!gst_video_frame_map(&mapped, info, buffer, GST_MAP_READ)) g_error("cannot map");
  const guint8 *row =
      (const guint8 *)GST_VIDEO_FRAME_COMP_DATA(&mapped, 0) + y * GST_VIDEO_FRAME_COMP_STRIDE(&mapped, 0);
  const guint8 value = row[x * GST_VIDEO_FRAME_COMP_PSTRIDE(&mapped, 0)];
  gst_video_frame_unmap(&mapped);
  return value;
}

static void test_overlay(void) {
  for (guint index = 0; index < G_N_ELEMENTS(formats); index++) {
    gchar *caps = g_strdup_printf("video/x-raw,format=%s,width=97,height=81,framerate=25/1", formats[index]);
    GstHarness *h = harness("espalieroverlay", caps);
    GstVideoInfo info;
    GstCaps *parsed = gst_caps_from_string(caps);
    gst_video_info_from_caps(&info, parsed);
    GstBuffer *buffer = frame(info.size, 20, 0);
    gst_buffer_add_video_region_of_interest_meta(buffer, "thing", 20, 40, 50, 30);
    gst_harness_push(h, buffer);
    buffer = gst_harness_pull(h);
    const guint8 inside = sample(buffer, &info, 45, 60), outside = sample(buffer, &info, 85, 10);
    const guint8 edge = sample(buffer, &info, 70, 55), label = sample(buffer, &info, 21, 30);
    const gboolean keeps = inside == 20 && outside == 20;
    check(keeps && (edge != 20 || sample(buffer, &info, 69, 55) != 20) && label != 20,
        "overlay on %s: edge %u, label %u, inside %u, outside %u", formats[index], edge, label, inside, outside);
    gst_buffer_unref(buffer);
    gst_caps_unref(parsed);
    gst_harness_teardown(h);
    g_free(caps);
  }
}

// Regions of interest on a picture of the road, from a real detector.
static void test_detector(const gchar *pack, const gchar *picture, const gchar *label) {
  for (guint index = 0; index < G_N_ELEMENTS(formats) - 1; index++) {
    GstElement *pipeline = launch(
        "filesrc location=\"%s\" ! jpegdec ! videoconvert ! video/x-raw,format=%s ! espalierinfer model=\"%s\" ! "
        "espalieroverlay ! fakesink name=sink enable-last-sample=true", picture, formats[index], pack);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    outcome o = watch(pipeline);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    GstSample *last = NULL;
    g_object_get(sink, "last-sample", &last, NULL);
    gint regions = 0, named = 0, scored = 0;
    gpointer state = NULL;
    GstVideoRegionOfInterestMeta *region;
    while (last && (region = (GstVideoRegionOfInterestMeta *)gst_buffer_iterate_meta_filtered(
                        gst_sample_get_buffer(last), &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
      GstStructure *detection = gst_video_region_of_interest_meta_get_param(region, "espalier-detection");
      gdouble score = 0, left = 0;
      if (detection && gst_structure_get(detection, "score", G_TYPE_DOUBLE, &score, "left", G_TYPE_DOUBLE, &left, NULL) &&
          score > 0 && score <= 1 && ABS(MAX(left, 0) - region->x) <= 0.51)
        scored++;
      if (g_strcmp0(g_quark_to_string(region->roi_type), label) == 0) named++;
      regions++;
    }
    check(o.has_ended && regions > 0 && scored == regions && named > 0, "%s: %d regions, %d of them '%s' (%s)",
        formats[index], regions, named, label, o.error ? o.error : "no error");
    if (last) gst_sample_unref(last);
    gst_object_unref(sink);
    finish(pipeline);
    clear(&o);
  }
}

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  if (argc != 3 && argc != 6) {
    g_printerr("usage: elements SIGNS.espalier STOP.png [DETECTOR.espalier PICTURE.jpg LABEL]\n");
    return 2;
  }
  signs = argv[1];
  stop_picture = argv[2];
  test_formats();
  test_renegotiation();
  test_seek();
  test_states();
  test_refusals();
  test_deadlines();
  test_qos();
  test_overlay();
  if (argc == 6) test_detector(argv[3], argv[4], argv[5]);
  g_print("%d checks, %d failed\n", checks, failures);
  gst_deinit();
  return failures > 0;
}
