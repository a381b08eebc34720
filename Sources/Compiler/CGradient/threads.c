// Work on several threads at once, each started for it and joined behind it.
#include <pthread.h>
#include <time.h>

#include "gradient.h"

enum { most_threads = 64 };

typedef struct {
  void (*body)(void *context, int thread);
  void *context;
  int thread;
} call;

static void *run(void *argument) {
  const call *own = argument;
  own->body(own->context, own->thread);
  return NULL;
}

void gradient_parallel(int threads, void (*body)(void *context, int thread), void *context) {
  pthread_t handle[most_threads];
  call calls[most_threads];
  int started[most_threads] = {0};
  for (int i = 1; i < threads && i < most_threads; i++) {
    calls[i] = (call){body, context, i};
    started[i] = pthread_create(&handle[i], NULL, run, &calls[i]) == 0;
  }
  for (int i = 0; i < threads; i++) {
    if (i >= most_threads || !started[i]) body(context, i);
  }
  for (int i = 1; i < threads && i < most_threads; i++) {
    if (started[i]) pthread_join(handle[i], NULL);
  }
}

double gradient_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
