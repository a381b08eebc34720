// Threads, futexes, the clock and the floating-point mode.
#define _GNU_SOURCE
#include "espalier_kernels.h"
#include "espalier_platform.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  STACK_BYTES = 1 << 20,
  FUTEX_WAIT_PRIVATE_CODE = 0 | 128,
  FUTEX_WAKE_PRIVATE_CODE = 1 | 128,
  FUTEX_WAIT_BITSET_PRIVATE_CODE = 9 | 128  // its time limit is a point of the monotonic clock
};

typedef struct thread_start {
  void (*entry)(void *context);
  void *context;
} thread_start;

static void *run_thread(void *argument) {
  const thread_start start = *(thread_start *)argument;
  free(argument);
  start.entry(start.context);
  return NULL;
}

// The affinity stands in the attributes: a thread that starts on a busy real-time core might never run to set it.
static int set_attributes(pthread_attr_t *attributes, int32_t core, int32_t policy, int32_t priority) {
  int result = pthread_attr_setstacksize(attributes, STACK_BYTES);
  if (result == 0 && core >= 0) {
    if (core >= CPU_SETSIZE) return EINVAL;
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    result = pthread_attr_setaffinity_np(attributes, sizeof cores, &cores);
  }
  if (result == 0 && priority > 0) {
    const struct sched_param parameters = {.sched_priority = priority};
    result = pthread_attr_setinheritsched(attributes, PTHREAD_EXPLICIT_SCHED);
    if (result == 0) result = pthread_attr_setschedpolicy(attributes, policy);
    if (result == 0) result = pthread_attr_setschedparam(attributes, &parameters);
  }
  return result;
}

static int create_without_signals(pthread_t *thread, const pthread_attr_t *attributes, thread_start *start) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int result = pthread_create(thread, attributes, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return result;
}

int espalier_thread_start(
    uint64_t *thread, void (*entry)(void *context), void *context, int32_t core, int32_t policy, int32_t priority) {
  thread_start *start = malloc(sizeof *start);
  if (start == NULL) return ENOMEM;
  *start = (thread_start){entry, context};
  pthread_attr_t attributes;
  int result = pthread_attr_init(&attributes);
  if (result == 0) {
    pthread_t created;
    result = set_attributes(&attributes, core, policy, priority);
    if (result == 0) result = create_without_signals(&created, &attributes, start);
    if (result == 0) *thread = (uint64_t)created;
    pthread_attr_destroy(&attributes);
  }
  if (result != 0) free(start);
  return result;
}

int espalier_thread_place_self(int32_t core, int32_t policy, int32_t priority) {
  if (core >= 0) {
    if (core >= CPU_SETSIZE) return EINVAL;
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) return errno;
  }
  const struct sched_param parameters = {.sched_priority = priority};
  return priority > 0 ? pthread_setschedparam(pthread_self(), policy, &parameters) : 0;
}

int32_t espalier_thread_self(void) { return (int32_t)syscall(SYS_gettid); }

int espalier_thread_describe(int32_t number, espalier_thread_state *state) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(number, sizeof cores, &cores) != 0) return errno;
  *state = (espalier_thread_state){.core = -1, .core_count = (uint32_t)CPU_COUNT(&cores)};
  for (size_t core = 0; state->core_count == 1 && core < CPU_SETSIZE; core++)
    if (CPU_ISSET(core, &cores)) state->core = (int32_t)core;
  struct sched_param parameters;
  const int policy = sched_getscheduler(number);
  if (policy < 0 || sched_getparam(number, &parameters) != 0) return errno;
  state->policy = policy & ~SCHED_RESET_ON_FORK;
  state->priority = parameters.sched_priority;
  return 0;
}

__attribute__((noinline)) void espalier_stack_touch(size_t count) {
  enum { PART = 4096, MOST = STACK_BYTES / 2 };
  volatile uint8_t part[PART];
  part[0] = 0;
  // Each call's part lies below the one before it.
  if (count > PART) espalier_stack_touch((count < MOST ? count : MOST) - PART);
  part[PART - 1] = part[0];
}

_Static_assert(sizeof(espalier_core_set) == sizeof(cpu_set_t), "both have 1024 bits");

void espalier_core_set_read(espalier_core_set *cores) {
  memset(cores, 0, sizeof *cores);
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) memcpy(cores, &set, sizeof set);
}

int32_t espalier_core_self(void) { return sched_getcpu(); }

int espalier_thread_avoid(int32_t number, const espalier_core_set *cores, int32_t core) {
  if (core < 0 || core >= CPU_SETSIZE) return EINVAL;
  cpu_set_t set;
  memcpy(&set, cores, sizeof set);
  CPU_CLR((size_t)core, &set);
  return sched_setaffinity(number, sizeof set, &set) == 0 ? 0 : errno;
}

uint32_t espalier_core_count(void) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  const int count = CPU_COUNT(&cores);
  return count > 0 ? (uint32_t)count : 1;
}

void espalier_thread_join(uint64_t thread) { pthread_join((pthread_t)thread, NULL); }

void espalier_thread_yield(void) { sched_yield(); }

void espalier_thread_sleep(uint32_t microseconds) {
  const struct timespec duration = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&duration, NULL);
}

void espalier_futex_wait(const void *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE_CODE, expected, NULL, NULL, 0);
}

void espalier_futex_wait_until(const void *word, uint32_t expected, uint64_t end) {
  const struct timespec limit = {(time_t)(end / 1000000000u), (long)(end % 1000000000u)};
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE_CODE, expected, &limit, NULL, ~0u);
}

void espalier_futex_wake_all(const void *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE_CODE, INT_MAX, NULL, NULL, 0);
}

uint64_t espalier_clock_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__)

uint64_t espalier_float_mode_enter(void) {
  const uint32_t saved = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0x1F80 | 0x8040);  // every exception masked, nearest; FTZ and DAZ
  return saved;
}

void espalier_float_mode_leave(uint64_t saved) { __builtin_ia32_ldmxcsr((uint32_t)saved); }

bool espalier_float_mode_flushes(void) { return (__builtin_ia32_stmxcsr() & 0x8040) == 0x8040; }

#elif defined(__aarch64__)

uint64_t espalier_float_mode_enter(void) {
  uint64_t saved;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(saved));
  __asm__ __volatile__("msr fpcr, %0" : : "r"((uint64_t)1 << 24));  // FZ; nearest, no traps
  return saved;
}

void espalier_float_mode_leave(uint64_t saved) { __asm__ __volatile__("msr fpcr, %0" : : "r"(saved)); }

bool espalier_float_mode_flushes(void) {
  uint64_t mode;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode));
  return mode >> 24 & 1;
}

#else

uint64_t espalier_float_mode_enter(void) { return 0; }
void espalier_float_mode_leave(uint64_t saved) { (void)saved; }
bool espalier_float_mode_flushes(void) { return false; }

#endif

espalier_isa espalier_isa_limit(void) {
  const char *name = getenv("ESPALIER_ISA");
  const espalier_isa all[] = {espalier_isa_scalar, espalier_isa_avx2, espalier_isa_avxvnni,
                              espalier_isa_avx512, espalier_isa_avx512vnni, espalier_isa_neon,
                              espalier_isa_neon_dotprod, espalier_isa_neon_i8mm};
  for (size_t i = 0; name != NULL && i < sizeof all / sizeof *all; i++)
    if (strcmp(name, espalier_isa_name(all[i])) == 0) return all[i];
  return espalier_isa_best();
}
