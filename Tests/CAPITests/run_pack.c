// Runs a packed file through the C API: the smallest complete program, and the one that tests use.
//
//     run_pack PACK [-t THREADS] [-i scalar|avx2|avx512|neon] [-n FRAMES] [-m] [-o PREFIX] [INPUT.raw …]
//
// INPUT.raw holds one input's float32 elements; an input without a file gets a fixed pattern. Output i goes to
// PREFIXi.raw. -m opens the pack from memory. Prints one line of figures. Exits 1 with a sentence on error.
#define _POSIX_C_SOURCE 200809L
#include <espalier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_PORTS = 64 };

typedef struct arguments {
  const char *pack, *prefix, *inputs[MOST_PORTS];
  size_t input_count, frames;
  int from_memory;
  espalier_session_options options;
} arguments;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "run_pack: %s: %s\n", what, why);
  exit(1);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static espalier_instruction_set instruction_set(const char *name) {
  static const char *const names[] = {"any", "scalar", "avx2", "avx512", "neon"};
  for (int i = 0; i < 5; i++)
    if (strcmp(name, names[i]) == 0) return (espalier_instruction_set)i;
  fail(name, "no such instruction set");
  return ESPALIER_ISA_ANY;
}

static arguments parse(int argc, char **argv) {
  const espalier_session_options initial = ESPALIER_SESSION_OPTIONS_INIT;
  arguments a = {.frames = 1, .options = initial};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "-m") == 0) { a.from_memory = 1; continue; }
    if (argv[i][0] != '-') {
      if (a.pack == NULL) a.pack = argv[i];
      else if (a.input_count < MOST_PORTS) a.inputs[a.input_count++] = argv[i];
      continue;
    }
    switch (argv[i++][1]) {
      case 't': a.options.threads = (uint32_t)atoi(value); break;
      case 'i': a.options.limit = instruction_set(value); break;
      case 'n': a.frames = (size_t)atol(value); break;
      case 'o': a.prefix = value; break;
      default: fail(argv[i - 1], "unknown option");
    }
  }
  if (a.pack == NULL) fail("usage", "run_pack PACK [-t N] [-i ISA] [-n FRAMES] [-m] [-o PREFIX] [INPUT.raw …]");
  return a;
}

// The whole file at a 64-byte boundary.
static void *read_all(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot open");
  fseek(file, 0, SEEK_END);
  *count = (size_t)ftell(file);
  rewind(file);
  void *bytes = aligned_alloc(64, (*count + 64) / 64 * 64);
  if (bytes == NULL || fread(bytes, 1, *count, file) != *count) fail(path, "cannot read");
  fclose(file);
  return bytes;
}

static float *make_input(const arguments *a, size_t index, const espalier_port *port) {
  if (index < a->input_count) {
    size_t count;
    float *elements = read_all(a->inputs[index], &count);
    if (count != port->element_count * sizeof(float)) fail(a->inputs[index], "has another size than the input");
    return elements;
  }
  float *elements = malloc((port->element_count + 1) * sizeof(float));
  if (elements == NULL) fail("input", "no memory");
  for (size_t i = 0; i < port->element_count; i++) {
    const uint32_t mixed = ((uint32_t)i + 1) * 2654435761u;
    elements[i] = (float)(mixed >> 16) / 65536.0f - 0.5f;
  }
  return elements;
}

static void write_output(const char *prefix, size_t index, const float *elements, size_t count) {
  char path[1024];
  snprintf(path, sizeof path, "%s%zu.raw", prefix, index);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(elements, sizeof(float), count, file) != count || fclose(file) != 0)
    fail(path, "cannot write");
}

static long peak_kilobytes(void) {
  char line[256];
  long kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) kilobytes = atol(line + 6);
  if (file != NULL) fclose(file);
  return kilobytes;
}

int main(int argc, char **argv) {
  const arguments a = parse(argc, argv);
  espalier_error error = {ESPALIER_OK, ""};
  espalier_port port, outputs_of[MOST_PORTS];
  const float *inputs[MOST_PORTS];
  float *outputs[MOST_PORTS];
  size_t byte_count = 0;
  void *bytes = a.from_memory ? read_all(a.pack, &byte_count) : NULL;

  const long before = peak_kilobytes();
  const double start = milliseconds();
  espalier_model *model =
      bytes ? espalier_model_open_memory(bytes, byte_count, &error) : espalier_model_open(a.pack, &error);
  if (model == NULL) fail(a.pack, error.message);
  const double opened = milliseconds();
  espalier_session *session = espalier_session_create(model, &a.options, &error);
  if (session == NULL) fail(a.pack, error.message);
  const double created = milliseconds();

  const size_t input_count = espalier_model_input_count(model), output_count = espalier_model_output_count(model);
  if (input_count > MOST_PORTS || output_count > MOST_PORTS) fail(a.pack, "too many inputs or outputs");
  for (size_t i = 0; i < input_count; i++) {
    if (espalier_model_input(model, i, &port, &error) != ESPALIER_OK) fail("input", error.message);
    inputs[i] = make_input(&a, i, &port);
  }
  for (size_t i = 0; i < output_count; i++) {
    if (espalier_model_output(model, i, &outputs_of[i], &error) != ESPALIER_OK) fail("output", error.message);
    outputs[i] = calloc(outputs_of[i].element_count + 1, sizeof(float));
    if (outputs[i] == NULL) fail("output", "no memory");
  }

  double first = 0, best = 1e30;
  for (size_t frame = 0; frame < a.frames; frame++) {
    const double begin = milliseconds();
    if (espalier_session_run(session, inputs, input_count, outputs, output_count, &error) != ESPALIER_OK)
      fail(a.pack, error.message);
    const double taken = milliseconds() - begin;
    if (frame == 0) first = taken;
    if (taken < best) best = taken;
  }
  const long peak = peak_kilobytes();
  for (size_t i = 0; a.prefix != NULL && i < output_count; i++)
    write_output(a.prefix, i, outputs[i], outputs_of[i].element_count);
  printf("open %.3f ms, session %.3f ms, first frame %.3f ms, best frame %.3f ms, memory %ld kB, +%ld kB\n",
         opened - start, created - opened, first, best, peak, peak - before);

  espalier_model_close(model);
  espalier_session_destroy(session);
  for (size_t i = 0; i < input_count; i++) free((void *)(uintptr_t)inputs[i]);
  for (size_t i = 0; i < output_count; i++) free(outputs[i]);
  free(bytes);
  return 0;
}
