// How copy_f32 goes through its views, the same for the checker and every instruction set.
#ifndef ESPALIER_COPY_F32_H
#define ESPALIER_COPY_F32_H

#include "../common/view.h"

// Either a loop over rows, or a transposition: planes of `tall` output rows of `wide` adjacent elements, of
// which input rows along `tall` are adjacent. Planes are cut into blocks, or several planes make an item.
typedef struct espalier_copy_plan {
  espalier_loop loop;  // rows, or the axes outside the plane
  bool transposes;
  int64_t wide, wide_block, wide_blocks, input_stride;    // input_stride: between elements along `wide`
  int64_t tall, tall_block, tall_blocks, output_stride;   // output_stride: between elements along `tall`
  int64_t planes, planes_per_item;
  uint32_t items;
} espalier_copy_plan;

static inline int64_t espalier_blocks(int64_t extent, int64_t block) { return (extent + block - 1) / block; }

// Cuts planes into blocks of about espalier_elements_per_item elements, sides rounded to 16.
static inline void espalier_copy_f32_cut(espalier_copy_plan *plan) {
  const int64_t target = espalier_elements_per_item, side = plan->tall < 128 ? plan->tall : 128;
  const int64_t wide = (target / side + 15) / 16 * 16;
  plan->wide_block = plan->wide < wide ? plan->wide : wide;
  const int64_t tall = (target / plan->wide_block + 15) / 16 * 16;
  plan->tall_block = plan->tall < tall ? plan->tall : tall;
  plan->wide_blocks = espalier_blocks(plan->wide, plan->wide_block);
  plan->tall_blocks = espalier_blocks(plan->tall, plan->tall_block);
  const int64_t blocks = plan->wide_blocks * plan->tall_blocks, size = plan->wide * plan->tall;
  plan->planes_per_item = blocks > 1 || size >= target ? 1 : target / size;
  plan->items = (uint32_t)(espalier_blocks(plan->planes, plan->planes_per_item) * blocks);
}

// Takes axis `axis` out of the loop.
static inline void espalier_loop_drop(espalier_loop *loop, int axis) {
  loop->rank--;
  for (int i = axis; i < loop->rank; i++) {
    loop->extent[i] = loop->extent[i + 1];
    for (int k = 0; k < loop->operands; k++) loop->stride[i][k] = loop->stride[i + 1][k];
  }
}

static inline espalier_copy_plan espalier_copy_f32_plan(const espalier_copy_f32_parameters *p) {
  const espalier_view views[] = {{p->input_stride, p->input_base}, {p->output_stride, p->output_base}};
  espalier_copy_plan plan = {.loop = espalier_loop_make(6, p->extent, 2, views, 1)};
  espalier_loop *loop = &plan.loop;
  plan.items = loop->items;
  const int inner = loop->rank - 1;
  if (loop->items == 0 || loop->stride[inner][1] != 1 || loop->stride[inner][0] == 1) return plan;
  int along = inner - 1;
  while (along >= 0 && (loop->stride[along][0] != 1 || loop->extent[along] == 1)) along--;
  if (along < 0) return plan;
  plan.transposes = true;
  plan.wide = loop->extent[inner];
  plan.input_stride = loop->stride[inner][0];
  plan.tall = loop->extent[along];
  plan.output_stride = loop->stride[along][1];
  espalier_loop_drop(loop, inner);
  espalier_loop_drop(loop, along);
  plan.planes = 1;
  for (int i = 0; i < loop->rank; i++) plan.planes *= loop->extent[i];
  espalier_copy_f32_cut(&plan);
  return plan;
}

// One block of a plane: y[j output_stride + i] = x[i input_stride + j] for i < wide, j < tall.
typedef struct espalier_copy_block {
  int64_t input, output, wide, tall;  // offsets of the first elements, extents
} espalier_copy_block;

// Block `index`, counted through all planes of an item.
static inline espalier_copy_block espalier_copy_f32_block(const espalier_copy_plan *plan, int64_t plane,
                                                          int64_t index) {
  const int64_t i = index % plan->wide_blocks * plan->wide_block;
  const int64_t j = index / plan->wide_blocks * plan->tall_block;
  espalier_copy_block block = {.input = plan->loop.base[0] + i * plan->input_stride + j,
                               .output = plan->loop.base[1] + i + j * plan->output_stride,
                               .wide = plan->wide - i,
                               .tall = plan->tall - j};
  if (block.wide > plan->wide_block) block.wide = plan->wide_block;
  if (block.tall > plan->tall_block) block.tall = plan->tall_block;
  for (int axis = plan->loop.rank - 1; axis >= 0; axis--) {
    const int64_t digit = plane % plan->loop.extent[axis];
    block.input += digit * plan->loop.stride[axis][0];
    block.output += digit * plan->loop.stride[axis][1];
    plane /= plan->loop.extent[axis];
  }
  return block;
}

// Calls `copy` with every block of items [first, end) of a transposing plan.
typedef void (*espalier_copy_transpose)(const espalier_copy_plan *plan, espalier_copy_block block,
                                        const float *input, float *output);

static inline void espalier_copy_f32_blocks(const espalier_copy_plan *plan, const espalier_call *call,
                                            uint32_t first, uint32_t end, espalier_copy_transpose copy) {
  const int64_t blocks = plan->wide_blocks * plan->tall_blocks;
  for (int64_t item = first; item < end; item++) {
    const int64_t start = item / blocks * plan->planes_per_item;
    for (int64_t i = start; i < start + plan->planes_per_item && i < plan->planes; i++)
      copy(plan, espalier_copy_f32_block(plan, i, item % blocks), call->operands[0], call->operands[1]);
  }
}

#endif
