// y[i, 0, k], y[i, 1, k] = the k-th of x[i, j] in the order of espalier_rank, and its j.
// The `count` best so far stand in a heap, the worst of them on top; a row's elements pass it one by one.
#include "topk_f32.h"

#include "../common/rank.h"

enum { block = 32 };

// Whether none of a block of neighbors is as good as `worst`. What compares with neither (NaN) is not settled here.
static inline bool all_worse(const float *x, float worst, bool largest) {
  int32_t open = 0;
  if (largest)
    for (int i = 0; i < block; i++) open |= !(x[i] < worst);
  else
    for (int i = 0; i < block; i++) open |= !(x[i] > worst);
  return open == 0;
}

// The ranks of the best elements of a row, the best one first.
static void select_best(const espalier_topk_f32_parameters *p, const float *x, uint64_t *best) {
  const int64_t count = p->count, step = p->input_length_stride;
  for (int64_t j = 0; j < count; j++) best[j] = espalier_rank(x[j * step], (uint32_t)j, p->largest);
  espalier_heap_make(best, count, false);
  for (int64_t j = count; j < p->length; j++) {
    // Most blocks of a long row are passed over whole.
    while (step == 1 && j + block <= p->length &&
           all_worse(x + j, x[espalier_rank_index(best[0])], p->largest))
      j += block;
    if (j == p->length) break;
    const uint64_t rank = espalier_rank(x[j * step], (uint32_t)j, p->largest);
    if (rank < best[0]) continue;
    best[0] = rank;
    espalier_heap_sink(best, count, 0, false);
  }
  for (int64_t left = count - 1; left > 0; left--) {  // the worst one goes behind those that are left
    const uint64_t worst = best[0];
    best[0] = best[left];
    best[left] = worst;
    espalier_heap_sink(best, left, 0, false);
  }
}

void espalier_topk_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  if (first == end) return;
  const espalier_topk_f32_parameters *p = call->parameters;
  uint64_t *best = scratch;
  const espalier_loop loop = espalier_topk_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        const float *x =
            (const float *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0];
        float *y = (float *)call->operands[1] + walk.offset[1] + r * walk.row_stride[1] + i * walk.stride[1];
        select_best(p, x, best);
        for (int64_t k = 0; k < p->count; k++) {
          const int64_t index = espalier_rank_index(best[k]);
          y[k * p->output_count_stride] = x[index * p->input_length_stride];
          y[k * p->output_count_stride + p->output_index_stride] = (float)index;
        }
      }
}
