// The loops of training: what a network computes and how errors flow back through it, in float32 and row-major order.
// Functions whose name ends in _backward add to gradients, all others write their results; a gradient that is NULL is
// not wanted. Nothing is allocated or kept.
#ifndef ESPALIER_GRADIENT_H
#define ESPALIER_GRADIENT_H

#include <stddef.h>
#include <stdint.h>

// MARK: - Windows over images

// A window over `channels` planes of height x width; output (oy, ox) sees through tap (ky, kx) the element
// (oy stride_h + ky dilation_h - pad_top, ox stride_w + kx dilation_w - pad_left), zero outside.
typedef struct {
  ptrdiff_t channels, height, width;
  ptrdiff_t output_height, output_width;
  ptrdiff_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} gradient_window;

// columns[channels * kernel_h * kernel_w][output_height * output_width] = what each output sees through each tap.
void gradient_columns(const gradient_window *window, const float *image, float *columns);
// The adjoint: adds every entry of `columns` to the element of the image that it was taken from.
void gradient_columns_backward(const gradient_window *window, const float *columns, float *image);

// Convolution of all channels with `filters` filters, `weights` [filters][channels][kernel_h][kernel_w], without columns.
// 1: the functions below take this window, which moves in steps of one pixel over no more padding than it sees at once.
int gradient_convolves(const gradient_window *window);
// Floats of scratch that they need.
ptrdiff_t gradient_convolve_scratch(const gradient_window *window, ptrdiff_t filters);
// Adds to y.
void gradient_convolve(
  const gradient_window *window, ptrdiff_t filters, const float *weights, const float *x, float *scratch, float *y);
void gradient_convolve_backward(
  const gradient_window *window, ptrdiff_t filters, const float *weights, const float *x, const float *dy,
  float *scratch, float *dx, float *dw);

// y[c * multiplier + m] += x[c] * w[c * multiplier + m], one filter for each output plane.
void gradient_depthwise_add(
  const gradient_window *window, ptrdiff_t multiplier, const float *x, const float *w, float *scratch, float *y);
void gradient_depthwise_backward(
  const gradient_window *window, ptrdiff_t multiplier, const float *x, const float *w, const float *dy,
  float *scratch, float *dx, float *dw);
// Floats of scratch that they need.
ptrdiff_t gradient_depthwise_scratch(const gradient_window *window);

// y = the largest element under the window; the first of equals gets the gradient.
void gradient_pool_max(const gradient_window *window, const float *x, float *y);
void gradient_pool_max_backward(const gradient_window *window, const float *x, const float *dy, float *dx);
// y[o] = scale[o] * the sum under the window, the same scales in every plane.
void gradient_pool_sum(const gradient_window *window, const float *scale, const float *x, float *y);
void gradient_pool_sum_backward(const gradient_window *window, const float *scale, const float *dy, float *dx);

// MARK: - Functions of elements

// y[i] = f(x[i]); `function` is an espalier_function of espalier_parameters.h. Returns 0 where f has no derivative.
int gradient_function(int32_t function, float alpha, float beta, size_t count, const float *x, float *y);
void gradient_function_backward(
  int32_t function, float alpha, float beta, size_t count, const float *x, const float *y, const float *dy, float *dx);

enum { gradient_axis_count = 6 };

// Two operands over the elements of a result stored row by row, the last axis innermost; a stride is 0 where an operand
// broadcasts.
typedef struct {
  ptrdiff_t extent[gradient_axis_count], a[gradient_axis_count], b[gradient_axis_count];
} gradient_axes;

typedef enum {
  gradient_add,
  gradient_subtract,
  gradient_multiply,
  gradient_divide,
  gradient_maximum,
  gradient_minimum,
  gradient_power,
  gradient_prelu,
} gradient_binary_kind;

void gradient_binary(
  gradient_binary_kind kind, const gradient_axes *axes, const float *a, const float *b, float *y);
void gradient_binary_backward(
  gradient_binary_kind kind, const gradient_axes *axes, const float *a, const float *b, const float *dy, float *da,
  float *db);

// MARK: - Reductions

typedef enum { gradient_sum, gradient_max, gradient_min, gradient_l1, gradient_l2, gradient_sum_square }
  gradient_reduction;

// y = scale * reduction of x; extents and strides `a` are those of x, strides `b` those of y. `sums` holds one double
// for each of y's `count` elements.
void gradient_reduce(
  gradient_reduction kind, float scale, const gradient_axes *axes, size_t count, const float *x, double *sums,
  float *y);
// `taken` holds one byte for each of y's elements: the first of equal maxima gets the gradient.
void gradient_reduce_backward(
  gradient_reduction kind, float scale, const gradient_axes *axes, size_t count, const float *x, const float *y,
  const float *dy, uint8_t *taken, float *dx);

// Along an axis of `length` elements, `inner` apart: exp(x) / sum exp(x), or its logarithm.
void gradient_softmax(size_t outer, size_t length, size_t inner, int logarithm, const float *x, float *y);
void gradient_softmax_backward(
  size_t outer, size_t length, size_t inner, int logarithm, const float *y, const float *dy, float *dx);

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta in planes of `plane` elements.
typedef struct {
  size_t batch, channels, plane;
  float epsilon;
  const float *gamma, *beta, *mean, *variance;
} gradient_normalization;
void gradient_normalize(const gradient_normalization *normalization, const float *x, float *y);
void gradient_normalize_backward(
  const gradient_normalization *normalization, const float *x, const float *dy, float *dx, float *dgamma,
  float *dbeta);

// MARK: - Movement

// `count` elements from `source` of one input to `target` of the output.
typedef struct {
  int32_t target, source, count;
} gradient_run;
void gradient_move(size_t runs, const gradient_run *run, const float *x, float *y);
void gradient_move_backward(size_t runs, const gradient_run *run, const float *dy, float *dx);

// y[outer][o][inner] = sum over t in first[o]..<first[o + 1] of weight[t] * x[outer][index[t]][inner].
typedef struct {
  size_t outer, inputs, outputs, inner;
  const int32_t *first, *index;
  const float *weight;
} gradient_taps;
void gradient_resample(const gradient_taps *taps, const float *x, float *y);
void gradient_resample_backward(const gradient_taps *taps, const float *dy, float *dx);

// MARK: - Vectors

void gradient_fill(size_t count, float value, float *y);
void gradient_accumulate(size_t count, const float *x, float *y);  // y += x
// y[r][...] = value[r] for `rows` rows; the adjoint adds the sum of every row.
void gradient_fill_rows(size_t rows, size_t columns, const float *value, float *y);
void gradient_fill_rows_backward(size_t rows, size_t columns, const float *dy, float *dvalue);
double gradient_dot(size_t count, const float *a, const float *b);
double gradient_squared_distance(size_t count, const float *a, const float *b);
// The sum of p log(p / q) over elements with p > 0.
double gradient_divergence(size_t count, const float *p, const float *q);
double gradient_cosine(double x);
double gradient_exponential(double x);
// target += factor * (a - b)
void gradient_add_difference(size_t count, float factor, const float *a, const float *b, float *target);

// One step of Adam (Kingma and Ba 2015, algorithm 1) on `count` parameters with gradients `scale` * g; `rate` is the
// step size with the corrections of both moments in it, `epsilon` likewise.
typedef struct {
  float rate, beta1, beta2, epsilon, scale;
} gradient_adam;
void gradient_adam_step(
  const gradient_adam *adam, size_t count, const float *g, float *first, float *second, float *parameters);

// MARK: - Threads

// Calls body(context, i) for every i < threads, each on a thread of its own, i = 0 on the caller's. Threads that the
// system refuses leave their calls to the caller.
void gradient_parallel(int threads, void (*body)(void *context, int thread), void *context);
// Seconds of a clock that never goes back.
double gradient_seconds(void);

#endif
