// table_u8 by vectors of 64 bytes: VBMI's VPERMI2B looks up in 128 entries at once.
#if defined(__x86_64__)
#include "../common/quantized_avx512.h"
#include "../common/view.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma"))), apply_to = function)

#define VB 64
typedef __m512i bvec;

static inline bvec b_load(const uint8_t *p) { return _mm512_loadu_si512(p); }
static inline void b_store(uint8_t *p, bvec x) { _mm512_storeu_si512(p, x); }
static inline bvec b_load_part(const uint8_t *p, int64_t n) {
  return _mm512_maskz_loadu_epi8((1ull << n) - 1, p);
}
static inline void b_store_part(uint8_t *p, int64_t n, bvec x) {
  _mm512_mask_storeu_epi8(p, (1ull << n) - 1, x);
}
static inline bvec b_look_up(const uint8_t *table, bvec y) { return looked_up_avx512(table, y); }

#include "table_u8_vector.h"

void espalier_table_u8_avx512vnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_vectors(call, first, end);
}

#pragma clang attribute pop
#endif
