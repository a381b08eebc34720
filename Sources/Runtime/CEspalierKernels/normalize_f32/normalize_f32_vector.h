// normalize_f32 on vectors: along the elements of a group where they are adjacent, or for VL groups at once
// where these are neighbors. Sums are made of partial sums of few terms each. What fits neither is left to
// the scalar kernel. y may be x. Reads and writes exactly the views' elements.
// Included behind vector_<isa>.h and elementwise_vector.h, inside its target attribute.

enum { normalize_chunk = 64 };  // vectors that one partial sum is made of

// What stands in the sums: x, |x|, or (x - shift)^2.
typedef enum normalize_term { normalize_values, normalize_magnitudes, normalize_squares } normalize_term;

V vec normalize_add(normalize_term term, vec sum, vec x, vec shift) {
  if (term == normalize_values) return v_add(sum, x);
  if (term == normalize_magnitudes) return v_add(sum, v_abs(x));
  const vec difference = v_sub(x, shift);
  return v_fma(difference, difference, sum);
}

// The operands at the first element of a group; scale and bias may be NULL.
typedef struct normalize_group {
  const float *x, *scale, *bias;
  float *y;
} normalize_group;

typedef struct normalize_call {
  const espalier_normalize_f32_parameters *p;
  const espalier_planes *planes;
  float count;
} normalize_call;

V normalize_group normalize_at(normalize_group g, const int64_t *offset, const int64_t *stride, int64_t i) {
  g.x += offset[0] + i * stride[0];
  if (g.scale) g.scale += offset[1] + i * stride[1];
  if (g.bias) g.bias += offset[2] + i * stride[2];
  g.y += offset[3] + i * stride[3];
  return g;
}

// Shift and factor of VL groups from their sums.
V vec normalize_factor(const normalize_call *call, vec sum) {
  const espalier_normalize_f32_parameters *p = call->p;
  if (p->normalization <= espalier_normalization_rms)
    return v_div(v_set(1), v_sqrt(v_add(v_div(sum, v_set(call->count)), v_set(p->epsilon))));
  const vec norm = p->normalization == espalier_normalization_l1 ? sum : v_sqrt(sum);
  return v_select(v_eq(norm, v_zero()), v_zero(), v_div(v_set(1), norm));
}

// --- Along adjacent elements ----------------------------------------------------------------------------

V vec normalize_run(normalize_term term, const float *x, int64_t count, vec shift, vec total) {
  while (count >= 2 * VL) {
    vec even = v_zero(), odd = v_zero();
    for (int i = 0; i < normalize_chunk && count >= 2 * VL; i++, count -= 2 * VL, x += 2 * VL) {
      even = normalize_add(term, even, v_load(x), shift);
      odd = normalize_add(term, odd, v_load(x + VL), shift);
    }
    total = v_add(total, v_add(even, odd));
  }
  if (count >= VL) {
    total = normalize_add(term, total, v_load(x), shift);
    count -= VL;
    x += VL;
  }
  if (count == 0) return total;
  const vpart part = v_part(count);
  return v_add(total, v_keep_part(part, normalize_add(term, v_zero(), v_load_part(x, part), shift)));
}

V float normalize_sum(normalize_term term, const float *x, const espalier_planes *planes, float shift) {
  double total = 0;
  espalier_walk walk = planes->first;
  do {
    for (int64_t r = 0; r < walk.rows; r++)
      total += v_sum(normalize_run(term, x + walk.offset[0] + r * walk.row_stride[0], walk.count,
                                   v_set(shift), v_zero()));
  } while (espalier_planes_next(planes, &walk));
  return (float)total;
}

V void normalize_apply_run(normalize_group g, const espalier_walk *walk, vec shift, vec factor) {
  for (int64_t i = 0; i < walk->count; i += VL) {
    const int64_t n = walk->count - i < VL ? walk->count - i : VL;
    vec value = v_mul(v_sub(v_load_any(g.x + i, 1, n), shift), factor);
    const vec scale = g.scale ? v_load_any(g.scale + i * walk->stride[1], walk->stride[1], n) : v_set(1);
    const vec bias = g.bias ? v_load_any(g.bias + i * walk->stride[2], walk->stride[2], n) : v_zero();
    value = v_fma(value, scale, bias);
    v_store_any(g.y + i, 1, n, value);
  }
}

static void normalize_one(const normalize_call *call, normalize_group g) {
  float shift = 0, sum;
  switch (call->p->normalization) {
    case espalier_normalization_mean_variance:
      shift = normalize_sum(normalize_values, g.x, call->planes, 0) / call->count;
      sum = normalize_sum(normalize_squares, g.x, call->planes, shift);
      break;
    case espalier_normalization_l1: sum = normalize_sum(normalize_magnitudes, g.x, call->planes, 0); break;
    default: sum = normalize_sum(normalize_squares, g.x, call->planes, 0);
  }
  const vec factor = normalize_factor(call, v_set(sum));
  espalier_walk walk = call->planes->first;
  do {
    for (int64_t r = 0; r < walk.rows; r++)
      normalize_apply_run(normalize_at(g, walk.offset, walk.row_stride, r), &walk, v_set(shift), factor);
  } while (espalier_planes_next(call->planes, &walk));
}

// --- For neighboring groups -----------------------------------------------------------------------------

V vec normalize_sums(normalize_term term, const float *x, const espalier_planes *planes, vec shift,
                     int64_t n) {
  vec total = v_zero();
  espalier_walk walk = planes->first;
  do {
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *p = x + walk.offset[0] + r * walk.row_stride[0];
      for (int64_t left = walk.count; left > 0; left -= normalize_chunk) {
        vec sum = v_zero();
        for (int64_t i = 0; i < normalize_chunk && i < left; i++, p += walk.stride[0])
          sum = normalize_add(term, sum, v_load_any(p, 1, n), shift);
        total = v_add(total, sum);
      }
    }
  } while (espalier_planes_next(planes, &walk));
  return total;
}

// The n <= VL groups from `g` on; scale and bias are the same for all elements of a group.
V void normalize_several(const normalize_call *call, normalize_group g, const int64_t *stride, int64_t n) {
  vec shift = v_zero(), sum;
  switch (call->p->normalization) {
    case espalier_normalization_mean_variance:
      shift = v_div(normalize_sums(normalize_values, g.x, call->planes, shift, n), v_set(call->count));
      sum = normalize_sums(normalize_squares, g.x, call->planes, shift, n);
      break;
    case espalier_normalization_l1:
      sum = normalize_sums(normalize_magnitudes, g.x, call->planes, shift, n);
      break;
    default: sum = normalize_sums(normalize_squares, g.x, call->planes, shift, n);
  }
  const vec factor = normalize_factor(call, sum);
  const vec scale = g.scale ? v_load_any(g.scale, stride[1], n) : v_set(1);
  const vec bias = g.bias ? v_load_any(g.bias, stride[2], n) : v_zero();
  espalier_walk walk = call->planes->first;
  do {
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        const float *x = g.x + walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0];
        float *y = g.y + walk.offset[3] + r * walk.row_stride[3] + i * walk.stride[3];
        v_store_any(y, 1, n, v_fma(v_mul(v_sub(v_load_any(x, 1, n), shift), factor), scale, bias));
      }
  } while (espalier_planes_next(call->planes, &walk));
}

static void normalize_row_across(const normalize_call *call, normalize_group g, const espalier_walk *walk) {
  static const int64_t origin[4] = {0, 0, 0, 0};
  for (int64_t i = 0; i < walk->count; i += VL) {
    const normalize_group at = normalize_at(g, origin, walk->stride, i);
    if (walk->count - i >= VL) normalize_several(call, at, walk->stride, VL);
    else normalize_several(call, at, walk->stride, walk->count - i);
  }
}

// --- Dispatch -------------------------------------------------------------------------------------------

static void normalize_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_normalize_f32_parameters *p = call->parameters;
  if (first == end) return;
  const espalier_loop kept = espalier_normalize_f32_outer(p), group = espalier_normalize_f32_inner(p);
  const int64_t *inner = group.stride[group.rank - 1], *outer = kept.stride[kept.rank - 1];
  const bool adjacent = inner[0] == 1 && inner[3] == 1;
  bool across = outer[0] == 1 && outer[3] == 1;
  for (int i = 0; i < group.rank; i++)
    across = across && (group.extent[i] == 1 || (group.stride[i][1] == 0 && group.stride[i][2] == 0));
  if (!adjacent && !across) return espalier_normalize_f32_scalar(call, first, end, scratch);
  const espalier_planes planes = espalier_planes_of(&group);
  const normalize_call shared = {p, &planes, (float)espalier_planes_elements(&planes)};
  const normalize_group start = {call->operands[0], call->operands[1], call->operands[2], call->operands[3]};
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &kept))
    for (int64_t r = 0; r < walk.rows; r++) {
      const normalize_group row = normalize_at(start, walk.offset, walk.row_stride, r);
      static const int64_t origin[4] = {0, 0, 0, 0};
      if (!adjacent) normalize_row_across(&shared, row, &walk);
      else
        for (int64_t i = 0; i < walk.count; i++)
          normalize_one(&shared, normalize_at(row, origin, walk.stride, i));
    }
}
