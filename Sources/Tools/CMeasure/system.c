#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

uint64_t measure_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void measure_sleep_until(uint64_t nanoseconds) {
  const struct timespec when = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) continue;
}

void measure_wake_on_time(void) { prctl(PR_SET_TIMERSLACK, 1ul); }

int measure_use_cores(const int *cores, int count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; i++) {
    if (cores[i] < 0 || cores[i] >= CPU_SETSIZE) return EINVAL;
    CPU_SET(cores[i], &set);
  }
  return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}

int measure_cores(int *cores, int limit) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  int count = 0;
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (!CPU_ISSET(core, &set)) continue;
    if (count < limit) cores[count] = core;
    count++;
  }
  return count;
}

int measure_policy(int *priority) {
  struct sched_param parameters = {0};
  sched_getparam(0, &parameters);
  *priority = parameters.sched_priority;
  return sched_getscheduler(0);
}

int measure_end_with(int parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == parent ? 0 : 1;
}

void measure_load_arithmetic(void) {
  for (uint64_t sum = 1;; sum = sum * 6364136223846793005u + 1) __asm__ volatile("" : "+r"(sum));
}

void measure_load_memory(void) {
  const size_t size = 256u << 20;
  char *memory = malloc(size);
  if (memory == NULL) measure_load_arithmetic();
  for (int value = 0;; value++) {
    memset(memory, value, size / 2);
    memcpy(memory + size / 2, memory, size / 2);
    __asm__ volatile("" : : "r"(memory) : "memory");
  }
}
