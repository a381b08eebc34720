// What one core can do at most, measured: the ceiling that kernels are compared with.
#ifndef PEAK_H
#define PEAK_H

// Float multiply-adds per second of the widest fused multiply-add of an instruction set
// (a number of espalier_isa); 0 where there is no measurement for it.
double peak_multiply_adds_per_second(int isa);

// Seconds that this thread has run: others on the machine then disturb the least.
double peak_clock(void);

#endif
