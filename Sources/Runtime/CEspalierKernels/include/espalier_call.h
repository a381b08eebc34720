// How the runtime calls a kernel, and how a packed file's call is checked before anything runs.
#ifndef ESPALIER_CALL_H
#define ESPALIER_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A product and a sum are rounded one after the other unless fma() is written: all instruction sets then agree.
#pragma STDC FP_CONTRACT OFF

enum { ESPALIER_OPERAND_LIMIT = 8, ESPALIER_RANK_LIMIT = 6 };

// Instruction sets in rising order of preference within an architecture.
typedef enum espalier_isa {
  espalier_isa_scalar = 0,
  espalier_isa_avx2 = 1,       // AVX2 and FMA
  espalier_isa_avxvnni = 2,    // and AVX-VNNI
  espalier_isa_avx512 = 3,     // AVX-512 F, BW, DQ and VL
  espalier_isa_avx512vnni = 4, // and AVX512-VNNI and VBMI
  espalier_isa_neon = 16,          // what every 64-bit Arm has
  espalier_isa_neon_dotprod = 17,  // and SDOT (FEAT_DotProd)
  espalier_isa_neon_i8mm = 18,     // and USDOT and USMMLA (FEAT_I8MM)
} espalier_isa;

// One kernel call with its addresses resolved. Absent operands are NULL.
typedef struct espalier_call {
  const void *parameters;                  // the family's parameter block, 8-byte aligned
  // Arena and weights begin at 64-byte boundaries, the caller's buffers at 4-byte boundaries; on top of that
  // come the pack's offsets, multiples of 64 in the weights and of 4 elsewhere.
  void *operands[ESPALIER_OPERAND_LIMIT];
} espalier_call;

static inline void espalier_call_set_operand(espalier_call *call, uint32_t index, void *address) {
  call->operands[index] = address;
}

// Computes work items [first, end) of a call; different items may run on different threads at once.
// `scratch` is this thread's own, 64-byte aligned, of the size that the checker asked for.
typedef void (*espalier_kernel)(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

// What a checker is told of a call, and what it finds out.
typedef struct espalier_call_facts {
  const void *parameters;                           // in: 8-byte aligned
  uint32_t parameter_bytes;                         // in
  uint32_t operand_count;                           // in
  uint64_t operand_bytes[ESPALIER_OPERAND_LIMIT];   // in: from the operand's address to its space's end; 0: absent
  const void *operand_data[ESPALIER_OPERAND_LIMIT]; // in: content of operands in the weights, otherwise NULL
  uint32_t items;                                   // out: work items in the call
  uint64_t scratch_bytes;                           // out: needed per thread
  uint64_t extent[ESPALIER_OPERAND_LIMIT];          // out: bytes that the kernel may touch of each operand
  uint64_t multiply_adds;                           // out: useful multiply-adds (0 for pure data movement)
  uint64_t item_multiply_adds;                      // out: no item has more of them
  uint64_t beginning_multiply_adds;                 // out: how many take as long as what precedes a run's first item
} espalier_call_facts;

// Proves that a call touches nothing outside its operands, whatever the pack says; false: refuse the pack.
typedef bool (*espalier_checker)(espalier_call_facts *facts);

#endif
