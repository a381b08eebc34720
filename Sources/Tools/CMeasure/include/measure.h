// What `espalier bench` asks of the system and Swift cannot: clocks, counters, competitors for the processor.
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>

// Monotonic nanoseconds.
uint64_t measure_clock(void);

// Sleeps until measure_clock() shows at least this; returns at once where it already does.
void measure_sleep_until(uint64_t nanoseconds);

// Lets sleepers of this thread wake on time instead of up to 50 microseconds late (real-time threads do anyway).
void measure_wake_on_time(void);

// 1 where this process counts calls of malloc, calloc, realloc and their kin: with glibc, without a sanitizer.
int measure_can_count_allocations(void);

// Counts such calls of all threads from now on, or no longer.
void measure_count_allocations(int on);

// Calls counted so far.
uint64_t measure_allocations(void);

// Lets the calling thread run on these cores alone; 0 or an errno.
int measure_use_cores(const int *cores, int count);

// The cores that the calling thread may use: writes up to `limit` numbers and gives how many there are.
int measure_cores(int *cores, int limit);

// SCHED_OTHER, SCHED_FIFO, … of the calling thread, and its priority.
int measure_policy(int *priority);

// Ends and reaps a child with all others that were added, by SIGINT, SIGTERM and SIGHUP too, as far as they are not
// ignored; 1: there are too many.
int measure_add_competitor(int process);

// Ends and reaps all that were added.
void measure_end_competitors(void);

// Ends this process as soon as `parent` does; 0, or 1 where `parent` has already ended.
int measure_end_with(int parent);

// Keeps one core busy with arithmetic, for ever.
void measure_load_arithmetic(void);

// Keeps memory busy: reads and writes 256 MB over and over, for ever.
void measure_load_memory(void);

#endif
