/* Espalier: what networks find in frames. espalier.h includes this file. */
#ifndef ESPALIER_RESULT_H
#define ESPALIER_RESULT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* What a network finds, where its pack says so (`espalier compile --results`). */
typedef enum espalier_result_kind {
  ESPALIER_RESULT_NONE = 0, /* the pack does not say */
  ESPALIER_RESULT_CLASSES = 1,
  ESPALIER_RESULT_BOXES = 2,
  ESPALIER_RESULT_MASK = 3  /* lanes and areas too */
} espalier_result_kind;

/* In pixels of the picture that was given, of the network's input where none was; edges may lie beyond it. */
typedef struct espalier_box {
  float left, top, right, bottom;
  float score;          /* 0 to 1 */
  int32_t class_index;
} espalier_box;

typedef struct espalier_class {
  float score;          /* 0 to 1 */
  int32_t class_index;
} espalier_class;

/* Which results are wanted. Initialize with ESPALIER_RESULT_OPTIONS_INIT, then change what matters. */
typedef struct espalier_result_options {
  size_t size;                   /* sizeof(espalier_result_options) */
  float score_threshold;         /* boxes and classes below are left out, 0 to 1; NaN: as the pack says */
  float overlap_threshold;       /* of two boxes of one class that overlap more, by intersection over union, the likelier
                                    stays; NaN: as the pack says */
  uint32_t capacity;             /* most boxes or classes of a frame; 0: as the pack says */
  const float *class_thresholds; /* score thresholds of the first classes, NaN: the one above; or NULL. Read once. */
  size_t class_count;            /* how many class_thresholds there are */
} espalier_result_options;

#define ESPALIER_RESULT_OPTIONS_INIT \
  { sizeof(espalier_result_options), NAN, NAN, 0, NULL, 0 }

#endif
