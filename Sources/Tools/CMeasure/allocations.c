// Counts allocations while somebody asks for it, by standing before glibc's allocator under its own names.
#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

// A sanitizer brings an allocator of its own, which must not be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static atomic_int counting;
static atomic_uint_least64_t allocations;

void measure_count_allocations(int on) { atomic_store_explicit(&counting, on, memory_order_relaxed); }
uint64_t measure_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

#if defined(__GLIBC__) && !defined(SANITIZED)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// Another counter that is linked stands before this one.
#define WEAK __attribute__((weak))

// One load of a line that nobody writes, as long as nothing is counted.
static inline void count(void) {
  if (atomic_load_explicit(&counting, memory_order_relaxed))
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

WEAK void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

WEAK void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

WEAK void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

WEAK void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

WEAK void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

WEAK int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *found = memalign(alignment, size);
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}

#endif

// Whoever links another allocator has none of these; so it is tried.
int measure_can_count_allocations(void) {
  const int before_on = atomic_load_explicit(&counting, memory_order_relaxed);
  const uint64_t before = measure_allocations();
  measure_count_allocations(1);
  void *volatile memory = malloc(1);
  const int counted = measure_allocations() != before;
  measure_count_allocations(before_on);
  free(memory);
  return counted;
}
