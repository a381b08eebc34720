// The parameter blocks of the families behind detectors: what espalier_parameters.h says of blocks holds here too.
#ifndef ESPALIER_DETECTION_PARAMETERS_H
#define ESPALIER_DETECTION_PARAMETERS_H

#include <stdint.h>

// The `count` largest elements along one axis (`length`), or the smallest, in falling order (rising), for every index
// of `extent`; of equals the lower index first, NaN behind all numbers. An element's position along the axis stands
// output_index_stride behind it, as a float. Operands: 0 input, 1 output.
typedef struct espalier_topk_f32_parameters {
  int32_t extent[6], input_stride[6], output_stride[6];
  int32_t length, input_length_stride;
  int32_t count, output_count_stride, output_index_stride;
  int32_t input_base, output_base;
  int32_t largest;               // 1; 0: the smallest
} espalier_topk_f32_parameters;

typedef enum espalier_sample_mode {
  espalier_sample_nearest = 0,  // half to even
  espalier_sample_linear = 1,
  espalier_sample_cubic = 2,    // a = -0.75
} espalier_sample_mode;

typedef enum espalier_sample_padding {
  espalier_sample_zeros = 0,
  espalier_sample_border = 1,      // the nearest element inside
  espalier_sample_reflection = 2,  // mirrored `edge` beyond the outermost elements
} espalier_sample_padding;

// Samples an NHWC image (or volume) at computed places. Axes are depth, height, width; with axes = 2 depth is 1 and
// has no coordinate. Output index o reads, along axis a, position
//   (grid[n, o] of axis a + offset) scale[a] + (step[a] o[a] + shift[a])
// rounded after every operation; a NaN there gives 0. Coordinates and factors are strided views over the output's
// indices, grid_base[a] the first coordinate of axis a.
// Operands: 0 input, 1 coordinates, 2 factors (optional), 3 output.
typedef struct espalier_sample_f32_parameters {
  int32_t batch, channels, axes;
  int32_t input[3], output[3];
  int32_t input_stride_n, input_stride[3];
  int32_t output_stride_n, output_stride[3];
  int32_t grid_stride_n, grid_stride[3], grid_base[3];
  int32_t mask_stride_n, mask_stride[3], mask_base;
  int32_t mode, padding;
  float edge;                    // 0 or 0.5
  float offset, scale[3], shift[3];
  int32_t step[3];
} espalier_sample_f32_parameters;

typedef enum espalier_roi_mode {
  espalier_roi_average = 0,
  espalier_roi_max = 1,
} espalier_roi_mode;

// Regions of NHWC images as output_height x output_width bins, each the average over samples x samples places in
// between pixels (He et al. 2017, RoIAlign), or the maximum of the weighted pixels. A region is x1, y1, x2, y2, times
// `scale` in pixels; the image that it belongs to is a float, and 0 where there is none of that number.
// Operands: 0 input, 1 regions, 2 numbers of images, 3 output.
typedef struct espalier_roi_align_f32_parameters {
  int32_t batch, height, width, channels;
  int32_t regions, output_height, output_width;
  int32_t mode;
  int32_t samples;               // along each axis of a bin; 0: as many as the bin has pixels, at most the image's
  int32_t half_pixel;            // 1: pixel centers lie at half numbers; 0: regions are at least 1 pixel large
  float scale;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t region_base, region_stride, coordinate_stride;
  int32_t image_base, image_stride;
} espalier_roi_align_f32_parameters;

// Non-maximum suppression: rows [image, class, box] of floats, batch * classes * limit of them, those behind the last
// box that was found -1. A box is taken unless it overlaps one of its class that was taken before by more than
// overlap_threshold; likelier ones come first, of equals the lower number.
// Operands: 0 boxes, 1 scores, 2 output.
typedef struct espalier_nms_f32_parameters {
  int32_t batch, classes, boxes;
  int32_t limit;                 // most boxes of one class of an image
  int32_t centers;               // 1: boxes are x, y of the center, width, height; 0: y, x of two corners
  int32_t has_score_threshold;   // 1: only scores above score_threshold
  float overlap_threshold, score_threshold;
  int32_t box_base, box_stride_n, box_stride, coordinate_stride;
  int32_t score_base, score_stride_n, score_stride_class, score_stride;
  int32_t output_base, row_stride, column_stride;
} espalier_nms_f32_parameters;

// y[i] = x[i, index[i]]: for every index of `extent` the element of one more axis of the input that another tensor
// names, as a float. Negative ones count from the end; one outside of the axis gives 0.
// Operands: 0 input, 1 indices, 2 output.
typedef struct espalier_take_f32_parameters {
  int32_t extent[6], input_stride[6], index_stride[6], output_stride[6];
  int32_t axis, axis_stride;
  int32_t input_base, index_base, output_base;
} espalier_take_f32_parameters;

#endif
