// Frames of tools/jitter that touch no memory: so many dependent multiplications on each thread, begun together. What
// varies in their time is the machine's doing, not an engine's.
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

static sem_t begun;
static atomic_ullong steps_of_frame;
static atomic_uint completed;
static atomic_ullong sink;

static void compute(uint64_t steps) {
  uint64_t value = 1;
  for (uint64_t i = 0; i < steps; i++) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(value));
  }
  atomic_store_explicit(&sink, value, memory_order_relaxed);
}

static void *work(void *unused) {
  for (;;) {
    sem_wait(&begun);
    compute(atomic_load(&steps_of_frame));
    atomic_fetch_add(&completed, 1);
  }
  return unused;
}

// Starts the threads beside the calling one; 0 where the system gives them.
int arithmetic_begin(int threads) {
  if (sem_init(&begun, 0, 0)) return -1;
  for (int i = 1; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, 0, work, 0)) return -1;
  }
  return 0;
}

void arithmetic_frame(int threads, uint64_t steps) {
  atomic_store(&completed, 0);
  atomic_store(&steps_of_frame, steps);
  for (int i = 1; i < threads; i++) sem_post(&begun);
  compute(steps);
  while (atomic_load(&completed) != (unsigned)(threads - 1)) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}
