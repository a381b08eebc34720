// Golden vectors through the C API: a sound pack, one with a weight that somebody altered, one without vectors, one that
// changes while it is open, and every wrong call.
//
//     verify PACK
//
// PACK holds its weights as they are read. Prints how many replays were made; exits 1 with a sentence where one of these is
// not told from the others.
#define _POSIX_C_SOURCE 200809L
#include "check.h"

// CRC-32C by its definition, bit by bit (RFC 3720, appendix B.4).
static uint32_t crc32c(const unsigned char *bytes, size_t count) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
  }
  return ~crc;
}

static uint64_t number(const unsigned char *bytes, int width) {
  uint64_t value = 0;
  while (width-- > 0) value = value << 8 | bytes[width];
  return value;
}

static void put(unsigned char *bytes, uint32_t value) {
  for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(value >> 8 * i);
}

// The entry of a section in the table, by its four letters.
static unsigned char *entry(unsigned char *pack, const char *letters) {
  for (uint32_t i = 0; i < number(pack + 16, 4); i++)
    if (memcmp(pack + 64 + 32 * i, letters, 4) == 0) return pack + 64 + 32 * i;
  return NULL;
}

static unsigned char *section(unsigned char *pack, const char *letters, size_t *count) {
  unsigned char *found = entry(pack, letters);
  REQUIRE(found != NULL, "the pack has no section %s", letters);
  *count = (size_t)number(found + 16, 8);
  return pack + number(found + 8, 8);
}

static void mend(unsigned char *pack) {
  for (uint32_t i = 0; i < number(pack + 16, 4); i++) {
    unsigned char *row = pack + 64 + 32 * i;
    put(row + 24, crc32c(pack + number(row + 8, 8), (size_t)number(row + 16, 8)));
  }
  put(pack + 32, 0);
  put(pack + 32, crc32c(pack, 64 + 32 * (size_t)number(pack + 16, 4)));
}

static espalier_model *open_bytes(const unsigned char *pack, size_t count) {
  espalier_error error = {ESPALIER_OK, ""};
  espalier_model *model = espalier_model_open_memory(pack, count, &error);
  REQUIRE(model != NULL, "%s", error.message);
  return model;
}

static void wrong_calls(const espalier_model *model) {
  espalier_verification v = ESPALIER_VERIFICATION_INIT;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_verify(NULL, ESPALIER_ISA_ANY, 1, &v, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_verify(model, (espalier_instruction_set)99, 1, &v, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_verify(model, ESPALIER_ISA_ANY, 257, &v, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_verify(model, ESPALIER_ISA_ANY, UINT32_MAX, &v, error));
  const size_t sizes[] = {0, 1, sizeof v - 8, sizeof v + 8, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    v.size = sizes[i];
    REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_verify(model, ESPALIER_ISA_ANY, 1, &v, error));
    REQUIRE(v.size == sizes[i] && v.replays == 0, "a structure of another size is left alone");
  }
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2, "usage: verify PACK");
  size_t count, weight_count, golden_count;
  unsigned char *pack = file_bytes(argv[1], &count);
  unsigned char *weights = section(pack, "WGHT", &weight_count);
  unsigned char *golden = section(pack, "GOLD", &golden_count);
  espalier_verification v = ESPALIER_VERIFICATION_INIT;

  espalier_model *model = open_bytes(pack, count);
  wrong_calls(model);
  DONE(espalier_model_verify(model, ESPALIER_ISA_ANY, 2, &v, error));
  REQUIRE(v.levels == 1 && v.replays > 0 && v.wrong == 0 && v.instruction_set == NULL, "%u wrong", v.wrong);
  const uint32_t replays = v.replays;
  DONE(espalier_model_verify(model, ESPALIER_ISA_SCALAR, 0, &v, error));
  REQUIRE(v.replays == 4, "portable kernels with 1 to 4 threads, not %u replays", v.replays);
  DONE(espalier_model_verify(model, ESPALIER_ISA_SCALAR, 1, NULL, error));

  // Altered while it is open: the checksum no longer holds.
  weights[weight_count / 2] ^= 0x40;
  REFUSED(ESPALIER_INVALID_MODEL, espalier_model_verify(model, ESPALIER_ISA_SCALAR, 1, &v, error));
  espalier_model_close(model);
  // Altered, with the file's own checksums mended: the vectors know the weights.
  mend(pack);
  model = open_bytes(pack, count);
  REFUSED(ESPALIER_INVALID_MODEL, espalier_model_verify(model, ESPALIER_ISA_SCALAR, 1, &v, error));
  espalier_model_close(model);
  // All weights of a stretch altered, and whatever knows of it: the outputs show it.
  for (size_t i = 0; i < weight_count / 4; i++) weights[weight_count / 4 + i] ^= 0x40;
  put(golden + 16, crc32c(weights, weight_count));
  mend(pack);
  espalier_error room = {ESPALIER_OK, ""};
  model = espalier_model_open_memory(pack, count, &room);
  if (model != NULL) {  // weights that kernels are promised something of may be refused instead
    REFUSED(ESPALIER_WRONG_RESULT, espalier_model_verify(model, ESPALIER_ISA_ANY, 2, &v, error));
    REQUIRE(v.wrong == v.replays && v.replays == replays && v.instruction_set != NULL && v.output == 0 && v.threads == 2,
            "%u of %u replays are wrong", v.wrong, v.replays);
    REQUIRE(v.element == ESPALIER_UNKNOWN || v.expected != v.found, "element %llu", (unsigned long long)v.element);
    espalier_model_close(model);
  }
  // Without the section there is nothing to replay.
  memcpy(entry(pack, "GOLD"), "EXTR", 4);
  mend(pack);
  model = espalier_model_open_memory(pack, count, NULL);
  if (model != NULL) {
    DONE(espalier_model_verify(model, ESPALIER_ISA_ANY, 0, &v, error));
    REQUIRE(v.levels == 0 && v.replays == 0 && v.wrong == 0, "there are no vectors");
    espalier_model_close(model);
  }
  free(pack);
  printf("verify: %u replays are right, altered weights are found, %u calls were refused\n", replays, refusals);
  return 0;
}
