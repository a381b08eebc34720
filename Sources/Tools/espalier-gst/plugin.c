// The plugin libgstespalier.so: espalierinfer and espalieroverlay.
#include "infer.h"
#include "overlay.h"
#include "results.h"

static gboolean plugin_init(GstPlugin *plugin) {
  static const gchar *tags[] = {GST_META_TAG_VIDEO_STR, NULL};
  if (!gst_meta_get_info(ESPALIER_GST_RESULT_META))
    gst_meta_register_custom(ESPALIER_GST_RESULT_META, tags, NULL, NULL, NULL);
  return gst_element_register(plugin, "espalierinfer", GST_RANK_NONE, ESPALIER_TYPE_GST_INFER) &&
    gst_element_register(plugin, "espalieroverlay", GST_RANK_NONE, ESPALIER_TYPE_GST_OVERLAY);
}

GST_PLUGIN_DEFINE(
    GST_VERSION_MAJOR, GST_VERSION_MINOR, espalier, "Neural networks against a deadline", plugin_init,
    ESPALIER_GST_VERSION, "Apache 2.0", "espalier", "Espalier")
