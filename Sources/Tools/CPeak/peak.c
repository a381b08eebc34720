#include "peak.h"

#include <stdlib.h>
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

// Reads `loads` vectors and writes `stores` of them, one by the other; spread evenly.
__attribute__((target("avx512f"), noinline)) static void move_16_floats(const float *x, size_t loads, float *y,
                                                                        size_t stores) {
  __m512 sum = _mm512_setzero_ps();
  for (size_t i = 0, o = 0; i < loads || o < stores;) {
    for (int k = 0; k < 4 && i < loads; k++, i++) {
      __m512 value = _mm512_loadu_ps(x + 16 * i);
      __asm__ volatile("" : "+v"(value));
    }
    for (int k = 0; k < 4 && o < stores && o * loads <= i * stores; k++, o++) _mm512_storeu_ps(y + 16 * o, sum);
  }
}

__attribute__((target("avx2"), noinline)) static void move_8_floats(const float *x, size_t loads, float *y,
                                                                    size_t stores) {
  __m256 sum = _mm256_setzero_ps();
  for (size_t i = 0, o = 0; i < loads || o < stores;) {
    for (int k = 0; k < 4 && i < loads; k++, i++) {
      __m256 value = _mm256_loadu_ps(x + 8 * i);
      __asm__ volatile("" : "+x"(value));
    }
    for (int k = 0; k < 4 && o < stores && o * loads <= i * stores; k++, o++) _mm256_storeu_ps(y + 8 * o, sum);
  }
}

double peak_move_seconds(int isa, size_t read_bytes, size_t written_bytes) {
  if (isa != 1 && isa != 2) return 0;
  const size_t vector = isa == 2 ? 64 : 32, loads = read_bytes / vector + 1, stores = written_bytes / vector + 1;
  float *x = aligned_alloc(64, loads * 64), *y = aligned_alloc(64, stores * 64);
  double best = 1e9;
  for (size_t i = 0; i < loads * 16; i++) x[i] = 1;
  const size_t turns = 400000 / (loads + stores) + 1;
  for (int round = 0; round < 40; round++) {
    const double start = peak_clock();
    for (size_t turn = 0; turn < turns; turn++) {
      if (isa == 2) move_16_floats(x, loads, y, stores);
      else move_8_floats(x, loads, y, stores);
    }
    const double seconds = (peak_clock() - start) / (double)turns;
    if (seconds < best) best = seconds;
  }
  free(x);
  free(y);
  return best;
}
#else
double peak_move_seconds(int isa, size_t read_bytes, size_t written_bytes) {
  return 0 * isa * (double)read_bytes * (double)written_bytes;
}
double peak_multiply_adds_per_second(int isa) { return 0 * isa; }
#endif
