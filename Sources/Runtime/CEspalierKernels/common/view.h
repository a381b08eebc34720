// Strided views: what a checker proves about them, and how a kernel walks them.
#ifndef ESPALIER_COMMON_VIEW_H
#define ESPALIER_COMMON_VIEW_H

#include "espalier_kernels.h"

enum {
  espalier_axis_limit = 1 << 24,       // largest extent of one axis
  espalier_elements_per_item = 16384,  // a work item of about this many elements takes some microseconds
};
// What runs once for a call or a model: one function, not a copy in each place. The linker keeps one of equal ones.
#define ESPALIER_ONCE __attribute__((noinline, unused)) static

#define ESPALIER_COUNT_LIMIT ((uint64_t)1 << 31)    // largest product of extents
#define ESPALIER_WORK_LIMIT ((uint64_t)1 << 42)     // most elementary steps of one call
#define ESPALIER_SCRATCH_LIMIT ((uint64_t)1 << 28)  // most scratch bytes of one call

// --- Proofs ---------------------------------------------------------------------------------------------

// Whether an extent is acceptable; 0 is, and makes the view empty.
static inline bool espalier_extent_ok(int32_t extent) { return extent >= 0 && extent <= espalier_axis_limit; }

static inline bool espalier_between(int32_t value, int32_t low, int32_t high) {
  return value >= low && value <= high;
}

// Multiplies `count` by every extent; false where an extent or the product breaks its limit.
ESPALIER_ONCE bool espalier_count(uint64_t *count, int rank, const int32_t *extent) {
  bool empty = *count == 0;
  uint64_t product = empty ? 1 : *count;
  for (int i = 0; i < rank; i++) {
    if (!espalier_extent_ok(extent[i])) return false;
    if (extent[i] == 0) empty = true;
    else product *= (uint64_t)extent[i];  // below 2^31 * 2^24
    if (product > ESPALIER_COUNT_LIMIT) return false;
  }
  *count = empty ? 0 : product;
  return true;
}

// Whether a product of two counts stays below the limit of work.
ESPALIER_ONCE bool espalier_work_ok(uint64_t count, uint64_t steps) {
  return steps == 0 || count <= ESPALIER_WORK_LIMIT / steps;
}

// The lowest and the highest element that a view reaches, counted from the operand's address.
typedef struct espalier_span {
  int64_t low, high;
} espalier_span;

static inline espalier_span espalier_span_at(int64_t base) { return (espalier_span){base, base}; }

// Adds axes of at least 1 element: at most 2^55 each way per axis, so that 64 axes cannot overflow.
ESPALIER_ONCE void espalier_span_extend(espalier_span *span, int rank, const int32_t *extent,
                                        const int32_t *stride) {
  for (int i = 0; i < rank; i++) {
    const int64_t reach = (int64_t)(extent[i] - 1) * stride[i];
    if (reach < 0) span->low += reach;
    else span->high += reach;
  }
}

// Whether a span of elements of `size` bytes lies inside its operand; notes the bytes that it touches.
ESPALIER_ONCE bool espalier_sized_span_settle(espalier_call_facts *facts, int operand, uint64_t size,
                                              espalier_span span) {
  if (span.low < 0 || (uint64_t)span.high >= facts->operand_bytes[operand] / size) return false;
  const uint64_t bytes = ((uint64_t)span.high + 1) * size;
  if (facts->extent[operand] < bytes) facts->extent[operand] = bytes;
  return true;
}

ESPALIER_ONCE bool espalier_span_settle(espalier_call_facts *facts, int operand, espalier_span span) {
  return espalier_sized_span_settle(facts, operand, 4, span);
}

// The same as espalier_view_settle for a view of bytes.
ESPALIER_ONCE bool espalier_byte_view_settle(espalier_call_facts *facts, int operand, int rank,
                                             const int32_t *extent, const int32_t *stride, int64_t base) {
  espalier_span span = espalier_span_at(base);
  espalier_span_extend(&span, rank, extent, stride);
  return espalier_sized_span_settle(facts, operand, 1, span);
}

ESPALIER_ONCE bool espalier_byte_image_settle(espalier_call_facts *facts, int operand,
                                              const int32_t extent[4], int32_t stride_n, int32_t stride_h,
                                              int32_t stride_w) {
  const int32_t stride[4] = {stride_n, stride_h, stride_w, 1};
  return espalier_byte_view_settle(facts, operand, 4, extent, stride, 0);
}

ESPALIER_ONCE bool espalier_byte_array_settle(espalier_call_facts *facts, int operand, uint64_t count) {
  return espalier_sized_span_settle(facts, operand, 1, (espalier_span){0, (int64_t)count - 1});
}

// Whether a view of at least 1 element lies inside its operand; notes the bytes that it touches.
ESPALIER_ONCE bool espalier_view_settle(espalier_call_facts *facts, int operand, int rank,
                                        const int32_t *extent, const int32_t *stride, int64_t base) {
  espalier_span span = espalier_span_at(base);
  espalier_span_extend(&span, rank, extent, stride);
  return espalier_span_settle(facts, operand, span);
}

// Whether no two indexes along one axis write the same element.
ESPALIER_ONCE bool espalier_writes_apart(int rank, const int32_t *extent, const int32_t *stride) {
  for (int i = 0; i < rank; i++)
    if (extent[i] > 1 && stride[i] == 0) return false;
  return true;
}

// Whether an NHWC image of at least 1 element lies inside its operand.
ESPALIER_ONCE bool espalier_image_settle(espalier_call_facts *facts, int operand, const int32_t extent[4],
                                         int32_t stride_n, int32_t stride_h, int32_t stride_w) {
  const int32_t stride[4] = {stride_n, stride_h, stride_w, 1};
  return espalier_view_settle(facts, operand, 4, extent, stride, 0);
}

// Whether `count` 4-byte elements from the operand's address lie inside it.
ESPALIER_ONCE bool espalier_array_settle(espalier_call_facts *facts, int operand, uint64_t count) {
  return espalier_span_settle(facts, operand, (espalier_span){0, (int64_t)count - 1});
}

// Whether a table of `count` entries stands in the weights with every entry in 0 ..< limit.
ESPALIER_ONCE bool espalier_table_settle(espalier_call_facts *facts, int operand, uint64_t count,
                                         int32_t limit) {
  if (count == 0 || !espalier_array_settle(facts, operand, count)) return false;
  const int32_t *entries = facts->operand_data[operand];
  if (entries == NULL) return false;
  for (uint64_t i = 0; i < count; i++)
    if (entries[i] < 0 || entries[i] >= limit) return false;
  return true;
}

// --- Walks ----------------------------------------------------------------------------------------------

enum { espalier_loop_operands = 5, espalier_loop_rank = 6 };

// One operand's view of a loop's axes.
typedef struct espalier_view {
  const int32_t *stride;
  int32_t base;
} espalier_view;

// The axes that several operands share, merged where all of them are contiguous, and cut into work items.
typedef struct espalier_loop {
  int rank, operands;  // rank is at least 2: an axis of 1 element is added in front where needed
  int64_t extent[espalier_loop_rank + 1];
  int64_t stride[espalier_loop_rank + 1][espalier_loop_operands];
  int64_t base[espalier_loop_operands];
  int64_t rows;           // product of all extents but the innermost
  int64_t rows_per_item;  // or
  int64_t blocks, block;  // … pieces of a row, `block` elements each but the last
  uint32_t items;
} espalier_loop;

static inline int64_t espalier_magnitude(int64_t x) { return x < 0 ? -x : x; }

// Puts axes with larger strides of operand `order` outside.
static inline void espalier_loop_sort(espalier_loop *loop, int order) {
  for (int i = 1; i < loop->rank; i++)
    for (int j = i; j > 0; j--) {
      const int64_t outer = espalier_magnitude(loop->stride[j - 1][order]);
      if (outer >= espalier_magnitude(loop->stride[j][order])) break;
      for (int k = 0; k < loop->operands; k++) {
        const int64_t stride = loop->stride[j][k];
        loop->stride[j][k] = loop->stride[j - 1][k];
        loop->stride[j - 1][k] = stride;
      }
      const int64_t extent = loop->extent[j];
      loop->extent[j] = loop->extent[j - 1];
      loop->extent[j - 1] = extent;
    }
}

// Joins neighboring axes that every operand holds without a gap.
static inline void espalier_loop_merge(espalier_loop *loop) {
  int last = 0;
  for (int i = 1; i < loop->rank; i++) {
    bool joins = true;
    for (int k = 0; k < loop->operands; k++)
      joins &= loop->stride[last][k] == loop->stride[i][k] * loop->extent[i];
    if (joins) loop->extent[last] *= loop->extent[i];
    else loop->extent[++last] = loop->extent[i];
    for (int k = 0; k < loop->operands; k++) loop->stride[last][k] = loop->stride[i][k];
  }
  if (loop->rank) loop->rank = last + 1;
}

// A number of items that 2 or 4 threads share evenly, where it is small.
static inline uint64_t espalier_even_items(uint64_t items) {
  if (items <= 2 || items > 32) return items;
  return (items + 3) / 4 * 4;
}

// Cuts the loop into items of about `target` elements.
static inline void espalier_loop_cut(espalier_loop *loop, int64_t target) {
  const int64_t inner = loop->extent[loop->rank - 1];
  if (target < 16) target = 16;
  loop->rows = 1;
  for (int i = 0; i + 1 < loop->rank; i++) loop->rows *= loop->extent[i];
  if (loop->rows == 0 || inner == 0) {
    loop->rows = loop->items = 0;
    return;
  }
  loop->blocks = (inner + target - 1) / target;
  if (loop->rows == 1) loop->blocks = (int64_t)espalier_even_items((uint64_t)loop->blocks);
  loop->block = ((inner + loop->blocks - 1) / loop->blocks + 15) / 16 * 16;
  loop->blocks = (inner + loop->block - 1) / loop->block;
  const int64_t fill = loop->blocks > 1 || inner >= target ? 1 : target / inner;
  const int64_t groups = (int64_t)espalier_even_items((uint64_t)((loop->rows + fill - 1) / fill));
  loop->rows_per_item = (loop->rows + groups - 1) / groups;
  loop->items = (uint32_t)((loop->rows + loop->rows_per_item - 1) / loop->rows_per_item * loop->blocks);
}

// The loop over `extent` for these views. `order`: the operand whose strides decide the order of the axes
// (largest outermost), or -1 to keep it.
static inline espalier_loop espalier_loop_make(int rank, const int32_t *extent, int operands,
                                               const espalier_view *views, int order) {
  espalier_loop loop = {.rank = 0, .operands = operands};
  for (int i = 0; i < rank; i++) {
    if (extent[i] == 1) continue;
    loop.extent[loop.rank] = extent[i];
    for (int k = 0; k < operands; k++) loop.stride[loop.rank][k] = views[k].stride[i];
    loop.rank++;
  }
  if (order >= 0) espalier_loop_sort(&loop, order);
  espalier_loop_merge(&loop);
  for (; loop.rank < 2; loop.rank++) {
    for (int i = loop.rank; i > 0; i--) {
      loop.extent[i] = loop.extent[i - 1];
      for (int k = 0; k < operands; k++) loop.stride[i][k] = loop.stride[i - 1][k];
    }
    loop.extent[0] = 1;
    for (int k = 0; k < operands; k++) loop.stride[0][k] = loop.rank ? 0 : 1;
  }
  for (int k = 0; k < operands; k++) loop.base[k] = views[k].base;
  espalier_loop_cut(&loop, espalier_elements_per_item);
  return loop;
}

// Makes the whole loop one item, for a loop inside another.
static inline void espalier_loop_whole(espalier_loop *loop) {
  loop->blocks = 1;
  loop->block = loop->extent[loop->rank - 1];
  loop->rows_per_item = loop->rows;
  loop->items = loop->rows != 0;
}

// A position in a loop: `rows` rows of `count` elements, operand k's from `offset[k]` on, a row apart
// `row_stride[k]`, an element apart `stride[k]`.
typedef struct espalier_walk {
  int64_t rows, count;
  int64_t offset[espalier_loop_operands];
  const int64_t *row_stride, *stride;
  uint32_t item, end;
  int64_t row, row_end, column;
} espalier_walk;

static inline espalier_walk espalier_walk_start(uint32_t first, uint32_t end) {
  return (espalier_walk){.item = first, .end = end};
}

// Steps to the next plane of items [first, end); false behind the last.
static inline bool espalier_walk_next(espalier_walk *walk, const espalier_loop *loop) {
  const int inner = loop->rank - 1;
  if (walk->row == walk->row_end) {
    if (walk->item >= walk->end) return false;
    walk->row = walk->item / loop->blocks * loop->rows_per_item;
    walk->row_end = walk->row + loop->rows_per_item;
    if (walk->row_end > loop->rows) walk->row_end = loop->rows;
    walk->column = walk->item % loop->blocks * loop->block;
    walk->count = loop->extent[inner] - walk->column;
    if (walk->count > loop->block) walk->count = loop->block;
    walk->item++;
  }
  walk->stride = loop->stride[inner];
  walk->row_stride = loop->stride[inner - 1];
  for (int k = 0; k < loop->operands; k++)
    walk->offset[k] = loop->base[k] + walk->column * walk->stride[k];
  int64_t rest = walk->row;
  for (int i = inner - 1; i >= 0; i--) {
    const int64_t index = i ? rest % loop->extent[i] : rest;
    if (i == inner - 1) walk->rows = loop->extent[i] - index;
    for (int k = 0; k < loop->operands; k++) walk->offset[k] += index * loop->stride[i][k];
    if (i) rest /= loop->extent[i];
  }
  if (walk->rows > walk->row_end - walk->row) walk->rows = walk->row_end - walk->row;
  walk->row += walk->rows;
  return true;
}

// --- Rows of images -------------------------------------------------------------------------------------

// How many rows, each of `work` steps, make a work item of about `target` steps.
static inline int64_t espalier_rows_per_item(uint64_t rows, uint64_t work, uint64_t target) {
  if (work >= target || rows == 0) return 1;
  const uint64_t count = target / (work ? work : 1);
  const uint64_t items = espalier_even_items((rows + count - 1) / count);
  return (int64_t)((rows + items - 1) / items);
}

static inline uint32_t espalier_row_items(uint64_t rows, int64_t rows_per_item) {
  return (uint32_t)((rows + (uint64_t)rows_per_item - 1) / (uint64_t)rows_per_item);
}

// What the largest item does of the `work` that all rows share evenly.
static inline uint64_t espalier_row_item_work(uint64_t work, uint64_t rows, int64_t rows_per_item) {
  return rows > (uint64_t)rows_per_item ? work / rows * (uint64_t)rows_per_item : work;
}

#endif
