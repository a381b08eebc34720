// Every function of espalier.h, called wrongly: handles and pointers that are NULL, counts and indices out of range,
// structures of other sizes, buffers that are too small, deadlines in the past. Each must be refused with a status and a
// sentence, and the session must go on giving the same bits.
//
//     wrong_calls PACK
//
// Prints how many calls were refused; exits 1 with a sentence where one was not.
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <limits.h>
#include <math.h>

enum { ABSURD = INT_MAX };

static void wrong_models(const espalier_model *model, const unsigned char *bytes, size_t count) {
  REQUIRE(espalier_abi_version() == ESPALIER_ABI_VERSION, "the header is another version's");
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_model_open(NULL, error));
  NOTHING(ESPALIER_UNREADABLE, espalier_model_open("", error));
  NOTHING(ESPALIER_UNREADABLE, espalier_model_open("/nowhere/at all", error));
  NOTHING(ESPALIER_UNREADABLE, espalier_model_open("/", error));
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_model_open_memory(NULL, 0, error));
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_model_open_memory(NULL, count, error));
  NOTHING(ESPALIER_INVALID_MODEL, espalier_model_open_memory(bytes, 0, error));
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_model_open_memory(bytes, SIZE_MAX, error));
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_model_open_memory(bytes + 4, count - 4, error));
  espalier_model_close(NULL);
  REQUIRE(espalier_model_input_count(NULL) == 0 && espalier_model_output_count(NULL) == 0, "no model, no ports");
  REQUIRE(espalier_model_call_name(NULL, 0) == NULL, "no model, no calls");
  REQUIRE(espalier_model_call_name(model, SIZE_MAX) == NULL && espalier_model_call_name(model, 1 << 30) == NULL,
          "there is no such call");
  espalier_port port;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_input(NULL, 0, &port, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_output(NULL, 0, &port, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_input(model, 0, NULL, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_output(model, 0, NULL, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_input(model, espalier_model_input_count(model), &port, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_model_output(model, SIZE_MAX, &port, error));
}

static void wrong_options(const espalier_model *model) {
  const espalier_session_options initial = ESPALIER_SESSION_OPTIONS_INIT;
  espalier_session_options o = initial;
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_session_create(NULL, &o, error));
  const size_t sizes[] = {0, 1, 39, sizeof o + 1, sizeof o + 8, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    o.size = sizes[i];
    NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_session_create(model, &o, error));
  }
  const uint32_t threads[] = {0, 257, UINT32_MAX};
  for (size_t i = 0; i < 3; i++) {
    o = initial, o.threads = threads[i];
    NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_session_create(model, &o, error));
  }
  o = initial, o.limit = (espalier_instruction_set)99;
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_session_create(model, &o, error));
  o = initial, o.threads = 2, o.priority = 1000;
  NOTHING(ESPALIER_THREAD_REFUSED, espalier_session_create(model, &o, error));
  const int32_t cores[][1] = {{ABSURD}, {4096}}, negative[] = {-1};
  for (size_t i = 0; i < 2; i++) {
    o = initial, o.threads = 2, o.cores = cores[i], o.core_count = 1;
    NOTHING(ESPALIER_THREAD_REFUSED, espalier_session_create(model, &o, error));
  }
  o = initial, o.threads = 2, o.cores = negative, o.core_count = 1;
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_session_create(model, &o, error));
  o = initial, o.cores = cores[0], o.core_count = SIZE_MAX;
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_session_create(model, &o, error));
  espalier_session_destroy(NULL);
}

static void wrong_sizes(espalier_session *session) {
  espalier_facts facts = ESPALIER_FACTS_INIT;
  espalier_thread thread = ESPALIER_THREAD_INIT;
  espalier_counters counters = ESPALIER_COUNTERS_INIT;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_prepare(NULL, 1, 0, &facts, error));
  DONE(espalier_session_prepare(session, 1, 0, NULL, error));
  DONE(espalier_session_prepare(session, 0, 0, &facts, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_thread(NULL, 0, &thread, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_thread(session, 0, NULL, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_thread(session, facts.threads, &thread, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_thread(session, SIZE_MAX, &thread, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_counters(NULL, &counters, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_counters(session, NULL, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_worker_run(NULL, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_worker_run(session, error));
  const size_t sizes[] = {0, 8, sizeof counters - 8, sizeof facts + 8, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    if (sizes[i] != sizeof facts) {
      facts.size = sizes[i];
      REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_prepare(session, 0, 0, &facts, error));
    }
    counters.size = sizes[i];
    REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_counters(session, &counters, error));
    thread.size = sizes[i];
    REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_thread(session, 0, &thread, error));
  }
}

static void wrong_frames(espalier_session *s, const buffers *b) {
  const float *no_input[16] = {NULL};
  float *no_output[16] = {NULL};
  const size_t in = b->input_count, out = b->output_count, counts[] = {0, in + 1, SIZE_MAX, (size_t)1 << 60};
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(NULL, b->inputs, in, b->outputs, out, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(s, NULL, in, b->outputs, out, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(s, b->inputs, in, NULL, out, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(s, no_input, in, b->outputs, out, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(s, b->inputs, in, no_output, out, error));
  espalier_verdict v = ESPALIER_VERDICT_INIT;
#define RUN(session, inputs, in, outputs, out, frame, verdict) \
  espalier_session_run_deadline(session, inputs, in, outputs, out, frame, verdict, error)
  REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(NULL, b->inputs, in, b->outputs, out, NULL, &v));
  REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, NULL, in, b->outputs, out, NULL, &v));
  REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, b->inputs, in, no_output, out, NULL, &v));
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(s, b->inputs, counts[i], b->outputs, out, error));
    REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_run(s, b->inputs, in, b->outputs, counts[i], error));
    REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, b->inputs, counts[i], b->outputs, out, NULL, &v));
    REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, b->inputs, in, b->outputs, counts[i], NULL, &v));
  }
  REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, b->inputs, in, b->outputs, out, NULL, NULL));
  espalier_frame frame = ESPALIER_FRAME_INIT;
  const size_t sizes[] = {0, 8, sizeof v + 8, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    v.size = sizes[i];
    REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, b->inputs, in, b->outputs, out, NULL, &v));
    v.size = sizeof v;
    frame.size = sizes[i];
    REFUSED(ESPALIER_INVALID_ARGUMENT, RUN(s, b->inputs, in, b->outputs, out, &frame, &v));
  }
}

// Deadlines that have passed: nothing is begun, nothing touched, and it is no error.
static void past_deadlines(espalier_session *s, const buffers *b) {
  const uint64_t times[][2] = {{0, ESPALIER_UNKNOWN}, {1, ESPALIER_UNKNOWN}, {ESPALIER_UNKNOWN, 0}, {1, 1u << 30}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    espalier_frame frame = ESPALIER_FRAME_INIT;
    espalier_verdict v = ESPALIER_VERDICT_INIT;
    frame.deadline_nanoseconds = times[i][0];
    frame.budget_nanoseconds = times[i][1];
    frame.sequence = ESPALIER_UNKNOWN - 1 - i;  // counting downwards, from the largest number
    frame.captured_nanoseconds = i % 2 ? ESPALIER_UNKNOWN - 1 : 0;  // in the future, or at the beginning
    memset(b->outputs[0], 0x5A, b->output_bytes[0]);
    DONE(RUN(s, b->inputs, b->input_count, b->outputs, b->output_count, &frame, &v));
    REQUIRE(v.outcome == ESPALIER_SKIPPED && v.skip_reason == ESPALIER_DEADLINE_PASSED, "outcome %d", (int)v.outcome);
    for (size_t k = 0; k < b->output_bytes[0]; k++)
      REQUIRE(((unsigned char *)b->outputs[0])[k] == 0x5A, "a skipped frame touches nothing");
    // With times that add up to more than there are.
    frame.deadline_nanoseconds = ESPALIER_UNKNOWN - 1;
    frame.budget_nanoseconds = ESPALIER_UNKNOWN - 1;
    DONE(RUN(s, b->inputs, b->input_count, b->outputs, b->output_count, &frame, &v));
    REQUIRE(v.outcome == ESPALIER_MET, "outcome %d", (int)v.outcome);
  }
}

static void wrong_watching(espalier_session *session) {
  const espalier_watch_options initial = ESPALIER_WATCH_OPTIONS_INIT;
  espalier_watch_options o = initial;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(NULL, &o, error));
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(session, NULL, error));
  o.size = 0;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(session, &o, error));
  o.size = sizeof o + 8;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(session, &o, error));
  o = initial, o.window = 65;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(session, &o, error));
  o = initial, o.confirmations = UINT32_MAX;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(session, &o, error));
  o = initial, o.spread_factor = NAN;
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_watch(session, &o, error));
  char text[64];
  REQUIRE(espalier_session_metrics(NULL, text, sizeof text) == 0, "no session, no metrics");
  REQUIRE(espalier_session_metrics(session, NULL, 64) == 0, "no room, but a capacity");
  REQUIRE(espalier_session_metrics(session, text, SIZE_MAX) == 0, "no buffer is so large");
  const size_t length = espalier_session_metrics(session, NULL, 0);
  REQUIRE(length > sizeof text, "the text has %zu bytes", length);
  for (size_t capacity = 1; capacity <= sizeof text; capacity++) {
    memset(text, 0x5A, sizeof text);
    REQUIRE(espalier_session_metrics(session, text, capacity) == length, "the length does not depend on the room");
    REQUIRE(strnlen(text, sizeof text) == capacity - 1, "cut to %zu bytes", capacity);
    REQUIRE(capacity == sizeof text || text[capacity] == 0x5A, "nothing behind the room");
  }
}

static void wrong_mailboxes(void) {
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_mailbox_create(8, 1025, error));
  NOTHING(ESPALIER_INVALID_ARGUMENT, espalier_mailbox_create(8, UINT32_MAX, error));
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 - 63, SIZE_MAX / 8, (size_t)1 << 48};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    NOTHING(ESPALIER_OUT_OF_MEMORY, espalier_mailbox_create(sizes[i], 0, error));
    NOTHING(ESPALIER_OUT_OF_MEMORY, espalier_mailbox_create(sizes[i], 1024, error));
  }
  espalier_mailbox_destroy(NULL);
  espalier_mailbox_close(NULL);
  uint64_t published = 9, dropped = 9, taken = 9;
  espalier_mailbox_counts(NULL, &published, &dropped, &taken);
  REQUIRE(published == 0 && dropped == 0 && taken == 0, "no mailbox, no frames");
  espalier_frame frame = ESPALIER_FRAME_INIT;
  REQUIRE(espalier_mailbox_reserve(NULL, 0) == NULL && espalier_mailbox_take(NULL, 0, &frame) == NULL, "no mailbox");
  REQUIRE(espalier_mailbox_publish(NULL, &frame) == ESPALIER_INVALID_ARGUMENT, "no mailbox");
  for (uint32_t capacity = 0; capacity < 3; capacity++) {
    espalier_mailbox *mailbox = espalier_mailbox_create(0, capacity, NULL);
    REQUIRE(mailbox != NULL, "frames of no bytes may be counted");
    espalier_mailbox_counts(mailbox, NULL, NULL, NULL);
    REQUIRE(espalier_mailbox_publish(mailbox, NULL) == ESPALIER_NOT_NOW, "nothing is reserved");
    REQUIRE(espalier_mailbox_take(mailbox, 1000, NULL) == NULL, "nothing was published");
    REQUIRE(espalier_mailbox_reserve(mailbox, 0) != NULL, "there is room");
    frame.size = 3;
    REQUIRE(espalier_mailbox_publish(mailbox, &frame) == ESPALIER_INVALID_ARGUMENT, "a frame of another size");
    frame.size = sizeof frame;
    REQUIRE(espalier_mailbox_publish(mailbox, &frame) == ESPALIER_OK, "it is still reserved");
    espalier_mailbox_close(mailbox);
    espalier_mailbox_close(mailbox);
    REQUIRE(espalier_mailbox_reserve(mailbox, ESPALIER_UNKNOWN) == NULL, "it is closed");
    REQUIRE(espalier_mailbox_publish(mailbox, NULL) == ESPALIER_NOT_NOW, "it is closed");
    REQUIRE(espalier_mailbox_take(mailbox, ESPALIER_UNKNOWN, NULL) != NULL, "what waits may be taken");
    REQUIRE(espalier_mailbox_take(mailbox, ESPALIER_UNKNOWN, NULL) == NULL, "and then nothing");
    espalier_mailbox_destroy(mailbox);
  }
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2, "usage: wrong_calls PACK");
  size_t count;
  unsigned char *bytes = file_bytes(argv[1], &count);
  espalier_model *model = espalier_model_open_memory(bytes, count, NULL);
  REQUIRE(model != NULL, "%s is no pack", argv[1]);
  wrong_models(model, bytes, count);
  wrong_options(model);
  espalier_session_options options = ESPALIER_SESSION_OPTIONS_INIT;
  options.threads = 2;
  espalier_session *session = espalier_session_create(model, &options, NULL);
  REQUIRE(session != NULL, "no session of two threads");
  espalier_model_close(model);  // the session keeps it
  REQUIRE((model = espalier_model_open(argv[1], NULL)) != NULL, "the file opens as well");
  buffers b = make_buffers(model);
  DONE(espalier_session_run(session, b.inputs, b.input_count, b.outputs, b.output_count, error));
  float *expected = malloc(b.output_bytes[0]);
  REQUIRE(expected != NULL, "no memory");
  memcpy(expected, b.outputs[0], b.output_bytes[0]);
  wrong_sizes(session);
  wrong_frames(session, &b);
  past_deadlines(session, &b);
  wrong_watching(session);
  wrong_mailboxes();
  DONE(espalier_session_run(session, b.inputs, b.input_count, b.outputs, b.output_count, error));
  REQUIRE(memcmp(expected, b.outputs[0], b.output_bytes[0]) == 0, "the same bits as before all this");
  espalier_session_destroy(session);
  espalier_model_close(model);
  free_buffers(&b);
  free(expected);
  free(bytes);
  printf("wrong_calls: %u calls were refused, each with its sentence\n", refusals);
  return 0;
}
