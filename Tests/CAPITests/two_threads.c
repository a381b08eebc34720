// The C API from two threads: two sessions of one model at once, a session's counters read from elsewhere while it runs,
// one session called by two threads, a model closed while its sessions run, a mailbox between producer and consumer, and
// a mailbox closed from a third thread.
//
//     two_threads PACK [FRAMES]         FRAMES: 200
//
// Prints what was run; exits 1 with a sentence where a frame has other bits than it must.
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

typedef struct stream {
  espalier_session *session;
  buffers b;
  const float *expected;
  unsigned frames, done, refused;
} stream;

static void *run_stream(void *context) {
  stream *s = context;
  for (unsigned i = 0; i < s->frames; i++) {
    espalier_error error;
    const espalier_status status = espalier_session_run(
        s->session, s->b.inputs, s->b.input_count, s->b.outputs, s->b.output_count, unfilled(&error));
    if (status == ESPALIER_NOT_NOW) {
      require_sentence(&error, ESPALIER_NOT_NOW, "espalier_session_run", __LINE__);
      s->refused++;
      continue;
    }
    REQUIRE(status == ESPALIER_OK, "%s", error.message);
    REQUIRE(memcmp(s->b.outputs[0], s->expected, s->b.output_bytes[0]) == 0, "frame %u has other bits", i);
    s->done++;
  }
  return NULL;
}

static stream make_stream(
    const espalier_model *model, espalier_session *session, const float *expected, unsigned frames) {
  if (session == NULL) session = espalier_session_create(model, NULL, NULL);
  REQUIRE(session != NULL, "no session");
  return (stream){session, make_buffers(model), expected, frames, 0, 0};
}

// Two sessions of one model, which is closed while they run; this thread reads counters meanwhile.
static void run_two_sessions(const char *path, const float *expected, unsigned frames) {
  espalier_model *model = espalier_model_open(path, NULL);
  REQUIRE(model != NULL, "%s is no pack", path);
  stream s[2] = {make_stream(model, NULL, expected, frames), make_stream(model, NULL, expected, frames)};
  pthread_t thread[2];
  for (int i = 0; i < 2; i++) REQUIRE(pthread_create(&thread[i], NULL, run_stream, &s[i]) == 0, "no thread");
  espalier_model_close(model);
  espalier_counters counters = ESPALIER_COUNTERS_INIT;
  uint64_t before = 0;
  do {
    DONE(espalier_session_counters(s[0].session, &counters, error));
    REQUIRE(counters.frames >= before && counters.met <= frames, "counters only grow");
    before = counters.met;
  } while (counters.met < frames);
  for (int i = 0; i < 2; i++) {
    pthread_join(thread[i], NULL);
    REQUIRE(s[i].done == frames && s[i].refused == 0, "sessions do not know of each other");
    espalier_session_destroy(s[i].session);
    free_buffers(&s[i].b);
  }
}

// One session, called by two threads against the rules: each call is a frame or is refused, and nobody is hurt.
static unsigned share_a_session(const espalier_model *model, const float *expected, unsigned frames) {
  stream s[2];
  s[0] = make_stream(model, NULL, expected, frames);
  s[1] = make_stream(model, s[0].session, expected, frames);
  pthread_t thread[2];
  for (int i = 0; i < 2; i++) REQUIRE(pthread_create(&thread[i], NULL, run_stream, &s[i]) == 0, "no thread");
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  espalier_counters counters = ESPALIER_COUNTERS_INIT;
  DONE(espalier_session_counters(s[0].session, &counters, error));
  REQUIRE(s[0].done + s[0].refused == frames && s[1].done + s[1].refused == frames, "every call has an answer");
  REQUIRE(counters.met == s[0].done + s[1].done, "only frames are counted");
  espalier_session_destroy(s[0].session);
  for (int i = 0; i < 2; i++) free_buffers(&s[i].b);
  return s[0].refused + s[1].refused;
}

typedef struct post {
  espalier_mailbox *mailbox;
  unsigned frames;
} post;

enum { WORDS = 512 };

static void *publish_all(void *context) {
  const post *p = context;
  for (uint64_t i = 0; i < p->frames; i++) {
    uint64_t *room = espalier_mailbox_reserve(p->mailbox, ESPALIER_UNKNOWN);
    REQUIRE(room != NULL, "the mailbox is open");
    for (size_t k = 0; k < WORDS; k++) room[k] = i;
    REQUIRE(espalier_mailbox_publish(p->mailbox, NULL) == ESPALIER_OK, "it was reserved");
  }
  espalier_mailbox_close(p->mailbox);
  return NULL;
}

static void post_frames(uint32_t capacity, unsigned frames) {
  const post p = {espalier_mailbox_create(WORDS * sizeof(uint64_t), capacity, NULL), frames};
  REQUIRE(p.mailbox != NULL, "no mailbox");
  pthread_t producer;
  REQUIRE(pthread_create(&producer, NULL, publish_all, (void *)(uintptr_t)&p) == 0, "no thread");
  espalier_frame frame = ESPALIER_FRAME_INIT;
  uint64_t next = 0, count = 0, published, dropped, taken;
  for (const uint64_t *words; (words = espalier_mailbox_take(p.mailbox, ESPALIER_UNKNOWN, &frame)) != NULL; count++) {
    REQUIRE(words[0] == frame.sequence && words[0] >= next, "frames come in order");
    for (size_t k = 1; k < WORDS; k++) REQUIRE(words[k] == words[0], "a frame is one picture");
    next = words[0] + 1;
  }
  pthread_join(producer, NULL);
  espalier_mailbox_counts(p.mailbox, &published, &dropped, &taken);
  REQUIRE(published == frames && taken == count && taken + dropped == published, "every frame is accounted for");
  REQUIRE(next == frames && (capacity == 0 || dropped == 0), "the newest frame comes, and a queue drops none");
  espalier_mailbox_destroy(p.mailbox);
}

static void *wait_for_frame(void *mailbox) {
  return (void *)(uintptr_t)espalier_mailbox_take(mailbox, ESPALIER_UNKNOWN, NULL);
}

static void close_from_elsewhere(void) {
  espalier_mailbox *mailbox = espalier_mailbox_create(64, 0, NULL);
  pthread_t consumer;
  void *taken;
  REQUIRE(mailbox != NULL && pthread_create(&consumer, NULL, wait_for_frame, mailbox) == 0, "no thread");
  espalier_mailbox_close(mailbox);
  pthread_join(consumer, &taken);
  REQUIRE(taken == NULL, "nobody published anything");
  espalier_mailbox_destroy(mailbox);
}

static void *work(void *session) { return (void *)(uintptr_t)espalier_session_worker_run(session, NULL); }

// A worker that comes too late is turned away, and one that waits ends with its session.
static void bring_workers(const espalier_model *model, const float *expected) {
  espalier_session_options options = ESPALIER_SESSION_OPTIONS_INIT;
  options.threads = 2;
  options.workers_from_caller = 1;
  stream s = make_stream(model, espalier_session_create(model, &options, NULL), expected, 20);
  pthread_t worker;
  void *status;
  espalier_facts facts = ESPALIER_FACTS_INIT;
  REQUIRE(pthread_create(&worker, NULL, work, s.session) == 0, "no thread");
  do DONE(espalier_session_prepare(s.session, 1, 0, &facts, error));
  while (facts.threads < 2);
  REFUSED(ESPALIER_INVALID_ARGUMENT, espalier_session_worker_run(s.session, error));
  run_stream(&s);
  REQUIRE(s.done == 20, "20 frames");
  espalier_session_destroy(s.session);
  pthread_join(worker, &status);
  REQUIRE((uintptr_t)status == ESPALIER_OK, "the worker ended");
  free_buffers(&s.b);
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2 || argc == 3, "usage: two_threads PACK [FRAMES]");
  const unsigned frames = argc == 3 ? (unsigned)atoi(argv[2]) : 200;
  espalier_model *model = espalier_model_open(argv[1], NULL);
  REQUIRE(model != NULL, "%s is no pack", argv[1]);
  stream first = make_stream(model, NULL, NULL, 1);
  DONE(espalier_session_run(first.session, first.b.inputs, first.b.input_count, first.b.outputs,
                            first.b.output_count, error));
  const float *expected = first.b.outputs[0];
  run_two_sessions(argv[1], expected, frames);
  const unsigned refused = share_a_session(model, expected, frames);
  bring_workers(model, expected);
  post_frames(0, frames * 5);
  post_frames(1, frames * 5);
  post_frames(3, frames * 5);
  close_from_elsewhere();
  espalier_session_destroy(first.session);
  espalier_model_close(model);
  free_buffers(&first.b);
  printf("two_threads: %u frames of two sessions at once, %u calls refused of %u of one session, %u frames through "
         "mailboxes\n", 2 * frames, refused, 2 * frames, 15 * frames);
  return 0;
}
