// espalierinfer: runs a packed model on every frame.
#ifndef ESPALIER_GST_INFER_H
#define ESPALIER_GST_INFER_H

#include <gst/base/gstbasetransform.h>

#include "formats.h"
#include "results.h"

G_BEGIN_DECLS

#define ESPALIER_TYPE_GST_INFER (espalier_gst_infer_get_type())
G_DECLARE_FINAL_TYPE(EspalierGstInfer, espalier_gst_infer, ESPALIER_GST, INFER, GstBaseTransform)

// What becomes of frames that come too late, or have no results in time.
typedef enum espalier_gst_policy {
  ESPALIER_GST_KEEP = 0, // every frame is run, and goes on
  ESPALIER_GST_SKIP = 1, // a frame that is late by QoS goes on without results
  ESPALIER_GST_DROP = 2  // frames that are late by QoS or miss their deadline do not go on
} espalier_gst_policy;

struct _EspalierGstInfer {
  GstBaseTransform parent;

  // Properties, under the object's lock.
  gchar *model_path, *labels_path, *deadline_text;
  guint threads;
  espalier_gst_policy policy;
  gdouble score, overlap;
  gboolean posts_messages;

  // Of the streaming thread, from start to stop.
  espalier_model *model;
  espalier_session *session;
  espalier_gst_results results;
  GstVideoInfo info;
  guint64 deadline;
  gboolean is_prepared;
  guint64 frame;

  // Under the object's lock.
  guint64 counts[4]; // by espalier_outcome
  GstClockTime earliest_time; // of the next frame that is in time, as QoS says
  gdouble proportion;
  GstClockTime latency, announced_latency;
};

// "8ms", "900us", "1s", or nanoseconds; ESPALIER_UNKNOWN for an empty text. FALSE where it is none of those.
gboolean espalier_gst_parse_time(const gchar *text, guint64 *nanoseconds);

G_END_DECLS

#endif
