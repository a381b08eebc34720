// What one core can do at most, measured: the ceiling that kernels are compared with.
#ifndef PEAK_H
#define PEAK_H

#include <stddef.h>

// Float multiply-adds per second of the widest fused multiply-add of an instruction set
// (a number of espalier_isa); 0 where there is no measurement for it.
double peak_multiply_adds_per_second(int isa);

// Multiply-adds of bytes per second, likewise.
double peak_byte_multiply_adds_per_second(int isa);

// The least seconds in which an instruction set's loads read so many bytes while its stores write others,
// again and again over the same memory, so that it stands in the caches that it fits into; 0 where there is
// no measurement.
double peak_move_seconds(int isa, size_t read_bytes, size_t written_bytes);

// Seconds that this thread has run: others on the machine then disturb the least.
double peak_clock(void);

#endif
