// Classes of a frame through the C API, and every wrong way to ask for results.
//
//     results PACK [PLAIN]
//
// PACK is a classifier that says so (`--results classes:softmax --labels …`), PLAIN one that does not. Prints one line
// at the end; exits 1 with a sentence where something is not as espalier.h says.
#include <espalier.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition, ...) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "results: line %d: %s: ", __LINE__, #condition); \
      fprintf(stderr, __VA_ARGS__); \
      fprintf(stderr, "\n"); \
      exit(1); \
    } \
  } while (0)

static espalier_error error = {ESPALIER_OK, ""};

// The call must fail with this status and a sentence that holds `word`.
static int refusals = 0;
#define REFUSED(call, expected, word) \
  do { \
    memset(&error, 0, sizeof error); \
    const espalier_status found = (call); \
    REQUIRE(found == (expected), "status %d, '%s'", (int)found, error.message); \
    REQUIRE(strstr(error.message, (word)) != NULL, "'%s' does not say '%s'", error.message, (word)); \
    REQUIRE((call) == found, "another status the second time"); \
    refusals++; \
  } while (0)

static float *filled(size_t count) {
  float *values = malloc((count > 0 ? count : 1) * sizeof *values);
  REQUIRE(values != NULL, "no memory");
  for (size_t i = 0; i < count; i++) values[i] = (float)(i % 255) / 127.5f - 1;
  return values;
}

static void refuse_wrong_calls(espalier_session *session) {
  espalier_class classes[2];
  espalier_box boxes[2];
  size_t count = 0;
  uint8_t mask[4];
  REFUSED(espalier_session_classes(NULL, classes, 2, &count, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_classes(session, NULL, 2, &count, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_classes(session, classes, 2, NULL, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_boxes(NULL, boxes, 2, &count, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_boxes(session, NULL, 2, &count, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_boxes(session, boxes, 2, &count, &error), ESPALIER_INVALID_ARGUMENT, "classes, not boxes");
  REFUSED(espalier_session_mask(NULL, 0, mask, 2, 2, 2, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_mask(session, 0, NULL, 2, 2, 2, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_mask(session, 0, mask, 2, 2, 2, &error), ESPALIER_INVALID_ARGUMENT, "classes, not masks");
}

static void refuse_wrong_options(espalier_session *session) {
  const float thresholds[2] = {0.5f, 2};
  espalier_result_options options = ESPALIER_RESULT_OPTIONS_INIT;
  REFUSED(espalier_session_set_result_options(NULL, &options, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  REFUSED(espalier_session_set_result_options(session, NULL, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  options.size = 3;
  REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "size");
  options = (espalier_result_options)ESPALIER_RESULT_OPTIONS_INIT;
  options.score_threshold = 1.5f;
  REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "0 to 1");
  options = (espalier_result_options)ESPALIER_RESULT_OPTIONS_INIT;
  options.capacity = 1000000;
  REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "room");
  options = (espalier_result_options)ESPALIER_RESULT_OPTIONS_INIT;
  options.class_count = 2;
  REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "NULL");
  options.class_thresholds = thresholds;
  REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "0 to 1");
  options.class_count = 60000;
  float *many = calloc(options.class_count, sizeof *many);
  options.class_thresholds = many;
  REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "classes");
  free(many);
}

// Classes must be those of softmax over the outputs.
static void check_classes(espalier_session *session, const float *outputs, size_t count) {
  espalier_class classes[3];
  size_t found = 0;
  REQUIRE(
      espalier_session_classes(session, classes, 3, &found, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(found == count, "%zu classes", found);
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += exp(outputs[i]);
  for (int rank = 0; rank < 3; rank++) {
    const size_t index = (size_t)classes[rank].class_index;
    REQUIRE(index < count, "class %zu", index);
    REQUIRE(fabs(classes[rank].score - exp(outputs[index]) / sum) < 1e-5, "score %g", classes[rank].score);
    size_t before = 0;
    for (size_t i = 0; i < count; i++) before += outputs[i] > outputs[index];
    REQUIRE(before == (size_t)rank, "class %zu at place %d", index, rank);
  }
  espalier_result_options options = ESPALIER_RESULT_OPTIONS_INIT;
  options.capacity = 2;
  REQUIRE(espalier_session_set_result_options(session, &options, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(espalier_session_classes(session, NULL, 0, &found, &error) == ESPALIER_OK && found == 2, "%zu", found);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  espalier_model *model = espalier_model_open(argv[1], &error);
  REQUIRE(model != NULL, "%s", error.message);
  REQUIRE(espalier_model_result_kind(model) == ESPALIER_RESULT_CLASSES, "another kind");
  REQUIRE(espalier_model_result_kind(NULL) == ESPALIER_RESULT_NONE, "a kind of nothing");
  const size_t labels = espalier_model_label_count(model);
  REQUIRE(labels > 0 && espalier_model_label_count(NULL) == 0, "%zu labels", labels);
  REQUIRE(espalier_model_label(model, labels) == NULL && espalier_model_label(NULL, 0) == NULL, "a label too many");
  REQUIRE(espalier_model_label(model, (size_t)-1) == NULL, "a label too many");
  for (size_t i = 0; i < labels; i++) REQUIRE(espalier_model_label(model, i) != NULL, "no label %zu", i);

  espalier_port input, output;
  REQUIRE(espalier_model_input(model, 0, &input, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(espalier_model_output(model, 0, &output, &error) == ESPALIER_OK, "%s", error.message);
  float *const inputs = filled(input.element_count), *const outputs = filled(output.element_count);
  const float *const in[1] = {inputs};
  float *const out[1] = {outputs};
  espalier_session *session = espalier_session_create(model, NULL, &error);
  REQUIRE(session != NULL, "%s", error.message);
  size_t count = 0;
  REFUSED(espalier_session_classes(session, NULL, 0, &count, &error), ESPALIER_NOT_NOW, "no frame");
  REQUIRE(espalier_session_run(session, in, 1, NULL, 0, &error) == ESPALIER_OK, "%s", error.message);
  // Of another session: this one keeps what it has.
  espalier_session *other = espalier_session_create(model, NULL, &error);
  REQUIRE(espalier_session_run(other, in, 1, out, 1, &error) == ESPALIER_OK, "%s", error.message);
  REFUSED(espalier_session_classes(other, NULL, 0, &count, &error), ESPALIER_INVALID_ARGUMENT, "caller's buffers");
  check_classes(session, outputs, output.element_count);
  refuse_wrong_calls(session);
  refuse_wrong_options(session);

  espalier_frame late = ESPALIER_FRAME_INIT;
  espalier_verdict verdict = ESPALIER_VERDICT_INIT;
  late.deadline_nanoseconds = 1;
  REQUIRE(
      espalier_session_run_deadline(session, in, 1, NULL, 0, &late, &verdict, &error) == ESPALIER_OK, "%s",
      error.message);
  REQUIRE(verdict.outcome == ESPALIER_SKIPPED, "outcome %d", (int)verdict.outcome);
  REQUIRE(espalier_session_classes(session, NULL, 0, &count, &error) == ESPALIER_OK && count == 2, "%zu", count);
  espalier_session_destroy(session);
  espalier_session_destroy(other);
  espalier_model_close(model);

  if (argc > 2) {
    model = espalier_model_open(argv[2], &error);
    REQUIRE(model != NULL, "%s", error.message);
    session = espalier_session_create(model, NULL, &error);
    espalier_result_options options = ESPALIER_RESULT_OPTIONS_INIT;
    REFUSED(espalier_session_classes(session, NULL, 0, &count, &error), ESPALIER_INVALID_ARGUMENT, "--results");
    REFUSED(espalier_session_set_result_options(session, &options, &error), ESPALIER_INVALID_ARGUMENT, "--results");
    REFUSED(espalier_session_run(session, in, 1, NULL, 0, &error), ESPALIER_INVALID_ARGUMENT, "output");
    espalier_session_destroy(session);
    espalier_model_close(model);
  }
  free(inputs);
  free(outputs);
  printf("results: classes are those of the outputs, %d wrong calls refused\n", refusals);
  return 0;
}
