// The kernel table, read from kernels.def, and the choice among it by what the processor has.
#include "espalier_kernels.h"
#include "espalier_platform.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define ESPALIER_FAMILY(number, name, operand_count, written_mask, byte_mask) \
  bool espalier_##name##_check(espalier_call_facts *facts);
#define ESPALIER_VARIANT(family, isa) \
  void espalier_##family##_##isa(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);
#include "kernels.def"

static const espalier_family families[] = {
#define ESPALIER_FAMILY(number, name, operand_count, written_mask, byte_mask)             \
  {number, operand_count, written_mask, byte_mask, sizeof(espalier_##name##_parameters), \
   #name, espalier_##name##_check},
#include "kernels.def"
};

enum {
  number_of_none = 0,
#define ESPALIER_FAMILY(number, name, operand_count, written_mask, byte_mask) number_of_##name = number,
#include "kernels.def"
};

typedef struct variant {
  uint16_t family;
  espalier_isa isa;
  espalier_kernel kernel;
} variant;

static const variant variants[] = {
#define ESPALIER_VARIANT(family, isa) {number_of_##family, espalier_isa_##isa, espalier_##family##_##isa},
#include "kernels.def"
};

const espalier_family *espalier_family_at(uint32_t index) {
  return index < sizeof families / sizeof *families ? &families[index] : NULL;
}

const espalier_family *espalier_family_numbered(uint16_t number) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (families[i].number == number) return &families[i];
  return NULL;
}

#if defined(__x86_64__)
// __builtin_cpu_supports would ask a table of the compiler's library, which the embedded library does without.
static bool has_avxvnni(void) {
  uint32_t a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

static bool has_avx512vnni(void) {
  uint32_t a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c >> 11 & 1);
}
#endif

static bool processor_has(espalier_isa isa) {
  switch (isa) {
    case espalier_isa_scalar: return true;
#if defined(__x86_64__)
    case espalier_isa_avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case espalier_isa_avxvnni: return processor_has(espalier_isa_avx2) && has_avxvnni();
    case espalier_isa_avx512:
      return processor_has(espalier_isa_avx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    case espalier_isa_avx512vnni:
      return processor_has(espalier_isa_avx512) && has_avx512vnni() && __builtin_cpu_supports("avx512vbmi");
#endif
#if defined(__aarch64__)
    case espalier_isa_neon: return true;
    case espalier_isa_neon_dotprod: return espalier_arm_has_dotprod();
    case espalier_isa_neon_i8mm: return espalier_arm_has_dotprod() && espalier_arm_has_i8mm();
#endif
    default: return false;
  }
}

espalier_kernel espalier_kernel_for(uint16_t family, espalier_isa limit) {
  espalier_kernel best = NULL;
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
    if (variants[i].family == family && variants[i].isa <= limit && processor_has(variants[i].isa))
      best = variants[i].kernel;
  return best;
}

espalier_kernel espalier_kernel_exactly(uint16_t family, espalier_isa isa) {
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
    if (variants[i].family == family && variants[i].isa == isa && processor_has(isa)) return variants[i].kernel;
  return NULL;
}

espalier_isa espalier_isa_within(espalier_isa limit) {
  for (int isa = (int)limit; isa > espalier_isa_scalar; isa--)
    if (processor_has((espalier_isa)isa)) return (espalier_isa)isa;
  return espalier_isa_scalar;
}

espalier_isa espalier_isa_best(void) { return espalier_isa_within(espalier_isa_neon_i8mm); }

const char *espalier_isa_name(espalier_isa isa) {
  switch (isa) {
    case espalier_isa_scalar: return "scalar";
    case espalier_isa_avx2: return "avx2";
    case espalier_isa_avxvnni: return "avxvnni";
    case espalier_isa_avx512: return "avx512";
    case espalier_isa_avx512vnni: return "avx512vnni";
    case espalier_isa_neon: return "neon";
    case espalier_isa_neon_dotprod: return "neon_dotprod";
    case espalier_isa_neon_i8mm: return "neon_i8mm";
  }
  return "unknown";
}
