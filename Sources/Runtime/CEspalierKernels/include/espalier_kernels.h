// The kernels of every family and instruction set, and the table that the loader picks from.
#ifndef ESPALIER_KERNELS_H
#define ESPALIER_KERNELS_H

#include "espalier_call.h"
#include "espalier_parameters.h"

// What is known of one family.
typedef struct espalier_family {
  uint16_t number;
  uint8_t operand_count;
  uint8_t written_mask;
  uint8_t byte_mask;
  uint32_t parameter_bytes;
  const char *name;
  espalier_checker check;
} espalier_family;

// The family of this number, or NULL.
const espalier_family *espalier_family_numbered(uint16_t number);

// The family at `index` of the table, or NULL behind its end.
const espalier_family *espalier_family_at(uint32_t index);

// The best kernel of a family that neither the processor nor `limit` rules out; never NULL for a known family.
espalier_kernel espalier_kernel_for(uint16_t family, espalier_isa limit);

// Exactly this family's kernel for `isa`, or NULL where there is none or the processor lacks the set.
espalier_kernel espalier_kernel_exactly(uint16_t family, espalier_isa isa);

// The best instruction set that this processor has.
espalier_isa espalier_isa_best(void);

const char *espalier_isa_name(espalier_isa isa);

#endif
