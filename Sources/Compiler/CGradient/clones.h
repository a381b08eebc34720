// Loops that are compiled for the processors of today too; the loader chooses.
#ifndef ESPALIER_GRADIENT_CLONES_H
#define ESPALIER_GRADIENT_CLONES_H

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define CLONES
#endif

#endif
