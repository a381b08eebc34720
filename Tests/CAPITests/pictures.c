// Pictures through the C API, with every wrong call that there is.
//
//     pictures PACK
//
// Takes a pack of one input [1, 3, H, W] and one output, whether it says how pictures become the input or not. Prints
// one line; exits 1 with a sentence where something is not as espalier.h says.
#include <espalier.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition, ...) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "pictures: line %d: %s: ", __LINE__, #condition); \
      fprintf(stderr, __VA_ARGS__); \
      fprintf(stderr, "\n"); \
      exit(1); \
    } \
  } while (0)

enum { WIDTH = 70, HEIGHT = 45, STRIDE = 77 };

static espalier_error error = {ESPALIER_OK, ""};
static espalier_session *session;
static espalier_picture picture = ESPALIER_PICTURE_INIT;
static float *outputs[1];
static size_t refused;

static espalier_status run(const espalier_picture *pictures, size_t count) {
  espalier_verdict verdict = ESPALIER_VERDICT_INIT;
  error.message[0] = 0;
  const espalier_status status =
      espalier_session_run_pictures(session, pictures, count, outputs, 1, NULL, &verdict, &error);
  REQUIRE(status != ESPALIER_OK || verdict.outcome == ESPALIER_MET, "outcome %d", verdict.outcome);
  return status;
}

// A wrong call gives a status and a sentence.
static void refuse(espalier_status status, int line) {
  if (status != ESPALIER_INVALID_ARGUMENT || error.message[0] == 0) {
    fprintf(stderr, "pictures: line %d: status %d, '%s'\n", line, status, error.message);
    exit(1);
  }
  error.message[0] = 0;
  refused++;
}

#define REFUSE(call) refuse(call, __LINE__)

// The picture with one field changed.
#define REFUSE_WITH(change) \
  do { \
    espalier_picture wrong = picture; \
    wrong.change; \
    REFUSE(run(&wrong, 1)); \
  } while (0)

static void try_wrong_pictures(void) {
  REFUSE_WITH(size = 0);
  REFUSE_WITH(size = sizeof(espalier_picture) + 8);
  REFUSE_WITH(format = (espalier_pixel_format)10);
  REFUSE_WITH(format = (espalier_pixel_format)261);
  REFUSE_WITH(color = (espalier_color)4);
  REFUSE_WITH(width = 0);
  REFUSE_WITH(height = 0);
  REFUSE_WITH(width = 32769);
  REFUSE_WITH(height = UINT32_MAX);
  REFUSE_WITH(planes[0] = NULL);
  REFUSE_WITH(planes[1] = NULL);
  REFUSE_WITH(strides[0] = WIDTH - 1);
  REFUSE_WITH(strides[1] = 0);
  REFUSE_WITH(strides[0] = SIZE_MAX);
  REFUSE(run(NULL, 1));
  REFUSE(run(&picture, 0));
  REFUSE(run(&picture, 2));
  REFUSE(run(&picture, SIZE_MAX));
  espalier_verdict verdict = ESPALIER_VERDICT_INIT;
  REFUSE(espalier_session_run_pictures(NULL, &picture, 1, outputs, 1, NULL, &verdict, &error));
  REFUSE(espalier_session_run_pictures(session, &picture, 1, NULL, 1, NULL, &verdict, &error));
  REFUSE(espalier_session_run_pictures(session, &picture, 1, outputs, 2, NULL, &verdict, &error));
  REFUSE(espalier_session_run_pictures(session, &picture, 1, outputs, 1, NULL, NULL, &error));
}

static void try_wrong_inputs(const espalier_model *model) {
  const espalier_picture_input right = ESPALIER_PICTURE_INPUT_INIT;
  espalier_picture_input wrong = right;
#define REFUSE_INPUT(change) \
  wrong = right; \
  wrong.change; \
  REFUSE(espalier_session_set_picture_input(session, 0, &wrong, &error))
  REFUSE_INPUT(size = 1);
  REFUSE_INPUT(channels = ESPALIER_CHANNELS_GRAY);
  REFUSE_INPUT(channels = (espalier_channels)3);
  REFUSE_INPUT(fit = (espalier_fit)4);
  REFUSE_INPUT(mean[1] = NAN);
  REFUSE_INPUT(scale[2] = 0);
  REFUSE_INPUT(fill = 256);
  REFUSE_INPUT(crop_share = 0);
  REFUSE(espalier_session_set_picture_input(session, 1, &right, &error));
  REFUSE(espalier_session_set_picture_input(session, SIZE_MAX, &right, &error));
  REFUSE(espalier_session_set_picture_input(session, 0, NULL, &error));
  REFUSE(espalier_session_set_picture_input(NULL, 0, &right, &error));
  REFUSE(espalier_model_picture_input(model, 1, &wrong, &error));
  REFUSE(espalier_model_picture_input(NULL, 0, &wrong, &error));
  if (espalier_model_picture_input(model, 0, &(espalier_picture_input)ESPALIER_PICTURE_INPUT_INIT, &error) == ESPALIER_OK)
    REFUSE(espalier_model_picture_input(model, 0, NULL, &error));
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  espalier_model *model = espalier_model_open(argv[1], &error);
  REQUIRE(model, "%s", error.message);
  session = espalier_session_create(model, NULL, &error);
  REQUIRE(session, "%s", error.message);
  espalier_port port;
  REQUIRE(espalier_model_output(model, 0, &port, &error) == ESPALIER_OK, "%s", error.message);
  const size_t bytes = port.element_count * sizeof(float);
  outputs[0] = malloc(bytes);
  float *first = malloc(bytes);
  uint8_t *pixels = malloc(STRIDE * HEIGHT * 2);  // exactly what the planes need would do, see the strides
  for (size_t i = 0; i < STRIDE * HEIGHT * 2; i++) pixels[i] = (uint8_t)(i * 7);
  picture.format = ESPALIER_PIXELS_NV12;
  picture.width = WIDTH, picture.height = HEIGHT;
  picture.planes[0] = pixels, picture.planes[1] = pixels + STRIDE * HEIGHT;
  picture.strides[0] = picture.strides[1] = STRIDE;

  try_wrong_inputs(model);
  espalier_picture_input input = ESPALIER_PICTURE_INPUT_INIT;
  input.fit = ESPALIER_FIT_LETTERBOX;
  for (int c = 0; c < 3; c++) input.mean[c] = 120, input.scale[c] = 60;
  REQUIRE(espalier_session_set_picture_input(session, 0, &input, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(run(&picture, 1) == ESPALIER_OK, "%s", error.message);
  memcpy(first, outputs[0], bytes);
  try_wrong_pictures();
  for (int format = ESPALIER_PIXELS_GRAY8; format <= ESPALIER_PIXELS_UYVY; format++) {
    espalier_picture other = picture;
    other.format = (espalier_pixel_format)format;
    other.width = 17, other.height = 9;
    other.planes[2] = pixels, other.strides[2] = STRIDE;
    REQUIRE(run(&other, 1) == ESPALIER_OK, "format %d: %s", format, error.message);
  }
  REQUIRE(run(&picture, 1) == ESPALIER_OK, "%s", error.message);
  REQUIRE(memcmp(first, outputs[0], bytes) == 0, "the same picture gives something else");
  espalier_verdict verdict = ESPALIER_VERDICT_INIT;
  REQUIRE(
      espalier_session_run_pictures(session, &picture, 1, NULL, 0, NULL, &verdict, &error) == ESPALIER_OK, "%s",
      error.message);
  espalier_frame late = ESPALIER_FRAME_INIT;
  late.deadline_nanoseconds = 1;
  REQUIRE(
      espalier_session_run_pictures(session, &picture, 1, outputs, 1, &late, &verdict, &error) == ESPALIER_OK, "%s",
      error.message);
  REQUIRE(verdict.outcome == ESPALIER_SKIPPED, "outcome %d", verdict.outcome);
  espalier_session_destroy(session);
  espalier_model_close(model);
  free(outputs[0]), free(first), free(pixels);
  printf("pictures: %zu wrong calls refused\n", refused);
  return 0;
}
