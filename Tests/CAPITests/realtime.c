// Deadlines, counters, workers on own threads and a mailbox, through the C API.
//
//     realtime PACK
//
// Runs a pack of one input and one output. Prints what the session got, and one line at the end; exits 1 with a
// sentence where something is not as espalier.h says.
#define _POSIX_C_SOURCE 200809L
#include <espalier.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAMES = 200, THREADS = 2 };

#define REQUIRE(condition, ...) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "realtime: line %d: %s: ", __LINE__, #condition); \
      fprintf(stderr, __VA_ARGS__); \
      fprintf(stderr, "\n"); \
      exit(1); \
    } \
  } while (0)

static espalier_error error = {ESPALIER_OK, ""};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

typedef struct stream {
  espalier_session *session;
  const float *inputs[1];
  float *outputs[1];
  size_t input_bytes, output_bytes;
} stream;

static espalier_verdict run(stream *s, const espalier_frame *frame) {
  espalier_verdict verdict = ESPALIER_VERDICT_INIT;
  const espalier_status status =
      espalier_session_run_deadline(s->session, s->inputs, 1, s->outputs, 1, frame, &verdict, &error);
  REQUIRE(status == ESPALIER_OK, "%s", error.message);
  return verdict;
}

static void *work(void *session) {
  espalier_error own = {ESPALIER_OK, ""};
  const espalier_status status = espalier_session_worker_run(session, &own);
  return (void *)(uintptr_t)status;
}

static void *produce(void *context) {
  espalier_mailbox *mailbox = context;
  for (uint64_t number = 0; number < FRAMES; number++) {
    uint64_t *room = espalier_mailbox_reserve(mailbox, 1000000000u);
    REQUIRE(room != NULL, "no room for a second");
    *room = number;
    REQUIRE(espalier_mailbox_publish(mailbox, NULL) == ESPALIER_OK, "the mailbox is open");
  }
  espalier_mailbox_close(mailbox);
  return NULL;
}

// Every outcome, and a frame after each that must have the bits of the first.
static void check_verdicts(const espalier_model *model, stream *s, const float *expected) {
  espalier_frame frame = ESPALIER_FRAME_INIT;
  espalier_verdict verdict = run(s, NULL);
  REQUIRE(verdict.outcome == ESPALIER_MET && verdict.model_nanoseconds > 0, "without a deadline");
  REQUIRE(verdict.age_nanoseconds == ESPALIER_UNKNOWN, "nobody said when the picture was taken");
  const uint64_t whole = verdict.model_nanoseconds;

  frame.deadline_nanoseconds = 1;
  memset(s->outputs[0], 0x5A, s->output_bytes);
  verdict = run(s, &frame);
  REQUIRE(verdict.outcome == ESPALIER_SKIPPED && verdict.skip_reason == ESPALIER_DEADLINE_PASSED, "long ago");
  for (size_t i = 0; i < s->output_bytes; i++)
    REQUIRE(((unsigned char *)s->outputs[0])[i] == 0x5A, "a skipped frame touches nothing");

  frame = (espalier_frame)ESPALIER_FRAME_INIT;
  frame.captured_nanoseconds = now() - 1000000;
  int cancelled = 0;
  for (uint64_t part = 1; part <= 15; part++) {
    frame.budget_nanoseconds = whole * part / 10;
    frame.sequence = part * 2;
    verdict = run(s, &frame);
    REQUIRE(verdict.sequence_gap == (part > 1), "every other frame is missing");
    REQUIRE(verdict.age_nanoseconds >= 1000000, "a millisecond old");
    if (verdict.outcome == ESPALIER_CANCELLED) {
      cancelled++;
      REQUIRE(espalier_model_call_name(model, (size_t)verdict.cancelled_call) != NULL, "the call has a name");
    }
    verdict = run(s, NULL);
    REQUIRE(verdict.outcome == ESPALIER_MET, "without a deadline");
    REQUIRE(memcmp(s->outputs[0], expected, s->output_bytes) == 0, "the next frame has the same bits");
  }
  REQUIRE(cancelled > 0, "a tenth of the time is too little");
  espalier_counters counters = ESPALIER_COUNTERS_INIT;
  REQUIRE(espalier_session_counters(s->session, &counters, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(counters.frames == counters.met + counters.late + counters.cancelled + counters.skipped, "one outcome each");
  REQUIRE(counters.frames == 32 && counters.skipped >= 1 && counters.missing == 14, "what was run");
  REQUIRE(counters.cancelled == (uint64_t)cancelled, "what was cancelled");
}

static void check_misuse(const espalier_model *model, stream *s) {
  espalier_verdict unsized = {0};
  REQUIRE(espalier_session_run_deadline(s->session, s->inputs, 1, s->outputs, 1, NULL, &unsized, &error) ==
              ESPALIER_INVALID_ARGUMENT, "a structure without its size");
  REQUIRE(espalier_session_run_deadline(NULL, NULL, 0, NULL, 0, NULL, NULL, NULL) == ESPALIER_INVALID_ARGUMENT,
          "no session");
  REQUIRE(espalier_model_call_name(model, SIZE_MAX) == NULL, "no such call");
  REQUIRE(espalier_mailbox_create(4, 4096, &error) == NULL && error.status == ESPALIER_INVALID_ARGUMENT, "too many");
  REQUIRE(espalier_mailbox_take(NULL, 0, NULL) == NULL && espalier_mailbox_reserve(NULL, 0) == NULL, "no mailbox");
  // Options as a program of the first version has them.
  espalier_session_options options = ESPALIER_SESSION_OPTIONS_INIT;
  options.size = offsetof(espalier_session_options, scheduling);
  options.calling_core = 1 << 20;
  espalier_session *session = espalier_session_create(model, &options, &error);
  REQUIRE(session != NULL, "%s", error.message);
  REQUIRE(espalier_session_prepare(session, 1, 0, NULL, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(espalier_session_worker_run(session, &error) == ESPALIER_INVALID_ARGUMENT, "it has its own workers");
  espalier_session_destroy(session);
}

static void check_mailbox(uint32_t capacity) {
  espalier_mailbox *mailbox = espalier_mailbox_create(sizeof(uint64_t), capacity, &error);
  REQUIRE(mailbox != NULL, "%s", error.message);
  REQUIRE(espalier_mailbox_take(mailbox, 1000, NULL) == NULL, "nothing was published");
  pthread_t producer;
  REQUIRE(pthread_create(&producer, NULL, produce, mailbox) == 0, "no thread");
  espalier_frame frame = ESPALIER_FRAME_INIT;
  uint64_t published, dropped, taken, missing = 0, expected = 0;
  for (const uint64_t *number; (number = espalier_mailbox_take(mailbox, ESPALIER_UNKNOWN, &frame)) != NULL;) {
    REQUIRE(*number == frame.sequence && *number >= expected, "in order, with its own number");
    REQUIRE(frame.captured_nanoseconds <= now(), "in the past");
    missing += *number - expected;
    expected = *number + 1;
  }
  pthread_join(producer, NULL);
  espalier_mailbox_counts(mailbox, &published, &dropped, &taken);
  REQUIRE(published == FRAMES && taken + dropped == published && dropped == missing, "every frame is accounted for");
  REQUIRE(capacity == 0 || dropped == 0, "a queue drops nothing while the producer waits");
  espalier_mailbox_destroy(mailbox);
}

static void count_alarm(const espalier_alarm *alarm, void *context) {
  REQUIRE(alarm->tensor_name != NULL && alarm->elements > 0, "an alarm names its tensor");
  ++*(int *)context;
}

// A camera that stands still, where the pack names tensors; metrics in any case.
static void check_watching(stream *s) {
  int alarms = 0;
  espalier_watch_options options = ESPALIER_WATCH_OPTIONS_INIT;
  options.interval = 2;
  options.alarm = count_alarm;
  options.context = &alarms;
  const espalier_status status = espalier_session_watch(s->session, &options, &error);
  for (int i = 0; i < 12; i++) run(s, NULL);
  REQUIRE(status == ESPALIER_OK ? alarms > 0 : status == ESPALIER_INVALID_ARGUMENT && alarms == 0, "%d", alarms);
  options.window = 65;
  REQUIRE(espalier_session_watch(s->session, &options, &error) == ESPALIER_INVALID_ARGUMENT, "a window of 65");
  const size_t length = espalier_session_metrics(s->session, NULL, 0);
  char *text = malloc(length + 1), part[10];
  REQUIRE(text != NULL, "no memory");
  REQUIRE(espalier_session_metrics(s->session, text, length + 1) == length && strlen(text) == length, "the text");
  REQUIRE(espalier_session_metrics(s->session, part, sizeof part) == length && strlen(part) == 9, "a part of it");
  REQUIRE(strstr(text, "espalier_frames_total{outcome=\"met\"} ") != NULL, "%s", text);
  free(text);
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2, "usage: realtime PACK");
  espalier_model *model = espalier_model_open(argv[1], &error);
  REQUIRE(model != NULL, "%s", error.message);
  espalier_session_options options = ESPALIER_SESSION_OPTIONS_INIT;
  options.threads = THREADS;
  options.workers_from_caller = 1;
  espalier_port input, output;
  REQUIRE(espalier_model_input(model, 0, &input, &error) == ESPALIER_OK, "%s", error.message);
  REQUIRE(espalier_model_output(model, 0, &output, &error) == ESPALIER_OK, "%s", error.message);
  float *frame = malloc(input.element_count * sizeof *frame), *result = malloc(output.element_count * sizeof *result);
  float *expected = malloc(output.element_count * sizeof *expected);
  REQUIRE(frame && result && expected, "no memory");
  for (size_t i = 0; i < input.element_count; i++) frame[i] = (float)(i % 255) / 127.5f - 1;
  stream s = {espalier_session_create(model, &options, &error), {frame}, {expected},
              input.element_count * sizeof(float), output.element_count * sizeof(float)};
  REQUIRE(s.session != NULL, "%s", error.message);
  REQUIRE(run(&s, NULL).outcome == ESPALIER_MET, "alone, before the workers are there");
  espalier_session_destroy(s.session);

  s.session = espalier_session_create(model, &options, &error);
  s.outputs[0] = result;
  pthread_t worker;
  REQUIRE(pthread_create(&worker, NULL, work, s.session) == 0, "no thread");
  espalier_facts facts = ESPALIER_FACTS_INIT;
  do {
    REQUIRE(espalier_session_prepare(s.session, 3, 1, &facts, &error) == ESPALIER_OK, "%s", error.message);
  } while (facts.threads < THREADS);
  for (size_t i = 0; i < facts.threads; i++) {
    espalier_thread thread = ESPALIER_THREAD_INIT;
    REQUIRE(espalier_session_thread(s.session, i, &thread, &error) == ESPALIER_OK, "%s", error.message);
    REQUIRE(thread.flushes_subnormals && thread.core_count > 0, "thread %zu", i);
  }
  REQUIRE(facts.locked_bytes > 0 || facts.lock_error != 0, "it says what was locked, or why not");
  check_verdicts(model, &s, expected);
  check_misuse(model, &s);
  check_watching(&s);
  check_mailbox(0);
  check_mailbox(3);
  espalier_session_destroy(s.session);
  void *status;
  pthread_join(worker, &status);
  REQUIRE((uintptr_t)status == ESPALIER_OK, "the worker ends with its session");
  espalier_model_close(model);
  printf("realtime: %u threads, %s, %llu kB locked, %.1f us between two looks at the deadline; all is as it should be\n",
         facts.threads, facts.instruction_set, (unsigned long long)facts.locked_bytes / 1000,
         (double)facts.checkpoint_nanoseconds / 1e3);
  free(frame);
  free(result);
  free(expected);
  return 0;
}
