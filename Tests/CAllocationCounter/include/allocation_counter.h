// Counts calls of the allocator in the whole process: linking this target replaces malloc and its relatives.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

// Allocations and releases since the process began, all threads together.
long allocation_count(void);
long release_count(void);

// Resident kilobytes of the process.
long resident_kilobytes(void);

#endif
