// Loops that are compiled for the processors of today too; the loader chooses.
#ifndef ESPALIER_GRADIENT_CLONES_H
#define ESPALIER_GRADIENT_CLONES_H

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
// For loops of their own that AVX-512 has the registers for; to be called where is_wide() says so.
#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
static inline int is_wide(void) { return __builtin_cpu_supports("x86-64-v4"); }
#else
#define CLONES
#define WIDE
static inline int is_wide(void) { return 0; }
#endif

#endif
