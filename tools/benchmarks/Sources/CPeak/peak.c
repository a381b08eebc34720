#include "peak.h"

#include <time.h>

double peak_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { STEPS = 2000000 };

// 16 independent chains hide the latency of 2 units x 4 cycles; the empty asm keeps every chain.
__attribute__((target("avx512f"), noinline)) static void chains_of_16_floats(void) {
  __m512 sum[16];
  const __m512 half = _mm512_set1_ps(0.5f);
  for (int i = 0; i < 16; i++) sum[i] = half;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 16; i++) sum[i] = _mm512_fmadd_ps(sum[i], half, half);
    for (int i = 0; i < 16; i++) __asm__ volatile("" : "+v"(sum[i]));
  }
}

__attribute__((target("avx2,fma"), noinline)) static void chains_of_8_floats(void) {
  __m256 sum[12];
  const __m256 half = _mm256_set1_ps(0.5f);
  for (int i = 0; i < 12; i++) sum[i] = half;
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 12; i++) sum[i] = _mm256_fmadd_ps(sum[i], half, half);
    for (int i = 0; i < 12; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
}

double peak_multiply_adds_per_second(int isa) {
  if (isa != 1 && isa != 2) return 0;
  double best = 1e9;
  for (int round = 0; round < 12; round++) {
    const double start = peak_clock();
    if (isa == 2) chains_of_16_floats();
    if (isa == 1) chains_of_8_floats();
    const double seconds = peak_clock() - start;
    if (seconds < best) best = seconds;
  }
  return (isa == 2 ? 16.0 * 16 : 12.0 * 8) * STEPS / best;
}
#else
double peak_multiply_adds_per_second(int isa) { return 0 * isa; }
#endif
