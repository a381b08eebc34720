// Loads and stores of elementwise kernels; included behind vector_<isa>.h, inside its target attribute.
#ifndef ESPALIER_COMMON_ELEMENTWISE_VECTOR_H
#define ESPALIER_COMMON_ELEMENTWISE_VECTOR_H

// The next n <= VL elements of a row, `stride` apart; the lanes behind them hold anything.
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

// As v_load_any for a stride that is known to be 1 or 0 where the code is compiled.
V vec v_load_step(const float *p, int stride) { return stride ? v_load(p) : v_set(*p); }
V vec v_load_step_part(const float *p, int stride, vpart part) {
  return stride ? v_load_part(p, part) : v_set(*p);
}

enum { v_chunk = 256 };  // elements that strided rows bring together before they are computed

V_SLOW void v_bring(const float *p, int64_t stride, int64_t n, float *chunk) {
  for (int64_t i = 0; i < n; i++) chunk[i] = p[i * stride];
}
V_SLOW void v_spread(float *p, int64_t stride, int64_t n, const float *chunk) {
  for (int64_t i = 0; i < n; i++) p[i * stride] = chunk[i];
}

#endif
