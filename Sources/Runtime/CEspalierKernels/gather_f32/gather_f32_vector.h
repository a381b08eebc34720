// gather_f32 on vectors: what lies behind an entry is copied VL elements a step where it is adjacent.
// Reads and writes exactly the views' elements. Included behind vector_<isa>.h, inside its target attribute.

V void gather_run(const float *x, float *y, int64_t count) {
  for (; count >= VL; count -= VL, x += VL, y += VL) v_store(y, v_load(x));
  if (count > 0) v_store_part(y, v_part(count), v_load_part(x, v_part(count)));
}

V void gather_plane(const espalier_walk *walk, const float *x, float *y) {
  for (int64_t r = 0; r < walk->rows; r++) {
    const float *from = x + walk->offset[0] + r * walk->row_stride[0];
    float *to = y + walk->offset[1] + r * walk->row_stride[1];
    if (walk->stride[0] == 1 && walk->stride[1] == 1) gather_run(from, to, walk->count);
    else
      for (int64_t i = 0; i < walk->count; i++) to[i * walk->stride[1]] = from[i * walk->stride[0]];
  }
}

V void gather_entry(const espalier_planes *inner, const float *x, float *y) {
  espalier_walk walk = inner->first;
  do gather_plane(&walk, x, y);
  while (espalier_planes_next(inner, &walk));
}

// One element behind each entry of a row, as where channels of pixels are chosen.
V void gather_elements(const espalier_walk *walk, const float *x, const int32_t *entry, int64_t axis, float *y) {
  for (int64_t i = 0; i < walk->count; i++)
    y[i * walk->stride[1]] = x[i * walk->stride[0] + entry[i * walk->stride[2]] * axis];
}

static void gather_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  if (first == end) return;
  const espalier_gather_f32_parameters *p = call->parameters;
  const int32_t *table = call->operands[1];
  const espalier_loop outer = espalier_gather_f32_outer(p), inner = espalier_gather_f32_inner(p);
  const espalier_planes planes = espalier_planes_of(&inner);
  const bool is_single = p->inner[0] == 1 && p->inner[1] == 1 && p->inner[2] == 1;
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &outer))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *x = (const float *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0];
      float *y = (float *)call->operands[2] + walk.offset[1] + r * walk.row_stride[1];
      const int32_t *entry = table + walk.offset[2] + r * walk.row_stride[2];
      if (is_single) {
        gather_elements(&walk, x, entry, p->axis_input_stride, y);
        continue;
      }
      for (int64_t i = 0; i < walk.count; i++) {
        gather_entry(&planes, x + (int64_t)*entry * p->axis_input_stride, y);
        x += walk.stride[0];
        y += walk.stride[1];
        entry += walk.stride[2];
      }
    }
}
