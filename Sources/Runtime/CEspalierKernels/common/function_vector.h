// Every common espalier_function on vectors; included behind vector_<isa>.h, inside its target attribute.
//
// Polynomials are minimax fits; errors given are those of the fit, relative to the function.
#ifndef ESPALIER_COMMON_FUNCTION_VECTOR_H
#define ESPALIER_COMMON_FUNCTION_VECTOR_H

// exp x = 2^n exp r, |r| <= ln 2 / 2, exp r = 1 + r + r^2 P(r); fit 3e-9. NaN passes through.
V vec v_exp(vec x) {
  x = v_min(v_set(89), v_max(v_set(-104), x));  // infinity above, 0 below
  const vec n = v_round(v_mul(x, v_set(1.44269504f)));
  const vec r = v_fnma(n, v_set(-2.12194440e-4f), v_fnma(n, v_set(0.693359375f), x));
  vec p = v_fma(v_set(0.00139504862f), r, v_set(0.00836888786f));
  p = v_fma(p, r, v_set(0.0416662059f));
  p = v_fma(p, r, v_set(0.166665189f));
  p = v_fma(p, r, v_set(0.50000001f));
  return v_scale(v_fma(v_mul(r, r), p, v_add(r, v_set(1))), n);
}

// log (1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1]: f - f^2/2 + f^3 P(f); fit 6e-9.
V vec v_log_near_1(vec f) {
  vec p = v_fma(v_set(-0.0785954587f), f, v_set(0.128816224f));
  p = v_fma(p, f, v_set(-0.131287676f));
  p = v_fma(p, f, v_set(0.141811961f));
  p = v_fma(p, f, v_set(-0.166245531f));
  p = v_fma(p, f, v_set(0.200022861f));
  p = v_fma(p, f, v_set(-0.250008104f));
  p = v_fma(p, f, v_set(0.333333167f));
  const vec square = v_mul(f, f);
  return v_fma(v_mul(square, f), p, v_fnma(v_set(0.5f), square, f));
}

// log x for x > 0; -infinity at 0, NaN below.
V vec v_log(vec x) {
  vec e, m = v_split(x, &e);
  const vmask upper = v_lt(v_set(1.41421356f), m);
  m = v_select(upper, v_mul(m, v_set(0.5f)), m);
  e = v_select(upper, v_add(e, v_set(1)), e);
  const vec near = v_log_near_1(v_sub(m, v_set(1)));
  vec y = v_fma(e, v_set(0.693359375f), v_fma(e, v_set(-2.12194440e-4f), near));
  y = v_select(v_eq(x, v_set(__builtin_inff())), x, y);
  y = v_select(v_eq(x, v_zero()), v_set(-__builtin_inff()), y);
  return v_select(v_le(v_zero(), x), y, v_set(__builtin_nanf("")));
}

// log (1 + t) for t in [0, 1]: what 1 + t loses to rounding comes back as a first-order term.
V vec v_log1p_unit(vec t) {
  const vec sum = v_add(t, v_set(1)), lost = v_sub(t, v_sub(sum, v_set(1)));
  return v_add(v_log(sum), v_div(lost, sum));
}

V vec v_sigmoid(vec x) { return v_div(v_set(1), v_add(v_set(1), v_exp(v_neg(x)))); }

// tanh x = x + x^3 P(x^2) below 0.625, fit 4e-9; 1 - 2 / (exp 2|x| + 1) above.
V vec v_tanh(vec x) {
  const vec size = v_abs(x), square = v_mul(x, x);
  vec p = v_fma(v_set(-0.00571703656f), square, v_set(0.020650579f));
  p = v_fma(p, square, v_set(-0.0537434953f));
  p = v_fma(p, square, v_set(0.133314912f));
  p = v_fma(p, square, v_set(-0.333332839f));
  const vec near = v_fma(v_mul(square, x), p, x);
  const vec e = v_exp(v_add(size, size));
  const vec far = v_sub(v_set(1), v_div(v_set(2), v_add(e, v_set(1))));
  return v_select(v_lt(size, v_set(0.625f)), near, v_copysign(far, x));
}

// erf x = x P(x^2) up to 1, fit 1e-9; 1 - exp Q(|x|) above, Q fitted to log erfc.
V vec v_erf(vec x) {
  const vec size = v_min(v_set(4), v_abs(x)), square = v_mul(size, size);
  vec p = v_fma(v_set(7.88911953e-05f), square, v_set(-0.000802084128f));
  p = v_fma(p, square, v_set(0.00518953534f));
  p = v_fma(p, square, v_set(-0.0268544446f));
  p = v_fma(p, square, v_set(0.112836002f));
  p = v_fma(p, square, v_set(-0.376126271f));
  p = v_fma(p, square, v_set(1.12837917f));
  vec q = v_fma(v_set(2.51325574e-07f), size, v_set(-2.53147936e-05f));
  q = v_fma(q, size, v_set(0.000463787928f));
  q = v_fma(q, size, v_set(-0.00428238231f));
  q = v_fma(q, size, v_set(0.0253735551f));
  q = v_fma(q, size, v_set(-0.108638997f));
  q = v_fma(q, size, v_set(-0.633039613f));
  q = v_fma(q, size, v_set(-1.12966116f));
  q = v_fma(q, size, v_set(0.000204359822f));
  const vec far = v_sub(v_set(1), v_exp(q));
  return v_copysign(v_select(v_lt(size, v_set(1)), v_mul(size, p), far), x);
}

// exp(x) - 1 without cancellation: r + r^2 P(r) near 0.
V vec v_expm1(vec x) {
  vec p = v_fma(v_set(0.00139504862f), x, v_set(0.00836888786f));
  p = v_fma(p, x, v_set(0.0416662059f));
  p = v_fma(p, x, v_set(0.166665189f));
  p = v_fma(p, x, v_set(0.50000001f));
  const vec near = v_fma(v_mul(x, x), p, x);
  return v_select(v_lt(v_abs(x), v_set(0.34f)), near, v_sub(v_exp(x), v_set(1)));
}

V vec v_softplus(vec x) { return v_add(v_max(v_zero(), x), v_log1p_unit(v_exp(v_neg(v_abs(x))))); }

V vec v_clip(vec x, vec low, vec high) { return v_min(high, v_max(low, x)); }
V vec v_truth(vmask mask) { return v_select(mask, v_set(1), v_zero()); }

// One function each, all with the parameters of espalier_function.
#define F V vec
F f_identity(vec x, vec a, vec b) { return (void)a, (void)b, x; }
F f_relu(vec x, vec a, vec b) { return (void)a, (void)b, v_max(v_zero(), x); }
F f_clip(vec x, vec a, vec b) { return v_clip(x, a, b); }
F f_leaky_relu(vec x, vec a, vec b) { return (void)b, v_select(v_lt(x, v_zero()), v_mul(a, x), x); }
F f_hard_sigmoid(vec x, vec a, vec b) { return v_clip(v_fma(a, x, b), v_zero(), v_set(1)); }
F f_hard_swish(vec x, vec a, vec b) {
  return (void)a, (void)b, v_mul(x, v_clip(v_fma(x, v_set(1.0f / 6), v_set(0.5f)), v_zero(), v_set(1)));
}
F f_sigmoid(vec x, vec a, vec b) { return (void)a, (void)b, v_sigmoid(x); }
F f_silu(vec x, vec a, vec b) { return (void)b, v_mul(x, v_sigmoid(v_mul(a, x))); }
F f_tanh(vec x, vec a, vec b) { return (void)a, (void)b, v_tanh(x); }
F f_exp(vec x, vec a, vec b) { return (void)a, (void)b, v_exp(x); }
F f_log(vec x, vec a, vec b) { return (void)a, (void)b, v_log(x); }
F f_sqrt(vec x, vec a, vec b) { return (void)a, (void)b, v_sqrt(x); }
F f_reciprocal(vec x, vec a, vec b) { return (void)a, (void)b, v_div(v_set(1), x); }
F f_abs(vec x, vec a, vec b) { return (void)a, (void)b, v_abs(x); }
F f_neg(vec x, vec a, vec b) { return (void)a, (void)b, v_neg(x); }
F f_floor(vec x, vec a, vec b) { return (void)a, (void)b, v_floor(x); }
F f_ceil(vec x, vec a, vec b) { return (void)a, (void)b, v_ceil(x); }
F f_round(vec x, vec a, vec b) { return (void)a, (void)b, v_round(x); }
F f_truncate(vec x, vec a, vec b) { return (void)a, (void)b, v_trunc(x); }
F f_elu(vec x, vec a, vec b) { return (void)b, v_select(v_lt(x, v_zero()), v_mul(a, v_expm1(x)), x); }
F f_selu(vec x, vec a, vec b) { return v_mul(b, f_elu(x, a, b)); }
F f_celu(vec x, vec a, vec b) {
  (void)b;
  return v_add(v_max(v_zero(), x), v_min(v_mul(a, v_expm1(v_div(x, a))), v_zero()));
}
F f_softplus(vec x, vec a, vec b) { return (void)a, (void)b, v_softplus(x); }
F f_softsign(vec x, vec a, vec b) { return (void)a, (void)b, v_div(x, v_add(v_set(1), v_abs(x))); }
F f_thresholded_relu(vec x, vec a, vec b) { return (void)b, v_select(v_le(x, a), v_zero(), x); }
F f_erf(vec x, vec a, vec b) { return (void)a, (void)b, v_erf(x); }
F f_gelu_erf(vec x, vec a, vec b) {
  (void)a, (void)b;
  return v_mul(v_mul(v_set(0.5f), x), v_add(v_set(1), v_erf(v_mul(x, v_set(0.70710678f)))));
}
F f_gelu_tanh(vec x, vec a, vec b) {
  (void)a, (void)b;
  const vec cubic = v_fma(v_mul(v_mul(x, x), x), v_set(0.044715f), x);
  return v_mul(v_mul(v_set(0.5f), x), v_add(v_set(1), v_tanh(v_mul(v_set(0.79788456f), cubic))));
}
F f_mish(vec x, vec a, vec b) { return (void)a, (void)b, v_mul(x, v_tanh(v_softplus(x))); }
F f_not(vec x, vec a, vec b) { return (void)a, (void)b, v_truth(v_eq(x, v_zero())); }
F f_bool(vec x, vec a, vec b) { return (void)a, (void)b, v_truth(v_ne(x, v_zero())); }
F f_affine(vec x, vec a, vec b) { return v_fma(a, x, b); }

// Functions that may stand in an epilogue, chosen at run time.
F v_epilogue(int32_t function, vec x, vec a, vec b) {
  switch (function) {
    case espalier_function_relu: return f_relu(x, a, b);
    case espalier_function_clip: return f_clip(x, a, b);
    case espalier_function_leaky_relu: return f_leaky_relu(x, a, b);
    case espalier_function_hard_sigmoid: return f_hard_sigmoid(x, a, b);
    case espalier_function_hard_swish: return f_hard_swish(x, a, b);
    case espalier_function_sigmoid: return f_sigmoid(x, a, b);
    case espalier_function_silu: return f_silu(x, a, b);
    case espalier_function_tanh: return f_tanh(x, a, b);
    default: return x;
  }
}
#undef F

// The same out of line, where speed is the function's own.
V_SLOW vec v_epilogue_call(int32_t function, vec x, vec a, vec b) { return v_epilogue(function, x, a, b); }

#endif
