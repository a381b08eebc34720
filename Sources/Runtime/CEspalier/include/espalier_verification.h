/* Espalier: whether a pack computes here what it computed where it was made. espalier.h includes this file. */
#ifndef ESPALIER_VERIFICATION_H
#define ESPALIER_VERIFICATION_H

#include <stddef.h>
#include <stdint.h>

/* What replays of a pack's golden vectors showed. What stands behind `wrong` is of the first one that was wrong. */
typedef struct espalier_verification {
  size_t size;                 /* sizeof(espalier_verification) */
  uint32_t levels;             /* that the pack has vectors of; 0: it has none */
  uint32_t replays;            /* that were made */
  uint32_t wrong;              /* of these */
  uint32_t level, threads;
  const char *instruction_set; /* lives as long as the library; NULL where nothing was wrong */
  uint64_t output, element;    /* UINT64_MAX: an element that the pack does not keep */
  float expected, found;
  float allowed;               /* difference; 0: the bits must be the same */
} espalier_verification;

#define ESPALIER_VERIFICATION_INIT \
  { sizeof(espalier_verification), 0, 0, 0, 0, 0, NULL, 0, 0, 0, 0, 0 }

#endif
