// Transpositions with a side of 2 to 4 elements, as of pictures: 4x4 elements at a time in 128-bit vectors.
// Included inside the target attribute of AVX2 or AVX-512.

// The first n elements (2 ... 4) of p, and nothing behind them.
V __m128 narrow_load(const float *p, int64_t n) {
  const __m128 two = _mm_castpd_ps(_mm_load_sd((const double *)p));
  if (n == 4) return _mm_loadu_ps(p);
  return n == 3 ? _mm_movelh_ps(two, _mm_load_ss(p + 2)) : two;
}

V void narrow_store(float *p, int64_t n, __m128 x) {
  if (n == 4) {
    _mm_storeu_ps(p, x);
    return;
  }
  _mm_store_sd((double *)p, _mm_castps_pd(x));
  if (n == 3) _mm_store_ss(p + 2, _mm_movehl_ps(x, x));
}

// y[j y_stride + i] = x[i x_stride + j] for i < wide (2 ... 4) and j < tall.
V void narrow_rows(const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t wide, int64_t tall) {
  int64_t j = 0;
  for (; j + 4 <= tall; j += 4) {
    __m128 r0 = _mm_loadu_ps(x + j), r1 = _mm_loadu_ps(x + x_stride + j);
    __m128 r2 = wide > 2 ? _mm_loadu_ps(x + 2 * x_stride + j) : r0;
    __m128 r3 = wide > 3 ? _mm_loadu_ps(x + 3 * x_stride + j) : r0;
    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    narrow_store(y + j * y_stride, wide, r0);
    narrow_store(y + (j + 1) * y_stride, wide, r1);
    narrow_store(y + (j + 2) * y_stride, wide, r2);
    narrow_store(y + (j + 3) * y_stride, wide, r3);
  }
  for (; j < tall; j++)
    for (int64_t i = 0; i < wide; i++) y[j * y_stride + i] = x[i * x_stride + j];
}

// y[j y_stride + i] = x[i x_stride + j] for i < wide and j < tall (2 ... 4).
V void narrow_columns(const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t wide,
                      int64_t tall) {
  int64_t i = 0;
  for (; i + 4 <= wide; i += 4) {
    __m128 r0 = narrow_load(x + i * x_stride, tall), r1 = narrow_load(x + (i + 1) * x_stride, tall);
    __m128 r2 = narrow_load(x + (i + 2) * x_stride, tall), r3 = narrow_load(x + (i + 3) * x_stride, tall);
    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    _mm_storeu_ps(y + i, r0);
    _mm_storeu_ps(y + y_stride + i, r1);
    if (tall > 2) _mm_storeu_ps(y + 2 * y_stride + i, r2);
    if (tall > 3) _mm_storeu_ps(y + 3 * y_stride + i, r3);
  }
  for (; i < wide; i++)
    for (int64_t j = 0; j < tall; j++) y[j * y_stride + i] = x[i * x_stride + j];
}

// Handles a block with a side of 2 to 4; false: it has none.
static bool copy_narrow(const espalier_copy_plan *plan, espalier_copy_block block, const float *x, float *y) {
  const int64_t from = plan->input_stride, to = plan->output_stride;
  switch (block.wide) {
    case 2: narrow_rows(x, from, y, to, 2, block.tall); return true;
    case 3: narrow_rows(x, from, y, to, 3, block.tall); return true;
    case 4: narrow_rows(x, from, y, to, 4, block.tall); return true;
    default: break;
  }
  switch (block.tall) {
    case 2: narrow_columns(x, from, y, to, block.wide, 2); return true;
    case 3: narrow_columns(x, from, y, to, block.wide, 3); return true;
    case 4: narrow_columns(x, from, y, to, block.wide, 4); return true;
    default: return false;
  }
}
