#include "overlay.h"

#include <string.h>

#include "results.h"

G_DEFINE_TYPE(EspalierGstOverlay, espalier_gst_overlay, GST_TYPE_VIDEO_FILTER)

enum { PROP_BOXES = 1, PROP_LABELS, PROP_MASKS, PROP_VERDICT };

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(ESPALIER_GST_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(ESPALIER_GST_CAPS));

static gboolean *switch_of(EspalierGstOverlay *self, guint property) {
  switch (property) {
    case PROP_BOXES: return &self->draws_boxes;
    case PROP_LABELS: return &self->draws_labels;
    case PROP_MASKS: return &self->draws_masks;
    case PROP_VERDICT: return &self->draws_verdict;
    default: return NULL;
  }
}

static void set_property(GObject *object, guint property, const GValue *value, GParamSpec *spec) {
  gboolean *target = switch_of(ESPALIER_GST_OVERLAY(object), property);
  if (!target) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property, spec);
    return;
  }
  GST_OBJECT_LOCK(object);
  *target = g_value_get_boolean(value);
  GST_OBJECT_UNLOCK(object);
}

static void get_property(GObject *object, guint property, GValue *value, GParamSpec *spec) {
  const gboolean *source = switch_of(ESPALIER_GST_OVERLAY(object), property);
  if (!source) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property, spec);
    return;
  }
  GST_OBJECT_LOCK(object);
  g_value_set_boolean(value, *source);
  GST_OBJECT_UNLOCK(object);
}

// `label 0.93`, of a detection or class.
static void describe(const GstStructure *found, gchar *text, gsize capacity) {
  gint class_index = 0;
  gdouble score = 0;
  gst_structure_get_int(found, "class", &class_index);
  gst_structure_get_double(found, "score", &score);
  const gchar *label = gst_structure_get_string(found, "label");
  if (label) g_snprintf(text, capacity, "%s %.2f", label, score);
  else g_snprintf(text, capacity, "class %d %.2f", class_index, score);
}

// A region of another element's has a name and whole pixels alone.
static void draw_region(EspalierGstOverlay *self, GstVideoRegionOfInterestMeta *region, gboolean has_label) {
  gdouble left = region->x, top = region->y, right = (gdouble)region->x + region->w,
          bottom = (gdouble)region->y + region->h;
  gint class_index = 0;
  gchar text[128] = "";
  const GstStructure *found = gst_video_region_of_interest_meta_get_param(region, ESPALIER_GST_DETECTION);
  if (found) {
    gst_structure_get(
        found, "left", G_TYPE_DOUBLE, &left, "top", G_TYPE_DOUBLE, &top, "right", G_TYPE_DOUBLE, &right, "bottom",
        G_TYPE_DOUBLE, &bottom, "class", G_TYPE_INT, &class_index, NULL);
    describe(found, text, sizeof text);
  } else {
    const gchar *name = g_quark_to_string(region->roi_type);
    g_strlcpy(text, name ? name : "", sizeof text);
  }
  espalier_canvas_box(
      self->canvas, (float)left, (float)top, (float)right, (float)bottom, class_index, has_label ? text : NULL);
}

// Masks as large as the canvas; others are of a frame that was scaled since.
static void draw_masks(EspalierGstOverlay *self, const GstStructure *content) {
  const gsize width = espalier_canvas_width(self->canvas), height = espalier_canvas_height(self->canvas);
  for (guint index = 0;; index++) {
    gchar name[16];
    g_snprintf(name, sizeof name, "mask-%u", index);
    const GValue *value = gst_structure_get_value(content, name);
    GstMapInfo map;
    if (!value || !GST_VALUE_HOLDS_BUFFER(value)) return;
    GstBuffer *mask = gst_value_get_buffer(value);
    if (!gst_buffer_map(mask, &map, GST_MAP_READ)) return;
    if (map.size == width * height) espalier_canvas_mask(self->canvas, map.data, width, 2 * (gint)index);
    gst_buffer_unmap(mask, &map);
  }
}

static void draw_verdict(EspalierGstOverlay *self, const GstStructure *content) {
  guint64 model = 0, overhead = 0, late = 0;
  const gchar *verdict = gst_structure_get_string(content, "verdict");
  if (!verdict) return;
  gst_structure_get(
      content, "model-time", G_TYPE_UINT64, &model, "overhead-time", G_TYPE_UINT64, &overhead, NULL);
  gchar text[160];
  const gdouble taken = (gdouble)(model + overhead) / 1e6;
  const gchar *call = gst_structure_get_string(content, "cancelled-at");
  if (gst_structure_get_uint64(content, "late", &late))
    g_snprintf(text, sizeof text, "late by %.2f ms, %.2f ms", (gdouble)late / 1e6, taken);
  else if (call)
    g_snprintf(text, sizeof text, "cancelled at %s, %.2f ms", call, taken);
  else
    g_snprintf(text, sizeof text, "%s, %.2f ms", verdict, taken);
  const gboolean is_met = strcmp(verdict, "met") == 0, is_late = strcmp(verdict, "late") == 0;
  espalier_canvas_text(
      self->canvas, 0, text, is_met ? ESPALIER_TONE_GOOD : is_late ? ESPALIER_TONE_WARNING : ESPALIER_TONE_BAD);
}

static void draw_classes(EspalierGstOverlay *self, const GstStructure *content) {
  const GValue *list = gst_structure_get_value(content, "classes");
  if (!list || !GST_VALUE_HOLDS_LIST(list)) return;
  for (guint index = 0; index < gst_value_list_get_size(list); index++) {
    gchar text[128];
    describe(gst_value_get_structure(gst_value_list_get_value(list, index)), text, sizeof text);
    espalier_canvas_text(self->canvas, index + 1, text, ESPALIER_TONE_GOOD);
  }
}

// A canvas as large as the frame. FALSE: an error was posted.
static gboolean has_canvas(EspalierGstOverlay *self, const GstVideoFrame *frame) {
  const guint width = (guint)GST_VIDEO_FRAME_WIDTH(frame), height = (guint)GST_VIDEO_FRAME_HEIGHT(frame);
  if (self->canvas && espalier_canvas_width(self->canvas) == width && espalier_canvas_height(self->canvas) == height) {
    espalier_canvas_clear(self->canvas);
    return TRUE;
  }
  espalier_canvas_destroy(self->canvas);
  self->canvas = espalier_canvas_create(width, height);
  if (self->canvas) return TRUE;
  GST_ELEMENT_ERROR(
      self, RESOURCE, NO_SPACE_LEFT, ("There is no memory to draw on frames of %ux%u.", width, height), (NULL));
  return FALSE;
}

static void draw(EspalierGstOverlay *self, GstBuffer *buffer) {
  GST_OBJECT_LOCK(self);
  const gboolean boxes = self->draws_boxes, labels = self->draws_labels, masks = self->draws_masks,
                 verdict = self->draws_verdict;
  GST_OBJECT_UNLOCK(self);
  GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, ESPALIER_GST_RESULT_META);
  const GstStructure *content = meta ? gst_custom_meta_get_structure(meta) : NULL;
  if (masks && content) draw_masks(self, content);
  gpointer state = NULL;
  GstMeta *region;
  while (boxes && (region = gst_buffer_iterate_meta_filtered(
                       buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
    draw_region(self, (GstVideoRegionOfInterestMeta *)region, labels);
  if (verdict && content) draw_verdict(self, content);
  if (labels && content) draw_classes(self, content);
}

static GstFlowReturn transform_frame_ip(GstVideoFilter *filter, GstVideoFrame *frame) {
  EspalierGstOverlay *self = ESPALIER_GST_OVERLAY(filter);
  if (!has_canvas(self, frame)) return GST_FLOW_ERROR;
  draw(self, frame->buffer);
  espalier_surface surface = {
    .format = espalier_gst_format(GST_VIDEO_FRAME_FORMAT(frame)),
    .color = espalier_gst_color(&frame->info),
    .width = espalier_canvas_width(self->canvas),
    .height = espalier_canvas_height(self->canvas)};
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(frame); plane++) {
    surface.planes[plane] = GST_VIDEO_FRAME_PLANE_DATA(frame, plane);
    surface.strides[plane] = (size_t)GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane);
  }
  return espalier_canvas_blend(self->canvas, &surface) == 0 ? GST_FLOW_OK : GST_FLOW_NOT_NEGOTIATED;
}

static gboolean stop(GstBaseTransform *transform) {
  EspalierGstOverlay *self = ESPALIER_GST_OVERLAY(transform);
  g_clear_pointer(&self->canvas, espalier_canvas_destroy);
  return TRUE;
}

static void install_switch(GObjectClass *class, guint property, const gchar *name, const gchar *what) {
  g_object_class_install_property(
      class, property,
      g_param_spec_boolean(
          name, name, what, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_CONTROLLABLE));
}

static void espalier_gst_overlay_class_init(EspalierGstOverlayClass *class) {
  GObjectClass *object = G_OBJECT_CLASS(class);
  GstElementClass *element = GST_ELEMENT_CLASS(class);
  object->set_property = set_property;
  object->get_property = get_property;
  install_switch(object, PROP_BOXES, "boxes", "Outline regions of interest");
  install_switch(object, PROP_LABELS, "labels", "Write what regions and frames show");
  install_switch(object, PROP_MASKS, "masks", "Tint what masks cover");
  install_switch(object, PROP_VERDICT, "verdict", "Write what became of the frame");
  gst_element_class_set_static_metadata(
      element, "Espalier overlay", "Filter/Editor/Video", "Draws what espalierinfer found in a frame", "Espalier");
  gst_element_class_add_static_pad_template(element, &sink_template);
  gst_element_class_add_static_pad_template(element, &src_template);
  GST_BASE_TRANSFORM_CLASS(class)->stop = stop;
  GST_VIDEO_FILTER_CLASS(class)->transform_frame_ip = transform_frame_ip;
}

static void espalier_gst_overlay_init(EspalierGstOverlay *self) {
  self->draws_boxes = self->draws_labels = self->draws_masks = self->draws_verdict = TRUE;
}
