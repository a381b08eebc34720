// Sums, extremes and limits of bytes, 16 a step. All numbers are exact.
#include "statistics_u8.h"

typedef uint8_t byte_lanes __attribute__((ext_vector_type(16)));
typedef uint32_t word_lanes __attribute__((ext_vector_type(16)));

// Steps after which a sum of squares in 32 bits is still exact: 65,025 * 32,768 is less than 2^32.
enum { steps_per_sum = 1 << 15 };

typedef struct sums {
  uint64_t count, sum, square_sum, below, above;
  uint8_t least, largest;
} sums;

static inline void add_one(sums *s, uint32_t x) {
  s->sum += x;
  s->square_sum += x * x;
  s->below += x == 0;
  s->above += x == 255;
  if (x < s->least) s->least = (uint8_t)x;
  if (x > s->largest) s->largest = (uint8_t)x;
}

// Adds `steps` times 16 neighboring bytes, at most steps_per_sum times.
static inline void add_steps(sums *s, const uint8_t *x, int64_t steps) {
  word_lanes sum = 0, square_sum = 0, below = 0, above = 0;
  byte_lanes least = s->least, largest = s->largest;
  for (int64_t i = 0; i < steps; i++) {
    byte_lanes bytes;
    __builtin_memcpy(&bytes, x + 16 * i, sizeof bytes);
    const word_lanes words = __builtin_convertvector(bytes, word_lanes);
    sum += words;
    square_sum += words * words;
    below -= (word_lanes)(words == 0);
    above -= (word_lanes)(words == 255);
    least = __builtin_elementwise_min(least, bytes);
    largest = __builtin_elementwise_max(largest, bytes);
  }
  for (int l = 0; l < 16; l++) {
    s->sum += sum[l];
    s->square_sum += square_sum[l];
    s->below += below[l];
    s->above += above[l];
    if (least[l] < s->least) s->least = least[l];
    if (largest[l] > s->largest) s->largest = largest[l];
  }
}

static inline void add_row(sums *s, const uint8_t *x, int64_t stride, int64_t count) {
  int64_t i = 0;
  s->count += (uint64_t)count;
  while (stride == 1 && count - i >= 16) {
    int64_t steps = (count - i) / 16;
    if (steps > steps_per_sum) steps = steps_per_sum;
    add_steps(s, x + i, steps);
    i += 16 * steps;
  }
  for (; i < count; i++) add_one(s, x[i * stride]);
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end) {
  if (first >= end) return;
  const espalier_loop loop = espalier_statistics_u8_loop(call->parameters);
  sums s = {.least = 255};
  espalier_walk walk = espalier_walk_start(0, loop.items);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      add_row(&s, (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0],
              walk.stride[0], walk.count);
  const espalier_statistics found = {
      .count = s.count,
      .sum = (double)s.sum,
      .square_sum = (double)s.square_sum,
      .least = s.count ? s.least : __builtin_inff(),
      .largest = s.count ? s.largest : -__builtin_inff(),
      .below = s.below,
      .above = s.above,
  };
  __builtin_memcpy(call->operands[1], &found, sizeof found);
}
