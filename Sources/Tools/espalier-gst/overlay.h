// espalieroverlay: draws what espalierinfer attached.
#ifndef ESPALIER_GST_OVERLAY_H
#define ESPALIER_GST_OVERLAY_H

#include <espalier_drawing.h>
#include <gst/video/gstvideofilter.h>

#include "formats.h"

G_BEGIN_DECLS

#define ESPALIER_TYPE_GST_OVERLAY (espalier_gst_overlay_get_type())
G_DECLARE_FINAL_TYPE(EspalierGstOverlay, espalier_gst_overlay, ESPALIER_GST, OVERLAY, GstVideoFilter)

struct _EspalierGstOverlay {
  GstVideoFilter parent;
  // Properties, under the object's lock.
  gboolean draws_boxes, draws_labels, draws_masks, draws_verdict;
  // Of the streaming thread; as large as the frames.
  espalier_canvas *canvas;
};

G_END_DECLS

#endif
