// What one core can do at most, measured: the ceiling that kernels are compared with.
#ifndef PEAK_H
#define PEAK_H

#include <stddef.h>

// Float multiply-adds per second of the widest fused multiply-add of an instruction set
// (a number of espalier_isa); 0 where there is no measurement for it.
double peak_multiply_adds_per_second(int isa);

// Multiply-adds of bytes per second, likewise; on AVX2, of pairs that are added in 16 bits.
double peak_byte_multiply_adds_per_second(int isa);

// The same on AVX2 where not two products are added in 16 bits, but `products`: 1, 2 or 4.
double peak_byte_sums_per_second(int products);

// Cycles of the core per second, while it is busy with additions.
double peak_cycles_per_second(void);

// The least seconds in which an instruction set's loads read so many bytes while its stores write others,
// again and again over the same memory, so that it stands in the caches that it fits into; 0 where there is
// no measurement.
double peak_move_seconds(int isa, size_t read_bytes, size_t written_bytes);

// Seconds that this thread has run: others on the machine then disturb the least.
double peak_clock(void);

#endif
