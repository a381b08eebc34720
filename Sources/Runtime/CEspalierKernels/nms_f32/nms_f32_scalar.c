// Rows [image, class, box]: of every image and class the boxes in falling order of their scores that overlap none
// of those taken before. Rows behind the last one are -1.
#include "nms_f32.h"

#include "../common/rank.h"

typedef struct nms_work {
  uint64_t *candidates;     // [boxes], a heap of ranks
  espalier_nms_box *taken;  // [limit]
  uint64_t *numbers;        // [limit], boxes of `taken`
} nms_work;

static espalier_nms_box box_at(const espalier_nms_f32_parameters *p, const float *box) {
  const int64_t step = p->coordinate_stride;
  const float a = box[0], b = box[step], c = box[2 * step], d = box[3 * step];
  if (p->centers) return (espalier_nms_box){b - d / 2, a - c / 2, b + d / 2, a + c / 2};
  return (espalier_nms_box){a < c ? a : c, b < d ? b : d, a < c ? c : a, b < d ? d : b};
}

// Candidates in a heap, the likeliest on top; returns how many there are.
static int64_t collect(const espalier_nms_f32_parameters *p, const float *scores, uint64_t *candidates) {
  int64_t count = 0;
  for (int64_t i = 0; i < p->boxes; i++) {
    const float score = scores[i * p->score_stride];
    if (!p->has_score_threshold || score > p->score_threshold)
      candidates[count++] = espalier_rank(score, (uint32_t)i, true);
  }
  espalier_heap_make(candidates, count, true);
  return count;
}

// Takes the boxes of one class of an image; returns how many.
static int64_t take(const espalier_nms_f32_parameters *p, const float *boxes, const float *scores, nms_work work) {
  int64_t left = collect(p, scores, work.candidates), count = 0;
  while (left > 0 && count < p->limit) {
    const uint32_t number = espalier_rank_index(work.candidates[0]);
    work.candidates[0] = work.candidates[--left];
    if (left > 0) espalier_heap_sink(work.candidates, left, 0, true);
    const espalier_nms_box box = box_at(p, boxes + number * (int64_t)p->box_stride);
    bool stays = true;
    for (int64_t i = 0; i < count && stays; i++)
      stays = !espalier_nms_overlaps(&box, &work.taken[i], p->overlap_threshold);
    if (!stays) continue;
    work.taken[count] = box;
    work.numbers[count++] = number;
  }
  return count;
}

static void write_row(const espalier_nms_f32_parameters *p, float *row, float image, float class, float box) {
  row[0] = image;
  row[p->column_stride] = class;
  row[2 * (int64_t)p->column_stride] = box;
}

void espalier_nms_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  if (first == end) return;
  const espalier_nms_f32_parameters *p = call->parameters;
  uint64_t *memory = scratch;
  const nms_work work = {memory, (void *)(memory + p->boxes + p->limit), memory + p->boxes};
  const int64_t lists = (int64_t)p->batch * p->classes;
  float *row = (float *)call->operands[2] + p->output_base;
  int64_t rows = 0;
  for (int64_t list = 0; list < lists; list++) {
    const int64_t image = list / p->classes, class = list % p->classes;
    const float *boxes = (const float *)call->operands[0] + p->box_base + image * p->box_stride_n;
    const float *scores = (const float *)call->operands[1] + p->score_base + image * p->score_stride_n +
                          class * p->score_stride_class;
    const int64_t count = take(p, boxes, scores, work);
    for (int64_t i = 0; i < count; i++, rows++, row += p->row_stride)
      write_row(p, row, (float)image, (float)class, (float)work.numbers[i]);
  }
  for (; rows < lists * p->limit; rows++, row += p->row_stride) write_row(p, row, -1, -1, -1);
}
