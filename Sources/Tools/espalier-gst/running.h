// What espalierinfer does between start and stop.
#ifndef ESPALIER_GST_RUNNING_H
#define ESPALIER_GST_RUNNING_H

#include "infer.h"

GST_DEBUG_CATEGORY_EXTERN(espalier_gst_infer_debug);

void espalier_gst_infer_install_running(GstBaseTransformClass *transform);

#endif
