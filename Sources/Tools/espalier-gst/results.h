// What a network found in a frame, as GStreamer's metas and messages.
#ifndef ESPALIER_GST_RESULTS_H
#define ESPALIER_GST_RESULTS_H

#include <espalier.h>
#include <gst/video/video.h>

// A custom meta of a buffer: verdict and times of its frame, classes, masks. Boxes are
// GstVideoRegionOfInterestMeta, each with a parameter structure ESPALIER_GST_DETECTION.
#define ESPALIER_GST_RESULT_META "EspalierResultMeta"
// class (int), score (double), label (string, where there is one), left, top, right, bottom (double, pixels).
#define ESPALIER_GST_DETECTION "espalier-detection"
// The element message of a frame.
#define ESPALIER_GST_MESSAGE "espalier-frame"

// Of the frames of one element.
typedef struct espalier_gst_results {
  espalier_box *boxes;
  espalier_class *classes;
  gchar **labels;  // in place of the pack's; NULL: the pack's
  guint label_count;
  guint mask_limit;  // no more are asked for
} espalier_gst_results;

enum { ESPALIER_GST_BOX_CAPACITY = 300, ESPALIER_GST_CLASS_CAPACITY = 5, ESPALIER_GST_MASK_CAPACITY = 8 };

void espalier_gst_results_init(espalier_gst_results *results);
// NULL: the pack's own labels. FALSE: `error` says why the file cannot be read.
gboolean espalier_gst_results_load_labels(espalier_gst_results *results, const gchar *path, GError **error);
void espalier_gst_results_clear(espalier_gst_results *results);

const gchar *espalier_gst_outcome_name(espalier_outcome outcome);

// Attaches what the session's last frame shows to `buffer`, and describes it all in a structure of this name, which the
// caller owns. NULL: `error` says why results cannot be read.
GstStructure *espalier_gst_results_attach(
    espalier_gst_results *results, const espalier_model *model, espalier_session *session,
    const espalier_verdict *verdict, const GstVideoInfo *info, GstBuffer *buffer, espalier_error *error);

#endif
