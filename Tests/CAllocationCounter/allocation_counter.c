// Interposes glibc's allocator by its internal names.
#define _GNU_SOURCE
#include "allocation_counter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// A sanitizer brings an allocator of its own, which must not be replaced; nothing is counted then.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static atomic_long allocations, releases;

#ifndef SANITIZED

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t count) {
  allocations++;
  return __libc_malloc(count);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t count) {
  allocations++;
  return __libc_realloc(memory, count);
}

void *memalign(size_t alignment, size_t count) {
  allocations++;
  return __libc_memalign(alignment, count);
}

void *aligned_alloc(size_t alignment, size_t count) { return memalign(alignment, count); }

int posix_memalign(void **memory, size_t alignment, size_t count) {
  *memory = memalign(alignment, count);
  return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
  if (memory) releases++;
  __libc_free(memory);
}

#endif

long allocation_count(void) { return allocations; }
long release_count(void) { return releases; }

long resident_kilobytes(void) {
  char line[256];
  long kilobytes = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, "VmRSS:", 6) == 0) sscanf(line + 6, "%ld", &kilobytes);
  if (file) fclose(file);
  return kilobytes;
}

// Strict mode would also forbid reading the processor's clock.
int forbid_system_calls(void) {
  struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 ? 0 : errno;
}

void write_out(const char *text) {
  if (write(STDOUT_FILENO, text, strlen(text)) < 0) abort();
}

void end_process_saying(const char *text) {
  const ssize_t written = write(STDOUT_FILENO, text, strlen(text));
  syscall(SYS_exit, written < 0);  // exit_group is forbidden, too
}
