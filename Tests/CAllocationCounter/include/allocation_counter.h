// Counts calls of the allocator in the whole process: linking this target replaces malloc and its relatives.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

// Allocations and releases since the process began, all threads together.
long allocation_count(void);
long release_count(void);

// Resident kilobytes of the process.
long resident_kilobytes(void);

// From now on the system kills the process when this thread calls it (seccomp), except for `write` and
// what end_process_saying needs. Returns 0, or an errno value where the system does not offer this.
int forbid_system_calls(void);

// Writes to standard output at once.
void write_out(const char *text);

// Writes to standard output and ends the process with status 0, also after forbid_system_calls.
void end_process_saying(const char *text);

#endif
