// What the C programs of this folder share: conditions that must hold, and calls that must be refused.
#ifndef ESPALIER_CHECK_H
#define ESPALIER_CHECK_H

#include <espalier.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition, ...)                                      \
  do {                                                               \
    if (!(condition)) {                                              \
      fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
      fprintf(stderr, __VA_ARGS__);                                  \
      fprintf(stderr, "\n");                                         \
      exit(1);                                                       \
    }                                                                \
  } while (0)

// Counts calls that were refused as they must be.
__attribute__((unused)) static unsigned refusals;

// An error that nobody has filled: every byte set, so that what is left unwritten shows.
static inline espalier_error *unfilled(espalier_error *error) {
  memset(error, 0xA5, sizeof *error);
  return error;
}

static inline void require_sentence(const espalier_error *error, espalier_status status, const char *call, int line) {
  const size_t length = strnlen(error->message, sizeof error->message);
  if (error->status == status && length >= 10 && length < sizeof error->message) return;
  fprintf(stderr, "line %d: %s: status %d where %d was due, message of %zu bytes\n", line, call, (int)error->status,
          (int)status, length);
  exit(1);
}

static inline void require_untouched(const espalier_error *error, const char *call, int line) {
  for (size_t i = 0; i < sizeof *error; i++)
    if (((const unsigned char *)error)[i] != 0xA5) {
      fprintf(stderr, "line %d: %s: succeeds and fills its error: %s\n", line, call, error->message);
      exit(1);
    }
}

// `call` uses `error`; it must fail with `expected` and a sentence, and the same without an error to fill.
#define REFUSED(expected, call)                                                      \
  do {                                                                               \
    espalier_error room, *error = unfilled(&room);                                   \
    const espalier_status with = (call);                                             \
    REQUIRE(with == (expected), "%s gives %d, not %s", #call, (int)with, #expected); \
    require_sentence(&room, (expected), #call, __LINE__);                            \
    error = NULL;                                                                    \
    REQUIRE((call) == (expected), "without an error to fill");                       \
    refusals++;                                                                      \
  } while (0)

// The same of a call that makes something.
#define NOTHING(expected, call)                            \
  do {                                                     \
    espalier_error room, *error = unfilled(&room);         \
    REQUIRE((call) == NULL, "%s makes something", #call);  \
    require_sentence(&room, (expected), #call, __LINE__);  \
    error = NULL;                                          \
    REQUIRE((call) == NULL, "without an error to fill");   \
    refusals++;                                            \
  } while (0)

// `call` must succeed and leave its error alone.
#define DONE(call)                                                              \
  do {                                                                          \
    espalier_error room, *error = unfilled(&room);                              \
    const espalier_status status = (call);                                      \
    REQUIRE(status == ESPALIER_OK, "%s: %s", #call, room.message);              \
    require_untouched(&room, #call, __LINE__);                                  \
  } while (0)

// The bytes of a file at a 64-byte boundary, with nothing behind them that could be read unseen.
static inline unsigned char *file_bytes(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  REQUIRE(file != NULL && fseek(file, 0, SEEK_END) == 0, "cannot open %s", path);
  *count = (size_t)ftell(file);
  rewind(file);
  void *bytes = NULL;
  REQUIRE(posix_memalign(&bytes, 64, *count) == 0 && fread(bytes, 1, *count, file) == *count, "cannot read %s", path);
  fclose(file);
  return bytes;
}

// Buffers for a frame of a model, each of exactly its size.
typedef struct buffers {
  size_t input_count, output_count;
  const float *inputs[16];
  float *outputs[16];
  size_t output_bytes[16];
} buffers;

static inline buffers make_buffers(const espalier_model *model) {
  buffers b = {espalier_model_input_count(model), espalier_model_output_count(model), {NULL}, {NULL}, {0}};
  espalier_port port;
  REQUIRE(b.input_count <= 16 && b.output_count <= 16, "too many inputs or outputs");
  for (size_t i = 0; i < b.input_count; i++) {
    DONE(espalier_model_input(model, i, &port, error));
    float *elements = malloc(port.element_count * sizeof *elements);
    REQUIRE(elements != NULL, "no memory");
    for (size_t e = 0; e < port.element_count; e++) elements[e] = (float)(e % 255) / 127.5f - 1;
    b.inputs[i] = elements;
  }
  for (size_t i = 0; i < b.output_count; i++) {
    DONE(espalier_model_output(model, i, &port, error));
    b.output_bytes[i] = port.element_count * sizeof(float);
    b.outputs[i] = calloc(port.element_count, sizeof(float));
    REQUIRE(b.outputs[i] != NULL, "no memory");
  }
  return b;
}

static inline void free_buffers(buffers *b) {
  for (size_t i = 0; i < b->input_count; i++) free((void *)(uintptr_t)b->inputs[i]);
  for (size_t i = 0; i < b->output_count; i++) free(b->outputs[i]);
}

#endif
