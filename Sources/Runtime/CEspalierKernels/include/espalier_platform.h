// What the runtime asks of the operating system and the processor, as plain functions that Swift can import.
#ifndef ESPALIER_PLATFORM_H
#define ESPALIER_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier_call.h"

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `count` bytes, by the processor's instruction where it has one.
uint32_t espalier_crc32c(const void *bytes, size_t count);

// The same by tables alone: the definition that tests hold the fast form against.
uint32_t espalier_crc32c_portable(const void *bytes, size_t count);

// A file's bytes, mapped read-only.
typedef struct espalier_mapping {
  const void *bytes;  // page-aligned; NULL for an empty file
  size_t count;
} espalier_mapping;

// Maps a regular file privately and reads its pages ahead. Returns 0 or an errno value.
int espalier_map_file(const char *path, espalier_mapping *mapping);
void espalier_unmap_file(espalier_mapping mapping);

// `count` zeroed bytes, 64-byte aligned, every page already present; from 4 MiB on in huge pages where the
// system grants them. NULL when there is no memory. An empty request gets a valid pointer.
void *espalier_memory_allocate(size_t count);
void espalier_memory_free(void *memory, size_t count);

// Reads one byte of every page.
void espalier_memory_touch(const void *memory, size_t count);

// Keeps pages from being taken away, and reads those of a mapped file that are missing. Returns 0 or an errno value.
int espalier_memory_lock(const void *memory, size_t count);

// How many bytes of this memory lie in huge pages; -1 where the system does not say.
int64_t espalier_memory_huge_bytes(const void *memory, size_t count);

// Linux's numbers of scheduling policies.
enum { espalier_policy_other = 0, espalier_policy_fifo = 1, espalier_policy_round_robin = 2 };

// What the system gives a thread.
typedef struct espalier_thread_state {
  int32_t core;        // the only one that it may run on; -1: there are several
  uint32_t core_count;
  int32_t policy, priority;
} espalier_thread_state;

// Starts a thread with all signals blocked. `core` < 0: anywhere; `priority` 0: the caller's scheduling, else
// `policy` with this priority. Returns 0 or an errno value.
int espalier_thread_start(
    uint64_t *thread, void (*entry)(void *context), void *context, int32_t core, int32_t policy, int32_t priority);
// The same for the calling thread.
int espalier_thread_place_self(int32_t core, int32_t policy, int32_t priority);
// The system's number of the calling thread; what it gives the thread of a number. Returns 0 or an errno value.
int32_t espalier_thread_self(void);
int espalier_thread_describe(int32_t number, espalier_thread_state *state);
// Makes `count` bytes of the calling thread's stack present, at most half a megabyte.
void espalier_stack_touch(size_t count);
// A set of the first 1024 cores, a bit for each.
typedef struct espalier_core_set {
  uint64_t words[16];
} espalier_core_set;
// The cores that the calling thread may run on; the one that it runs on; -1: not known. The latter is no system call
// on x86-64, nor with glibc 2.35 or newer.
void espalier_core_set_read(espalier_core_set *cores);
int32_t espalier_core_self(void);
// Lets the thread of a number run on `cores`, but not on one of them. Returns 0 or an errno value.
int espalier_thread_avoid(int32_t number, const espalier_core_set *cores, int32_t core);
// How many cores this thread may run on; at least 1.
uint32_t espalier_core_count(void);
void espalier_thread_join(uint64_t thread);
void espalier_thread_yield(void);
void espalier_thread_sleep(uint32_t microseconds);

// Tells the processor that this thread spins.
static inline void espalier_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Sleeps while `*word` is `expected`; may return early. Wakes every sleeper on `word`.
void espalier_futex_wait(const void *word, uint32_t expected);
// The same until the monotonic clock shows `end` nanoseconds.
void espalier_futex_wait_until(const void *word, uint32_t expected, uint64_t end);
void espalier_futex_wake_all(const void *word);

// Nanoseconds of the monotonic clock.
uint64_t espalier_clock_nanoseconds(void);

// Rounds to nearest even, flushes subnormal results and operands to zero and masks every exception, for this
// thread; returns what espalier_float_mode_leave restores.
uint64_t espalier_float_mode_enter(void);
void espalier_float_mode_leave(uint64_t saved);
// Whether this thread flushes subnormal results to zero.
bool espalier_float_mode_flushes(void);

// Whether a 64-bit Arm processor has SDOT and UDOT (FEAT_DotProd), USDOT and USMMLA (FEAT_I8MM), as the kernel
// says; false on every other one.
bool espalier_arm_has_dotprod(void);
bool espalier_arm_has_i8mm(void);

// The best instruction set of this processor that is no higher than `limit`.
espalier_isa espalier_isa_within(espalier_isa limit);

// The instruction set that the environment variable ESPALIER_ISA allows at most (`scalar`, `avx2`, `avx512`,
// `neon_dotprod` and so on); the best of this processor where it is unset or unknown.
espalier_isa espalier_isa_limit(void);

// The reason for an errno value, in static or thread-local storage.
const char *espalier_error_reason(int number);

#endif
