// Runs examples between forbidden pages and compares what the instruction sets make of them.
#define _DEFAULT_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agreement.h"

size_t compared_calls, compared_runs;

static uint64_t state;

void seed_random(uint64_t seed) { state = seed; }

uint64_t next_random(void) {
  state += 0x9E3779B97F4A7C15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

int32_t pick(int32_t low, int32_t high) {
  return low + (int32_t)(next_random() % (uint64_t)((int64_t)high - low + 1));
}

bool one_in(int32_t count) { return pick(1, count) == 1; }

float pick_float(float low, float high) {
  return low + (high - low) * (float)(next_random() >> 40) / (float)(1 << 24);
}

static void fail(const example *e, espalier_isa isa, const char *what) {
  fprintf(stderr, "kernel_agreement: %s on %s: %s (call %zu)\n", e->family, espalier_isa_name(isa), what,
          compared_calls);
  exit(1);
}

uint8_t *random_operand(example *e, int index, size_t count) {
  uint8_t *bytes = malloc(count + 8);
  if (bytes == NULL) fail(e, espalier_isa_scalar, "no memory");
  for (size_t i = 0; i < count; i += 8) {
    const uint64_t random = next_random();
    memcpy(bytes + i, &random, 8);
  }
  e->operands[index] = bytes;
  e->bytes[index] = count;
  return bytes;
}

float *float_operand(example *e, int index, size_t count) {
  float *values = (float *)(void *)random_operand(e, index, count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = pick_float(-1, 1);
  return values;
}

// --- Memory between a page that nobody may access and canaries ------------------------------------------

enum { page = 4096, margin = 256, canary = 0xA5 };

typedef struct guarded {
  uint8_t *mapping, *bytes;
  size_t mapped, count;
} guarded;

// The forbidden page lies behind the bytes, or in front of them.
static guarded guard(const void *content, size_t count, bool behind) {
  const size_t room = (count + margin + page - 1) / page * page;
  guarded memory = {NULL, NULL, room + page, count};
  memory.mapping = mmap(NULL, memory.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory.mapping == MAP_FAILED) exit(1);
  memset(memory.mapping, canary, memory.mapped);
  memory.bytes = behind ? memory.mapping + room - count : memory.mapping + page;
  if (count) memcpy(memory.bytes, content, count);
  mprotect(behind ? memory.mapping + room : memory.mapping, page, PROT_NONE);
  return memory;
}

static bool is_intact(const guarded *memory, bool behind) {
  const uint8_t *side = behind ? memory->bytes - margin : memory->bytes + memory->count;
  for (int i = 0; i < margin; i++)
    if (side[i] != canary) return false;
  return true;
}

// --- Calls ----------------------------------------------------------------------------------------------

static const espalier_family *family_named(const char *name) {
  const espalier_family *family = NULL;
  for (uint32_t i = 0; (family = espalier_family_at(i)) != NULL; i++)
    if (strcmp(family->name, name) == 0) break;
  return family;
}

static espalier_call_facts facts_of(const example *e, const espalier_family *family) {
  espalier_call_facts facts = {
      .parameters = e->parameters, .parameter_bytes = family->parameter_bytes,
      .operand_count = family->operand_count};
  for (int i = 0; i < ESPALIER_OPERAND_LIMIT; i++) {
    facts.operand_bytes[i] = e->bytes[i];
    facts.operand_data[i] = e->operands[i];
  }
  if (!family->check(&facts)) fail(e, espalier_isa_scalar, "the checker refuses the example");
  return facts;
}

// Runs all items in ranges of random length.
static void run_items(const espalier_call *call, espalier_kernel kernel, const espalier_call_facts *facts) {
  void *memory = aligned_alloc(64, facts->scratch_bytes / 64 * 64 + 64);
  for (uint32_t first = 0, end; first < facts->items; first = end) {
    end = first + (uint32_t)pick(1, 5);
    if (end > facts->items) end = facts->items;
    kernel(call, first, end, memory);
  }
  free(memory);
}

// The written operand's bytes after a run.
static uint8_t *result_of(const example *e, const espalier_family *family, const espalier_call_facts *facts,
                          espalier_isa isa, bool behind) {
  guarded memory[ESPALIER_OPERAND_LIMIT];
  espalier_call call = {.parameters = e->parameters};
  const int written = __builtin_ctz(family->written_mask);
  for (int i = 0; i < family->operand_count; i++) {
    memory[i] = guard(e->operands[i], facts->extent[i], behind);
    call.operands[i] = e->operands[i] ? memory[i].bytes : NULL;
  }
  run_items(&call, espalier_kernel_exactly(family->number, isa), facts);
  uint8_t *result = malloc(facts->extent[written] + 1);
  memcpy(result, memory[written].bytes, facts->extent[written]);
  for (int i = 0; i < family->operand_count; i++) {
    if (!is_intact(&memory[i], behind)) fail(e, isa, "wrote beside its operands");
    if (i != written && e->operands[i] && memcmp(memory[i].bytes, e->operands[i], memory[i].count))
      fail(e, isa, "wrote what it may only read");
    munmap(memory[i].mapping, memory[i].mapped);
  }
  return result;
}

static bool is_near(const uint8_t *one, const uint8_t *two, size_t bytes, float tolerance) {
  if (memcmp(one, two, bytes) == 0) return true;
  if (tolerance == 0) return false;
  const float *a = (const float *)(const void *)one, *b = (const float *)(const void *)two;
  for (size_t i = 0; i < bytes / sizeof *a; i++) {
    const float size = fabsf(a[i]) > 1 ? fabsf(a[i]) : 1;
    const bool same = memcmp(a + i, b + i, sizeof *a) == 0 || (isnan(a[i]) && isnan(b[i]));
    if (!same && !(fabsf(a[i] - b[i]) <= tolerance * size)) return false;
  }
  return true;
}

void check_example(example *e) {
  const espalier_family *family = family_named(e->family);
  const espalier_call_facts facts = facts_of(e, family);
  const size_t bytes = facts.extent[__builtin_ctz(family->written_mask)];
  const bool behind = one_in(2);
  uint8_t *expected = result_of(e, family, &facts, espalier_isa_scalar, behind);
  compared_calls++;
  compared_runs++;
  for (int isa = espalier_isa_scalar + 1; isa <= espalier_isa_neon_i8mm; isa++) {
    if (espalier_kernel_exactly(family->number, (espalier_isa)isa) == NULL) continue;
    uint8_t *found = result_of(e, family, &facts, (espalier_isa)isa, behind);
    if (!is_near(expected, found, bytes, e->tolerance))
      fail(e, (espalier_isa)isa, "differs from the portable kernel");
    free(found);
    compared_runs++;
  }
  free(expected);
  for (int i = 0; i < ESPALIER_OPERAND_LIMIT; i++) free(e->operands[i]);
}
