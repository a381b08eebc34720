#include "infer.h"

#include <math.h>
#include <string.h>

#include "running.h"

GST_DEBUG_CATEGORY(espalier_gst_infer_debug);
#define GST_CAT_DEFAULT espalier_gst_infer_debug

G_DEFINE_TYPE(EspalierGstInfer, espalier_gst_infer, GST_TYPE_BASE_TRANSFORM)

enum {
  PROP_MODEL = 1,
  PROP_DEADLINE,
  PROP_THREADS,
  PROP_DROP_POLICY,
  PROP_LABELS,
  PROP_SCORE,
  PROP_OVERLAP,
  PROP_POST_MESSAGES,
  PROP_LATENCY,
  PROP_STATS
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(ESPALIER_GST_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(ESPALIER_GST_CAPS));

static GType policy_type(void) {
  static gsize type = 0;
  if (g_once_init_enter(&type)) {
    static const GEnumValue values[] = {
      {ESPALIER_GST_KEEP, "Every frame is run and goes on", "keep"},
      {ESPALIER_GST_SKIP, "Frames that are late by QoS go on without being run", "skip"},
      {ESPALIER_GST_DROP, "Frames that are late by QoS, or miss their deadline, do not go on", "drop"},
      {0, NULL, NULL}};
    g_once_init_leave(&type, g_enum_register_static("EspalierGstPolicy", values));
  }
  return type;
}

gboolean espalier_gst_parse_time(const gchar *text, guint64 *nanoseconds) {
  static const struct {
    const gchar *name;
    gdouble size;
  } units[] = {{"", 1}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  *nanoseconds = ESPALIER_UNKNOWN;
  if (!text || !*text) return TRUE;
  gchar *rest = NULL;
  const gdouble value = g_ascii_strtod(text, &rest);
  if (rest == text || !(value >= 0)) return FALSE;
  for (guint index = 0; index < G_N_ELEMENTS(units); index++) {
    if (strcmp(rest, units[index].name) != 0) continue;
    if (value * units[index].size > 1e18) return FALSE;
    *nanoseconds = (guint64)(value * units[index].size + 0.5);
    return TRUE;
  }
  return FALSE;
}

static void replace(gchar **text, const GValue *value) {
  g_free(*text);
  *text = g_value_dup_string(value);
}

static void set_property(GObject *object, guint property, const GValue *value, GParamSpec *spec) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(object);
  GST_OBJECT_LOCK(self);
  switch (property) {
    case PROP_MODEL: replace(&self->model_path, value); break;
    case PROP_DEADLINE: replace(&self->deadline_text, value); break;
    case PROP_LABELS: replace(&self->labels_path, value); break;
    case PROP_THREADS: self->threads = g_value_get_uint(value); break;
    case PROP_DROP_POLICY: self->policy = g_value_get_enum(value); break;
    case PROP_SCORE: self->score = g_value_get_double(value); break;
    case PROP_OVERLAP: self->overlap = g_value_get_double(value); break;
    case PROP_POST_MESSAGES: self->posts_messages = g_value_get_boolean(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static GstStructure *stats(EspalierGstInfer *self) {
  const guint64 *counts = self->counts;
  return gst_structure_new(
      "espalier-stats", "frames", G_TYPE_UINT64, counts[0] + counts[1] + counts[2] + counts[3], "met", G_TYPE_UINT64,
      counts[ESPALIER_MET], "late", G_TYPE_UINT64, counts[ESPALIER_LATE], "cancelled", G_TYPE_UINT64,
      counts[ESPALIER_CANCELLED], "skipped", G_TYPE_UINT64, counts[ESPALIER_SKIPPED], NULL);
}

static void get_property(GObject *object, guint property, GValue *value, GParamSpec *spec) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(object);
  GST_OBJECT_LOCK(self);
  switch (property) {
    case PROP_MODEL: g_value_set_string(value, self->model_path); break;
    case PROP_DEADLINE: g_value_set_string(value, self->deadline_text); break;
    case PROP_LABELS: g_value_set_string(value, self->labels_path); break;
    case PROP_THREADS: g_value_set_uint(value, self->threads); break;
    case PROP_DROP_POLICY: g_value_set_enum(value, self->policy); break;
    case PROP_SCORE: g_value_set_double(value, self->score); break;
    case PROP_OVERLAP: g_value_set_double(value, self->overlap); break;
    case PROP_POST_MESSAGES: g_value_set_boolean(value, self->posts_messages); break;
    case PROP_LATENCY: g_value_set_uint64(value, self->latency); break;
    case PROP_STATS: g_value_take_boxed(value, stats(self)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object) {
  EspalierGstInfer *self = ESPALIER_GST_INFER(object);
  g_free(self->model_path);
  g_free(self->labels_path);
  g_free(self->deadline_text);
  G_OBJECT_CLASS(espalier_gst_infer_parent_class)->finalize(object);
}

static void install_properties(GObjectClass *class) {
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  const GParamFlags fixed = flags | GST_PARAM_MUTABLE_READY, reads = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  g_object_class_install_property(
      class, PROP_MODEL, g_param_spec_string("model", "Model", "Path of the packed model", NULL, fixed));
  g_object_class_install_property(
      class, PROP_DEADLINE,
      g_param_spec_string(
          "deadline", "Deadline",
          "How long a frame may take: nanoseconds, or with a unit as in 8ms; frames that take longer are cancelled", NULL,
          fixed));
  g_object_class_install_property(
      class, PROP_LABELS,
      g_param_spec_string("labels", "Labels", "File with names of classes, one a line, in place of the model's", NULL, fixed));
  g_object_class_install_property(
      class, PROP_THREADS, g_param_spec_uint("threads", "Threads", "Threads that compute a frame", 1, 256, 1, fixed));
  g_object_class_install_property(
      class, PROP_DROP_POLICY,
      g_param_spec_enum(
          "drop-policy", "Drop policy", "What becomes of frames that are too late", policy_type(), ESPALIER_GST_KEEP,
          flags));
  g_object_class_install_property(
      class, PROP_SCORE,
      g_param_spec_double(
          "score", "Score", "Boxes and classes that are less likely are left out; -1: as the model says", -1, 1, -1, fixed));
  g_object_class_install_property(
      class, PROP_OVERLAP,
      g_param_spec_double(
          "overlap", "Overlap",
          "Of two boxes of a class that overlap more the likelier stays; -1: as the model says", -1, 1, -1, fixed));
  g_object_class_install_property(
      class, PROP_POST_MESSAGES,
      g_param_spec_boolean(
          "post-messages", "Post messages", "Whether every frame posts an element message " ESPALIER_GST_MESSAGE, TRUE,
          flags));
  g_object_class_install_property(
      class, PROP_LATENCY,
      g_param_spec_uint64("latency", "Latency", "Nanoseconds that a frame takes, measured", 0, G_MAXUINT64, 0, reads));
  g_object_class_install_property(
      class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics", "Frames by what became of them", GST_TYPE_STRUCTURE, reads));
}

// In place, but pixels are only read: whoever comes behind gets the same memory with metas of its own.
static void espalier_gst_infer_class_init(EspalierGstInferClass *class) {
  GObjectClass *object = G_OBJECT_CLASS(class);
  GstElementClass *element = GST_ELEMENT_CLASS(class);
  GST_DEBUG_CATEGORY_INIT(espalier_gst_infer_debug, "espalierinfer", 0, "Espalier inference");
  object->set_property = set_property;
  object->get_property = get_property;
  object->finalize = finalize;
  install_properties(object);
  gst_type_mark_as_plugin_api(policy_type(), 0);
  gst_element_class_set_static_metadata(
      element, "Espalier inference", "Filter/Analyzer/Video",
      "Runs a packed model on every frame, against a deadline, and attaches what it finds", "Espalier");
  gst_element_class_add_static_pad_template(element, &sink_template);
  gst_element_class_add_static_pad_template(element, &src_template);
  espalier_gst_infer_install_running(GST_BASE_TRANSFORM_CLASS(class));
}

static void espalier_gst_infer_init(EspalierGstInfer *self) {
  self->threads = 1;
  self->score = self->overlap = -1;
  self->posts_messages = TRUE;
  self->earliest_time = GST_CLOCK_TIME_NONE;
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), FALSE);
}
