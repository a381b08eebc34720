// Random kernel calls, each run on every instruction set of the processor and compared with the portable
// kernels.
#ifndef AGREEMENT_H
#define AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier_kernels.h"

// SplitMix64 (Steele, Lea and Flood 2014).
uint64_t next_random(void);
void seed_random(uint64_t seed);
// A number in low … high, both included.
int32_t pick(int32_t low, int32_t high);
bool one_in(int32_t count);
// A float in low ..< high.
float pick_float(float low, float high);

// A call given by values: its parameters and the content of its operands, which the example owns.
typedef struct example {
  const char *family;
  const void *parameters;
  void *operands[ESPALIER_OPERAND_LIMIT];  // NULL where absent
  size_t bytes[ESPALIER_OPERAND_LIMIT];
  // How far results may lie apart, relative to themselves or to 1, where float32 sums have another order and
  // functions another approximation; 0: the same bits.
  float tolerance;
} example;

// Gives operand `index` room for `count` bytes, all random.
uint8_t *random_operand(example *e, int index, size_t count);
// The same for floats in -1 ..< 1.
float *float_operand(example *e, int index, size_t count);

// Extents of up to four axes of six; the innermost is long.
void pick_extents(int32_t *extent);

// Strides that keep all elements apart, axes in the order of their numbers or turned around; returns how many
// elements the view reaches.
size_t pick_strides(const int32_t *extent, int32_t *stride, int32_t *base);

// The same for an operand that is read: some axes repeat one element.
size_t pick_read_strides(const int32_t *extent, int32_t *stride, int32_t *base);

// Runs the example everywhere, between forbidden pages, and frees its operands. Ends the program with a
// sentence where a kernel differs from the portable one or writes beside its operands.
void check_example(example *e);

// What has been compared so far.
extern size_t compared_calls, compared_runs;

// One random call of a family.
void try_conv_gemm_u8(void);
void try_conv_winograd_u8(void);
void try_conv_depthwise_u8(void);
void try_pool_u8(void);
void try_resize_u8(void);
void try_frame_u8(void);
void try_views_u8(void);  // fill, copy, table, quantize, dequantize, binary and statistics
void try_conv_gemm_f32(void);
void try_conv_depthwise_f32(void);
void try_conv_winograd_f32(void);
void try_images_f32(void);  // pool, resize, sample and lrn
void try_views_f32(void);   // fill, copy, unary, binary, select, gather and statistics
void try_sums_f32(void);    // reduce, softmax, matmul and normalize

#endif
