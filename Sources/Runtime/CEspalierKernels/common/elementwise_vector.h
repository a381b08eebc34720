// Loads and stores of elementwise kernels; included behind vector_<isa>.h, inside its target attribute.
#ifndef ESPALIER_COMMON_ELEMENTWISE_VECTOR_H
#define ESPALIER_COMMON_ELEMENTWISE_VECTOR_H

// The next n <= VL elements of a row, `stride` apart; the lanes behind them hold anything finite or not.
V vec v_load_any(const float *p, int64_t stride, int64_t n) {
  if (stride == 0) return v_set(*p);
  if (stride != 1) return v_load_strided(p, stride, n);
  return n == VL ? v_load(p) : v_load_part(p, v_part(n));
}

V void v_store_any(float *p, int64_t stride, int64_t n, vec x) {
  if (stride != 1) v_store_strided(p, stride, n, x);
  else if (n == VL) v_store(p, x);
  else v_store_part(p, v_part(n), x);
}

#endif
