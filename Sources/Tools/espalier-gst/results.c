#include "results.h"

#include <string.h>

void espalier_gst_results_init(espalier_gst_results *results) {
  memset(results, 0, sizeof *results);
  results->boxes = g_new(espalier_box, ESPALIER_GST_BOX_CAPACITY);
  results->mask_limit = ESPALIER_GST_MASK_CAPACITY;
  results->classes = g_new(espalier_class, ESPALIER_GST_CLASS_CAPACITY);
}

gboolean espalier_gst_results_load_labels(espalier_gst_results *results, const gchar *path, GError **error) {
  g_clear_pointer(&results->labels, g_strfreev);
  results->label_count = 0;
  if (!path || !*path) return TRUE;
  gchar *text = NULL;
  if (!g_file_get_contents(path, &text, NULL, error)) return FALSE;
  results->labels = g_strsplit(g_strchomp(text), "\n", -1);
  for (gchar **label = results->labels; *label; label++) {
    g_strstrip(*label);
    results->label_count++;
  }
  g_free(text);
  return TRUE;
}

void espalier_gst_results_clear(espalier_gst_results *results) {
  g_clear_pointer(&results->boxes, g_free);
  g_clear_pointer(&results->classes, g_free);
  g_clear_pointer(&results->labels, g_strfreev);
}

const gchar *espalier_gst_outcome_name(espalier_outcome outcome) {
  switch (outcome) {
    case ESPALIER_MET: return "met";
    case ESPALIER_LATE: return "late";
    case ESPALIER_CANCELLED: return "cancelled";
    default: return "skipped";
  }
}

// NULL where the class has no name.
static const gchar *label_of(const espalier_gst_results *results, const espalier_model *model, gint index) {
  if (index < 0) return NULL;
  if (results->labels) {
    const gboolean is_named = (guint)index < results->label_count && *results->labels[index];
    return is_named ? results->labels[index] : NULL;
  }
  return espalier_model_label(model, (size_t)index);
}

static GstStructure *found(const gchar *label, gint class_index, gfloat score) {
  GstStructure *structure = gst_structure_new(
      ESPALIER_GST_DETECTION, "class", G_TYPE_INT, class_index, "score", G_TYPE_DOUBLE, (gdouble)score, NULL);
  if (label) gst_structure_set(structure, "label", G_TYPE_STRING, label, NULL);
  return structure;
}

static guint edge(gfloat value, gint limit) { return (guint)CLAMP(value + 0.5f, 0, (gfloat)limit); }

static void append(GValue *list, GstStructure *structure) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&value, structure);
  gst_value_list_append_and_take_value(list, &value);
}

static gboolean attach_boxes(
    espalier_gst_results *results, const espalier_model *model, espalier_session *session, const GstVideoInfo *info,
    GstBuffer *buffer, GValue *list, espalier_error *error) {
  size_t count = 0;
  if (espalier_session_boxes(session, results->boxes, ESPALIER_GST_BOX_CAPACITY, &count, error) != ESPALIER_OK)
    return FALSE;
  for (size_t index = 0; index < MIN(count, (size_t)ESPALIER_GST_BOX_CAPACITY); index++) {
    const espalier_box *box = &results->boxes[index];
    const gchar *label = label_of(results, model, box->class_index);
    GstStructure *detection = found(label, box->class_index, box->score);
    gst_structure_set(
        detection, "left", G_TYPE_DOUBLE, (gdouble)box->left, "top", G_TYPE_DOUBLE, (gdouble)box->top, "right",
        G_TYPE_DOUBLE, (gdouble)box->right, "bottom", G_TYPE_DOUBLE, (gdouble)box->bottom, NULL);
    const guint left = edge(box->left, info->width), top = edge(box->top, info->height);
    const guint right = edge(box->right, info->width), bottom = edge(box->bottom, info->height);
    gchar name[24];
    g_snprintf(name, sizeof name, "class %d", box->class_index);
    GstVideoRegionOfInterestMeta *meta = gst_buffer_add_video_region_of_interest_meta(
        buffer, label ? label : name, left, top, right > left ? right - left : 0, bottom > top ? bottom - top : 0);
    meta->id = (gint)index;
    gst_video_region_of_interest_meta_add_param(meta, gst_structure_copy(detection));
    append(list, detection);
  }
  return TRUE;
}

static gboolean list_classes(
    espalier_gst_results *results, const espalier_model *model, espalier_session *session, GValue *list,
    espalier_error *error) {
  size_t count = 0;
  if (espalier_session_classes(session, results->classes, ESPALIER_GST_CLASS_CAPACITY, &count, error) != ESPALIER_OK)
    return FALSE;
  for (size_t index = 0; index < MIN(count, (size_t)ESPALIER_GST_CLASS_CAPACITY); index++) {
    const espalier_class *class = &results->classes[index];
    append(list, found(label_of(results, model, class->class_index), class->class_index, class->score));
  }
  return TRUE;
}

// Puts masks of the frame's size into `meta`, as mask-0, mask-1, …: buffers of one byte a pixel.
static gboolean attach_masks(
    espalier_gst_results *results, espalier_session *session, const GstVideoInfo *info, GstStructure *meta,
    espalier_error *error) {
  const guint width = (guint)info->width, height = (guint)info->height;
  for (guint index = 0; index < results->mask_limit; index++) {
    GstBuffer *mask = gst_buffer_new_allocate(NULL, (gsize)width * height, NULL);
    GstMapInfo map;
    espalier_status status = ESPALIER_OUT_OF_MEMORY;
    if (mask && gst_buffer_map(mask, &map, GST_MAP_WRITE)) {
      status = espalier_session_mask(session, index, map.data, width, height, width, error);
      gst_buffer_unmap(mask, &map);
    }
    if (status == ESPALIER_OK) {
      gchar name[16];
      g_snprintf(name, sizeof name, "mask-%u", index);
      gst_structure_set(meta, name, GST_TYPE_BUFFER, mask, NULL);
    }
    gst_clear_buffer(&mask);
    // The model has no more masks than that.
    if (status == ESPALIER_INVALID_ARGUMENT && index > 0) results->mask_limit = index;
    else if (status != ESPALIER_OK) return FALSE;
  }
  return TRUE;
}

static GstStructure *described(const gchar *name, const espalier_model *model, const espalier_verdict *verdict) {
  GstStructure *structure = gst_structure_new(
      name, "verdict", G_TYPE_STRING, espalier_gst_outcome_name(verdict->outcome), "level", G_TYPE_UINT, verdict->level,
      "model-time", G_TYPE_UINT64, verdict->model_nanoseconds, "overhead-time", G_TYPE_UINT64,
      verdict->overhead_nanoseconds, NULL);
  if (verdict->outcome == ESPALIER_LATE)
    gst_structure_set(structure, "late", G_TYPE_UINT64, verdict->late_nanoseconds, NULL);
  if (verdict->outcome == ESPALIER_CANCELLED) {
    const char *call = espalier_model_call_name(model, verdict->cancelled_call);
    if (call) gst_structure_set(structure, "cancelled-at", G_TYPE_STRING, call, NULL);
  }
  return structure;
}

static gboolean copy_field(GQuark field, const GValue *value, gpointer target) {
  gst_structure_id_set_value(target, field, value);
  return TRUE;
}

GstStructure *espalier_gst_results_attach(
    espalier_gst_results *results, const espalier_model *model, espalier_session *session,
    const espalier_verdict *verdict, const GstVideoInfo *info, GstBuffer *buffer, espalier_error *error) {
  GstStructure *message = described(ESPALIER_GST_MESSAGE, model, verdict);
  GstCustomMeta *meta = gst_buffer_add_custom_meta(buffer, ESPALIER_GST_RESULT_META);
  GstStructure *content = gst_custom_meta_get_structure(meta);
  gboolean is_done = TRUE;
  GValue list = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_LIST);
  const espalier_result_kind kind = espalier_model_result_kind(model);
  const gchar *field = kind == ESPALIER_RESULT_BOXES ? "detections" : "classes";
  if (verdict->outcome == ESPALIER_MET || verdict->outcome == ESPALIER_LATE) {
    switch (kind) {
      case ESPALIER_RESULT_BOXES: is_done = attach_boxes(results, model, session, info, buffer, &list, error); break;
      case ESPALIER_RESULT_CLASSES: is_done = list_classes(results, model, session, &list, error); break;
      case ESPALIER_RESULT_MASK: is_done = attach_masks(results, session, info, content, error); break;
      default: break;
    }
  }
  gst_structure_foreach(message, copy_field, content);
  if (kind == ESPALIER_RESULT_CLASSES) gst_structure_set_value(content, field, &list);
  gst_structure_take_value(message, field, &list);
  if (!is_done) g_clear_pointer(&message, gst_structure_free);
  return message;
}
