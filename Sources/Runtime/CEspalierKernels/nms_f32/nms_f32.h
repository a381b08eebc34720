// Boxes of nms_f32, the same for every instruction set.
#ifndef ESPALIER_NMS_F32_H
#define ESPALIER_NMS_F32_H

#include "../common/view.h"

// A box by its corners.
typedef struct espalier_nms_box {
  float top, left, bottom, right;
} espalier_nms_box;

// Whether the boxes share more than `threshold` of the area that they cover together.
static inline bool espalier_nms_overlaps(const espalier_nms_box *a, const espalier_nms_box *b, float threshold) {
  const float top = a->top > b->top ? a->top : b->top, left = a->left > b->left ? a->left : b->left;
  const float bottom = a->bottom < b->bottom ? a->bottom : b->bottom;
  const float right = a->right < b->right ? a->right : b->right;
  if (!(bottom > top && right > left)) return false;
  const float shared = (right - left) * (bottom - top);
  const float area = (a->right - a->left) * (a->bottom - a->top), other = (b->right - b->left) * (b->bottom - b->top);
  const float covered = area + other - shared;
  if (!(shared > 0 && area > 0 && other > 0 && covered > 0)) return false;
  return shared / covered > threshold;
}

#endif
