// Files and working memory straight from the system, so that a session's memory never meets the allocator.
#define _GNU_SOURCE
#include "espalier_platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 << 20, HUGE_PAGES_FROM = 4 << 20 };

static int map_descriptor(int descriptor, espalier_mapping *mapping) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return EINVAL;
  if (status.st_size == 0) return 0;
  void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
  if (bytes == MAP_FAILED) return errno;
  mapping->bytes = bytes;
  mapping->count = (size_t)status.st_size;
  return 0;
}

int espalier_map_file(const char *path, espalier_mapping *mapping) {
  *mapping = (espalier_mapping){0};
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not block the opening
  if (descriptor < 0) return errno;
  const int result = map_descriptor(descriptor, mapping);
  close(descriptor);
  return result;
}

void espalier_unmap_file(espalier_mapping mapping) {
  if (mapping.bytes != NULL) munmap((void *)(uintptr_t)mapping.bytes, mapping.count);
}

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t whole_pages(size_t count) {
  const size_t page = page_size();
  return count == 0 ? page : (count + page - 1) / page * page;
}

// Maps `count` bytes at a multiple of HUGE_PAGE by mapping more and giving the margins back.
static void *map_at_huge_page(size_t count) {
  uint8_t *wide = mmap(NULL, count + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (wide == MAP_FAILED) return NULL;
  const size_t before = (size_t)(-(uintptr_t)wide % HUGE_PAGE);
  if (before > 0) munmap(wide, before);
  munmap(wide + before + count, HUGE_PAGE - before);
  madvise(wide + before, count, MADV_HUGEPAGE);
  return wide + before;
}

void *espalier_memory_allocate(size_t count) {
  if (count > PTRDIFF_MAX - HUGE_PAGE) return NULL;
  const size_t bytes = whole_pages(count), page = page_size();
  if (bytes < HUGE_PAGES_FROM) {
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
  }
  volatile uint8_t *memory = map_at_huge_page(bytes);
  if (memory != NULL)
    for (size_t i = 0; i < bytes; i += page) memory[i] = 0;
  return (void *)(uintptr_t)memory;
}

void espalier_memory_free(void *memory, size_t count) {
  if (memory != NULL) munmap(memory, whole_pages(count));
}

void espalier_memory_touch(const void *memory, size_t count) {
  const volatile uint8_t *bytes = memory;
  const size_t page = page_size();
  for (size_t i = 0; i < count; i += page) (void)bytes[i];
}

int espalier_memory_lock(const void *memory, size_t count) {
  return count == 0 || mlock(memory, count) == 0 ? 0 : errno;
}

// smaps says it for whole mappings, of which a large allocation has one or more of its own.
int64_t espalier_memory_huge_bytes(const void *memory, size_t count) {
  FILE *file = fopen("/proc/self/smaps", "re");
  if (file == NULL) return -1;
  const uintptr_t first = (uintptr_t)memory, end = first + count;
  int64_t bytes = 0;
  bool inside = false;
  char line[256];
  while (fgets(line, sizeof line, file) != NULL) {
    unsigned long from, to, kilobytes;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) inside = from < end && to > first;
    else if (inside && sscanf(line, "AnonHugePages: %lu", &kilobytes) == 1) bytes += (int64_t)kilobytes * 1024;
  }
  fclose(file);
  return bytes < (int64_t)count ? bytes : (int64_t)count;
}

const char *espalier_error_reason(int number) { return strerror(number); }

#ifdef ESPALIER_EMBEDDED
#include <sys/random.h>

// Embedded Swift seeds its hashes with it; glibc has it from 2.36 on only, newer than many vehicles' systems.
__attribute__((visibility("hidden"))) void arc4random_buf(void *bytes, size_t count) {
  while (count > 0) {
    const ssize_t got = getrandom(bytes, count, 0);
    if (got < 0 && errno != EINTR) abort();
    if (got <= 0) continue;
    bytes = (uint8_t *)bytes + got;
    count -= (size_t)got;
  }
}
#endif
