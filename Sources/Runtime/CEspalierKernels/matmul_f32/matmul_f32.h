// The work items of matmul_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_MATMUL_F32_H
#define ESPALIER_MATMUL_F32_H

#include "../common/view.h"

enum { espalier_matmul_panel = 32 };  // columns of b that are packed together

// An item is a block of rows and columns of one matrix; its scratch holds one packed panel of b, [k][32].
typedef struct espalier_matmul_plan {
  int64_t rows_per_item, blocks;             // blocks of rows in one matrix
  int64_t columns_per_item, column_blocks;  // and of columns in each
  uint32_t items;
  uint64_t scratch_bytes;
} espalier_matmul_plan;

static inline espalier_matmul_plan espalier_matmul_f32_plan(const espalier_matmul_f32_parameters *p) {
  espalier_matmul_plan plan = {.rows_per_item = 1, .columns_per_item = 1};
  uint64_t batch = 1;
  for (int i = 0; i < 4; i++) batch *= (uint64_t)p->batch[i];
  if (batch == 0 || p->m == 0 || p->n == 0) return plan;
  // 48 rows (a multiple of every microkernel's) pay for packing b; a few rows are not worth splitting
  plan.rows_per_item = p->m <= 64 ? p->m : 48;
  plan.blocks = (p->m + plan.rows_per_item - 1) / plan.rows_per_item;
  // few items of much work would keep threads waiting: then b's panels are shared out too
  const uint64_t items = batch * (uint64_t)plan.blocks;
  const uint64_t panels = ((uint64_t)p->n + espalier_matmul_panel - 1) / espalier_matmul_panel;
  const uint64_t work = (uint64_t)p->m * (uint64_t)p->n * (p->k > 0 ? (uint64_t)p->k : 1);
  const uint64_t wanted = items >= 4 || work < (1 << 18) ? 1 : panels < 4 ? panels : 4;
  plan.columns_per_item = (int64_t)((panels + wanted - 1) / wanted * espalier_matmul_panel);
  plan.column_blocks = (p->n + plan.columns_per_item - 1) / plan.columns_per_item;
  plan.items = (uint32_t)(items * (uint64_t)plan.column_blocks);
  plan.scratch_bytes = (uint64_t)p->k * espalier_matmul_panel * 4;
  return plan;
}

// What one item computes.
typedef struct espalier_matmul_piece {
  int64_t matrix, row, rows, column, columns;
} espalier_matmul_piece;

static inline espalier_matmul_piece espalier_matmul_f32_piece(const espalier_matmul_f32_parameters *p,
                                                              const espalier_matmul_plan *plan,
                                                              uint32_t item) {
  const int64_t block = item / plan->column_blocks;
  espalier_matmul_piece piece = {.matrix = block / plan->blocks,
                                 .row = block % plan->blocks * plan->rows_per_item,
                                 .column = item % plan->column_blocks * plan->columns_per_item};
  piece.rows = p->m - piece.row < plan->rows_per_item ? p->m - piece.row : plan->rows_per_item;
  piece.columns = p->n - piece.column < plan->columns_per_item ? p->n - piece.column : plan->columns_per_item;
  return piece;
}

// The first elements of matrix number `index`.
typedef struct espalier_matmul_offsets {
  int64_t a, b, output;
} espalier_matmul_offsets;

static inline espalier_matmul_offsets espalier_matmul_f32_offsets(const espalier_matmul_f32_parameters *p,
                                                                  int64_t index) {
  espalier_matmul_offsets at = {p->a_base, p->b_base, p->output_base};
  for (int i = 3; i >= 0; i--) {
    const int64_t digit = index % p->batch[i];
    at.a += digit * p->a_batch_stride[i];
    at.b += digit * p->b_batch_stride[i];
    at.output += digit * p->output_batch_stride[i];
    index /= p->batch[i];
  }
  return at;
}

#endif
