// matmul_f32 on vectors of VL columns: tiles of up to 6 rows x 2 vectors stand in registers while k goes by.
// Where many rows use b, or its columns are not adjacent, a panel of 32 columns is packed into the scratch
// first, [k][32]; a single row reads b as it lies, and multiplies by a transposed b as dot products.
// Reads and writes exactly the views' elements. Included behind vector_<isa>.h, inside its target attribute.

#define UNROLL _Pragma("clang loop unroll(full)")

// b for some columns: k rows of adjacent floats, `step` apart.
typedef struct matmul_panel {
  const float *b;
  int64_t step, columns;
} matmul_panel;

V void matmul_store(const espalier_matmul_f32_parameters *p, float *y, vec sum, int64_t n) {
  const vec value = v_mul(v_set(p->alpha), sum);
  if (p->output_stride_n != 1) v_store_strided(y, p->output_stride_n, n, value);
  else if (n == VL) v_store(y, value);
  else v_store_part(y, v_part(n), value);
}

// `rows` rows by `vectors` vectors, the last one in part unless `whole`; a and y are the tile's corners.
V void matmul_tile(const espalier_matmul_f32_parameters *p, const float *a, matmul_panel panel, float *y,
                   int rows, int vectors, bool whole) {
  vec sum[6][4];
  const int64_t last = panel.columns - (vectors - 1) * VL;
  const vpart part = v_part(whole ? 0 : last);
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = v_zero();
  for (int64_t k = 0; k < p->k; k++, a += p->a_stride_k, panel.b += panel.step) {
    vec b[4];
    UNROLL for (int v = 0; v < vectors; v++)
      b[v] = whole || v < vectors - 1 ? v_load(panel.b + v * VL) : v_load_part(panel.b + v * VL, part);
    UNROLL for (int r = 0; r < rows; r++) {
      const vec value = v_set(a[r * (int64_t)p->a_stride_m]);
      UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = v_fma(value, b[v], sum[r][v]);
    }
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++)
      matmul_store(p, y + r * (int64_t)p->output_stride_m + v * VL * (int64_t)p->output_stride_n, sum[r][v],
                   whole || v < vectors - 1 ? VL : last);
}

// All rows of an item by `vectors` vectors of columns.
V void matmul_rows(const espalier_matmul_f32_parameters *p, const float *a, matmul_panel panel, float *y,
                   int64_t rows, int vectors, bool whole) {
  const int64_t a_step = p->a_stride_m, y_step = p->output_stride_m;
  for (; rows >= 6; rows -= 6, a += 6 * a_step, y += 6 * y_step)
    matmul_tile(p, a, panel, y, 6, vectors, whole);
  for (; rows >= 3; rows -= 3, a += 3 * a_step, y += 3 * y_step)
    matmul_tile(p, a, panel, y, 3, vectors, whole);
  for (; rows > 0; rows--, a += a_step, y += y_step) matmul_tile(p, a, panel, y, 1, vectors, whole);
}

// All columns of a panel.
static void matmul_columns(const espalier_matmul_f32_parameters *p, const float *a, matmul_panel panel,
                           float *y, int64_t rows) {
  const int64_t y_step = (int64_t)p->output_stride_n * VL;
  for (; rows == 1 && panel.columns >= 4 * VL; panel.columns -= 4 * VL, panel.b += 4 * VL, y += 4 * y_step)
    matmul_tile(p, a, panel, y, 1, 4, true);
  for (; panel.columns >= 2 * VL; panel.columns -= 2 * VL, panel.b += 2 * VL, y += 2 * y_step)
    matmul_rows(p, a, panel, y, rows, 2, true);
  if (panel.columns > VL) matmul_rows(p, a, panel, y, rows, 2, false);
  else if (panel.columns == VL) matmul_rows(p, a, panel, y, rows, 1, true);
  else if (panel.columns > 0) matmul_rows(p, a, panel, y, rows, 1, false);
}

// Packs columns of b as [k][32]; what is missing of 32 columns stays unread.
static void matmul_pack(const espalier_matmul_f32_parameters *p, const float *b, int64_t columns,
                        float *to) {
  const int64_t step = p->b_stride_k, column_step = p->b_stride_n;
  for (int64_t k = 0; k < p->k; k++, b += step, to += espalier_matmul_panel) {
    if (column_step != 1) {
      for (int64_t j = 0; j < columns; j++) to[j] = b[j * column_step];
      continue;
    }
    int64_t j = 0;
    for (; j + VL <= columns; j += VL) v_store(to + j, v_load(b + j));
    if (j < columns) v_store_part(to + j, v_part(columns - j), v_load_part(b + j, v_part(columns - j)));
  }
}

// y = alpha a b for one row and `columns` columns, where both run along k.
static void matmul_dots(const espalier_matmul_f32_parameters *p, const float *a, const float *b, float *y,
                        int64_t columns) {
  const int64_t whole = p->k / VL * VL;
  const vpart part = v_part(p->k - whole);
  const vec rest = v_load_part(a + whole, part);
  for (; columns > 0; columns -= 4) {
    const int64_t n = columns < 4 ? columns : 4;
    const float *from[4];
    vec sum[4];
    // what is missing of 4 columns repeats the first
    UNROLL for (int j = 0; j < 4; j++) from[j] = b + (j < n ? j : 0) * p->b_stride_n;
    UNROLL for (int j = 0; j < 4; j++) sum[j] = v_mul(rest, v_load_part(from[j] + whole, part));
    for (int64_t k = 0; k < whole; k += VL) {
      const vec x = v_load(a + k);
      UNROLL for (int j = 0; j < 4; j++) sum[j] = v_fma(x, v_load(from[j] + k), sum[j]);
    }
    float result[4];
    UNROLL for (int j = 0; j < 4; j++) result[j] = p->alpha * v_sum(sum[j]);
    for (int64_t j = 0; j < n; j++) y[j * p->output_stride_n] = result[j];
    b += 4 * (int64_t)p->b_stride_n;
    y += 4 * (int64_t)p->output_stride_n;
  }
}

static void matmul_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_matmul_f32_parameters *p = call->parameters;
  const espalier_matmul_plan plan = espalier_matmul_f32_plan(p);
  for (uint32_t item = first; item < end; item++) {
    const espalier_matmul_piece piece = espalier_matmul_f32_piece(p, &plan, item);
    const espalier_matmul_offsets at = espalier_matmul_f32_offsets(p, piece.matrix);
    const float *a = (const float *)call->operands[0] + at.a + piece.row * p->a_stride_m;
    const float *b = (const float *)call->operands[1] + at.b + piece.column * p->b_stride_n;
    float *y = (float *)call->operands[2] + at.output + piece.row * p->output_stride_m +
               piece.column * p->output_stride_n;
    if (piece.rows == 1 && p->a_stride_k == 1 && p->b_stride_k == 1 && p->b_stride_n != 1) {
      matmul_dots(p, a, b, y, piece.columns);
      continue;
    }
    if (p->b_stride_n == 1 && piece.rows <= 12) {
      matmul_columns(p, a, (matmul_panel){b, p->b_stride_k, piece.columns}, y, piece.rows);
      continue;
    }
    for (int64_t j = 0; j < piece.columns; j += espalier_matmul_panel) {
      const int64_t left = piece.columns - j;
      const int64_t columns = left < espalier_matmul_panel ? left : espalier_matmul_panel;
      matmul_pack(p, b + j * p->b_stride_n, columns, scratch);
      matmul_columns(p, a, (matmul_panel){scratch, espalier_matmul_panel, columns},
                     y + j * p->output_stride_n, piece.rows);
    }
  }
}
