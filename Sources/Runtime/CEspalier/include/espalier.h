/* Espalier: runs packed models on the CPU.
 *
 * A model is read once and may be shared by any number of sessions and threads; a session runs one frame at a
 * time and belongs to one thread at a time. A call beside another call of the same session, or from a callback of it,
 * fails with ESPALIER_NOT_NOW, but for the functions that any thread may call. After a session is made, a frame
 * allocates nothing and takes no lock. Times are nanoseconds of CLOCK_MONOTONIC. Structures that may grow begin with
 * their size: initialize them with the macro beside them. Every function may be given NULL for a handle and then fails
 * or does nothing; `error` may always be NULL. Strings are UTF-8 and end with a zero byte.
 */
#ifndef ESPALIER_H
#define ESPALIER_H

#include <stddef.h>
#include <stdint.h>

#include "espalier_picture.h"
#include "espalier_result.h"
#include "espalier_verification.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Grows by one whenever a program compiled against an older header would break. */
#define ESPALIER_ABI_VERSION 1

typedef enum espalier_status {
  ESPALIER_OK = 0,
  ESPALIER_INVALID_ARGUMENT = 1, /* NULL, an index out of range, a wrong count */
  ESPALIER_UNREADABLE = 2,       /* the system refused to open or map the file */
  ESPALIER_INVALID_MODEL = 3,    /* not a packed file, damaged, or made for another runtime */
  ESPALIER_OUT_OF_MEMORY = 4,
  ESPALIER_THREAD_REFUSED = 5,   /* the system refused a thread, its core or its priority */
  ESPALIER_NOT_NOW = 6,          /* nothing came in time, no room, a closed mailbox, a session in use */
  ESPALIER_WRONG_RESULT = 7      /* a pack does not give here what it gave where it was made */
} espalier_status;

/* What went wrong, in words; the caller owns it. Untouched where a function returns ESPALIER_OK. */
typedef struct espalier_error {
  espalier_status status;
  char message[256];
} espalier_error;

typedef struct espalier_model espalier_model;
typedef struct espalier_session espalier_session;
typedef struct espalier_mailbox espalier_mailbox;

/* A number or a time that nobody gave. */
#define ESPALIER_UNKNOWN UINT64_MAX

/* An input or output: float32, row by row, in the layout of the ONNX model. The pointers live as long as the
 * model. */
typedef struct espalier_port {
  const char *name;
  const int64_t *shape; /* `rank` extents, outermost first */
  size_t rank;
  size_t element_count; /* product of the extents */
  uint64_t reserved[4];
} espalier_port;

typedef enum espalier_instruction_set {
  ESPALIER_ISA_ANY = 0, /* whatever the processor has */
  ESPALIER_ISA_SCALAR = 1,
  ESPALIER_ISA_AVX2 = 2,
  ESPALIER_ISA_AVX512 = 3,
  ESPALIER_ISA_NEON = 4    /* alone: without SDOT and USMMLA */
} espalier_instruction_set;

typedef enum espalier_scheduling {
  ESPALIER_SCHED_OTHER = 0, /* of options: as the caller is scheduled */
  ESPALIER_SCHED_FIFO = 1,
  ESPALIER_SCHED_RR = 2
} espalier_scheduling;

/* For `spin_between_frames_microseconds`: workers never sleep. */
#define ESPALIER_SPIN_FOREVER UINT32_MAX

/* How a session computes. Initialize with ESPALIER_SESSION_OPTIONS_INIT, then change what matters. */
typedef struct espalier_session_options {
  size_t size;                                /* sizeof(espalier_session_options) */
  uint32_t threads;                           /* that compute a frame, the calling one included; 1 … 256 */
  espalier_instruction_set limit;             /* kernels of no higher instruction set are chosen */
  uint32_t spin_between_frames_microseconds;  /* how long workers wait awake for the next frame */
  int32_t priority;                           /* real-time priority of the workers; 0: the caller's */
  const int32_t *cores;                       /* for the workers, in turn; NULL: off the caller's. Read once. */
  size_t core_count;
  espalier_scheduling scheduling;             /* with a priority: FIFO, or RR; OTHER means FIFO */
  int32_t calling_core;                       /* espalier_session_prepare pins its thread there; -1: it does not */
  int32_t places_calling_thread;              /* not 0: it also gives its thread the priority */
  int32_t workers_from_caller;                /* not 0: no worker is started; see espalier_session_worker_run */
} espalier_session_options;

#define ESPALIER_SESSION_OPTIONS_INIT \
  { sizeof(espalier_session_options), 1, ESPALIER_ISA_ANY, 50, 0, NULL, 0, ESPALIER_SCHED_FIFO, -1, 0, 0 }

/* What the caller knows of a frame and wants of it. */
typedef struct espalier_frame {
  size_t size;                   /* sizeof(espalier_frame) */
  uint64_t deadline_nanoseconds; /* when the outputs must be there; ESPALIER_UNKNOWN: whenever they are */
  uint64_t budget_nanoseconds;   /* the same, from the beginning of the call; of both the earlier one counts */
  uint64_t sequence;             /* counts the camera's frames; ESPALIER_UNKNOWN: not numbered */
  uint64_t captured_nanoseconds; /* when the picture was taken; ESPALIER_UNKNOWN: nobody knows */
} espalier_frame;

#define ESPALIER_FRAME_INIT \
  { sizeof(espalier_frame), ESPALIER_UNKNOWN, ESPALIER_UNKNOWN, ESPALIER_UNKNOWN, ESPALIER_UNKNOWN }

typedef enum espalier_outcome {
  ESPALIER_MET = 0,       /* all outputs were complete at the deadline, or there was none */
  ESPALIER_LATE = 1,      /* all outputs are complete, but too late */
  ESPALIER_CANCELLED = 2, /* the deadline passed while there was work left; the outputs hold anything */
  ESPALIER_SKIPPED = 3    /* nothing was begun, the outputs are untouched */
} espalier_outcome;

typedef enum espalier_skip_reason {
  ESPALIER_NOT_SKIPPED = 0,
  ESPALIER_DEADLINE_PASSED = 1 /* before the call began */
} espalier_skip_reason;

/* What became of a frame. */
typedef struct espalier_verdict {
  size_t size; /* sizeof(espalier_verdict) */
  espalier_outcome outcome;
  espalier_skip_reason skip_reason;
  uint32_t level;                /* 0: the whole network was run; more: a smaller one of the same pack */
  uint32_t reserved;
  uint64_t late_nanoseconds;     /* how much too late, where it is LATE */
  uint64_t cancelled_call;       /* the first call that lacks work, where it is CANCELLED; see
                                    espalier_model_call_name */
  uint64_t model_nanoseconds;    /* from the first kernel's beginning until all threads were done */
  uint64_t overhead_nanoseconds; /* the rest of the call */
  uint64_t age_nanoseconds;      /* of the picture when the call returned; ESPALIER_UNKNOWN: nobody knows */
  uint64_t sequence_gap;         /* frames missing before this one, by their numbers */
} espalier_verdict;

#define ESPALIER_VERDICT_INIT \
  { sizeof(espalier_verdict), ESPALIER_MET, ESPALIER_NOT_SKIPPED, 0, 0, 0, ESPALIER_UNKNOWN, 0, 0, ESPALIER_UNKNOWN, 0 }

/* What became of a session's frames so far; each has one outcome. */
typedef struct espalier_counters {
  size_t size; /* sizeof(espalier_counters) */
  uint64_t frames, met, late, cancelled, skipped;
  uint64_t degraded; /* frames that were given a smaller network, whatever came of them */
  uint64_t missing;  /* frames missing by their numbers */
} espalier_counters;

#define ESPALIER_COUNTERS_INIT \
  { sizeof(espalier_counters), 0, 0, 0, 0, 0, 0, 0 }

/* What a session really got from the system. */
typedef struct espalier_facts {
  size_t size;                        /* sizeof(espalier_facts) */
  uint32_t threads;                   /* that are there: the calling one and the workers */
  uint32_t lock_error;                /* errno where the system refused to lock memory, otherwise 0 */
  const char *instruction_set;        /* lives as long as the library */
  uint64_t memory_bytes;              /* arena and every thread's scratch */
  uint64_t weight_bytes;
  uint64_t locked_bytes;              /* that cannot be paged out any more */
  uint64_t huge_page_bytes;           /* of the arena; ESPALIER_UNKNOWN: the system does not say */
  uint64_t checkpoint_nanoseconds;    /* longest time between two looks at the deadline, measured by prepare */
} espalier_facts;

#define ESPALIER_FACTS_INIT \
  { sizeof(espalier_facts), 0, 0, NULL, 0, 0, 0, ESPALIER_UNKNOWN, 0 }

/* Where and how one thread of a session runs. */
typedef struct espalier_thread {
  size_t size;                    /* sizeof(espalier_thread) */
  int32_t core;                   /* the only one that it may run on; -1: there are several */
  uint32_t core_count;
  espalier_scheduling scheduling;
  int32_t priority;
  int32_t flushes_subnormals;     /* not 0: subnormal results are zero while it computes */
} espalier_thread;

#define ESPALIER_THREAD_INIT \
  { sizeof(espalier_thread), -1, 0, ESPALIER_SCHED_OTHER, 0, 0 }

/* What can be wrong with a tensor. */
typedef enum espalier_rule {
  ESPALIER_RULE_NOT_FINITE = 0, /* it holds a NaN or an infinity */
  ESPALIER_RULE_CONSTANT = 1,   /* all its elements are the same, which no calibration frame had */
  ESPALIER_RULE_FROZEN = 2,     /* it is the same as in the watched frame before */
  ESPALIER_RULE_SATURATED = 3,  /* more of its elements are at the ends of their range than of any calibration frame */
  ESPALIER_RULE_DRIFTED = 4,    /* its mean has left that of the calibration frames */
  ESPALIER_RULE_SPREAD = 5      /* its elements spread otherwise than those of the calibration frames */
} espalier_rule;

/* A rule that a tensor has begun or ceased to break, and what the frame showed of it. */
typedef struct espalier_alarm {
  size_t size;              /* sizeof(espalier_alarm) */
  espalier_rule rule;
  int32_t raised;           /* 0: the alarm is withdrawn */
  size_t tensor;            /* counted among the pack's watched tensors */
  const char *tensor_name;  /* lives until the session is watched otherwise or ends */
  uint64_t watched_frames;  /* so far, this one included */
  uint64_t elements;
  uint64_t not_finite;      /* of the elements; the following is said of the others */
  float mean, standard_deviation, least, largest;
  float saturated_share;
  float drift;              /* of the mean from calibration, in standard deviations; NaN without calibration */
} espalier_alarm;

/* How tensors are watched. Initialize with ESPALIER_WATCH_OPTIONS_INIT, then change what matters. */
typedef struct espalier_watch_options {
  size_t size;              /* sizeof(espalier_watch_options) */
  uint32_t interval;        /* one of so many frames is watched; 0: none */
  uint32_t confirmations;   /* an alarm is raised when so many … */
  uint32_t window;          /* … of the last so many watched frames were wrong, and withdrawn when none is; 1 … 64 */
  float saturation_factor;  /* saturated: more than so many times the share of the worst calibration frame … */
  float saturation_offset;  /* … plus this share */
  float drift_limit;        /* drifted: so many standard deviations outside the means of calibration frames */
  float spread_factor;      /* spread: a deviation so many times above the largest or below the least of them */
  void (*alarm)(const espalier_alarm *alarm, void *context); /* may be NULL */
  void *context;            /* for `alarm` */
} espalier_watch_options;

#define ESPALIER_WATCH_OPTIONS_INIT \
  { sizeof(espalier_watch_options), 30, 3, 5, 2.0f, 0.02f, 0.1f, 1.2f, NULL, NULL }

/* ESPALIER_ABI_VERSION of the library. */
uint32_t espalier_abi_version(void);

/* Maps and checks a packed file. Do not overwrite the file in place while the model is open; rename a new one
 * over it instead. Returns NULL and fills `error` on failure. */
espalier_model *espalier_model_open(const char *path, espalier_error *error);

/* The same for a packed file in memory. The bytes are not copied: they begin at a 64-byte boundary and stay
 * unchanged until the model and all of its sessions are closed. */
espalier_model *espalier_model_open_memory(const void *bytes, size_t count, espalier_error *error);

/* The model's memory ends when its last session ends, too. */
void espalier_model_close(espalier_model *model);

size_t espalier_model_input_count(const espalier_model *model);
size_t espalier_model_output_count(const espalier_model *model);
espalier_status espalier_model_input(
    const espalier_model *model, size_t index, espalier_port *port, espalier_error *error);
espalier_status espalier_model_output(
    const espalier_model *model, size_t index, espalier_port *port, espalier_error *error);

/* The name of a kernel call, for verdicts; lives as long as the model. NULL where there is no such call. Any thread
 * may call it. */
const char *espalier_model_call_name(const espalier_model *model, size_t call);

/* Verifies the checksums of the pack anew and replays its golden vectors, which `espalier compile` puts into it, on every
 * instruction set of this processor up to `limit`, with `threads` threads, 0: with 1, 2, 3 and 4. ESPALIER_OK: all is as it
 * was where the pack was made, or `levels` is 0, the pack has no vectors. ESPALIER_WRONG_RESULT: some outputs are not.
 * `verification` may be NULL; it is filled in both cases. The caller owns it. Makes sessions of its own, allocates, and
 * takes many frames' time. Any thread may call it, beside sessions of the model too. */
espalier_status espalier_model_verify(
    const espalier_model *model, espalier_instruction_set limit, uint32_t threads,
    espalier_verification *verification, espalier_error *error);

/* Allocates working memory and starts the workers. `options` may be NULL. Returns NULL and fills `error` on
 * failure. The caller owns the session and ends it with espalier_session_destroy. */
espalier_session *espalier_session_create(
    const espalier_model *model, const espalier_session_options *options, espalier_error *error);

/* Ends the session and its workers. No other call with it may be running, except espalier_session_worker_run, which
 * then returns. */
void espalier_session_destroy(espalier_session *session);

/* Makes the next frame as fast as any later one: places the calling thread as the options say, makes stack and
 * weights present, waits for the workers, runs `warm_up_frames` frames of zeros, measures the longest time between
 * two looks at the deadline. `locks_memory` not 0: keeps the session's memory from being paged out; where the system
 * refuses, the facts say so and it is no error. `facts` may be NULL. Call it on the thread that will run the frames,
 * while no other call of the session runs. */
espalier_status espalier_session_prepare(
    espalier_session *session, uint32_t warm_up_frames, int32_t locks_memory, espalier_facts *facts,
    espalier_error *error);

/* Describes thread `index` of `facts.threads`, 0 the calling one. The same rule for threads as for a frame. */
espalier_status espalier_session_thread(
    espalier_session *session, size_t index, espalier_thread *thread, espalier_error *error);

/* For options with `workers_from_caller`: computes one worker's share of every frame on the calling thread, and
 * returns when the session is destroyed. Call it on `threads - 1` threads of yours; core and priority are your
 * business. Until all are there, frames are computed on the thread that runs them alone, to the same bits. Every call
 * must have begun before the session is destroyed; join the threads after that. */
espalier_status espalier_session_worker_run(espalier_session *session, espalier_error *error);

/* Fills `counters`. Any thread may call it at any time while the session exists; nobody waits. */
espalier_status espalier_session_counters(
    const espalier_session *session, espalier_counters *counters, espalier_error *error);

/* Runs one frame. `inputs[i]` holds the elements of input i, `outputs[i]` has room for those of output i; no
 * output overlaps an input. The caller owns all of them; none is kept after the call. */
espalier_status espalier_session_run(
    espalier_session *session, const float *const *inputs, size_t input_count, float *const *outputs,
    size_t output_count, espalier_error *error);

/* The same against a deadline, which is looked at between pieces of work. `frame` may be NULL: no deadline. ESPALIER_OK
 * says that there is a verdict; only MET and LATE say that the outputs hold this frame's results. After a cancelled
 * frame the session is at once ready for the next one. The caller owns `frame` and `verdict`; one thread at a time. */
espalier_status espalier_session_run_deadline(
    espalier_session *session, const float *const *inputs, size_t input_count, float *const *outputs,
    size_t output_count, const espalier_frame *frame, espalier_verdict *verdict, espalier_error *error);

/* How pictures become input `index`, as the pack says; `input->size` is set before. ESPALIER_INVALID_ARGUMENT where the
 * pack does not say it. The caller owns `input`. Any thread may call it. */
espalier_status espalier_model_picture_input(
    const espalier_model *model, size_t index, espalier_picture_input *input, espalier_error *error);

/* Says the same for one session, in the place of what the pack says. Allocates; call it between frames, on the thread
 * that runs them. Nothing of `input` is kept. */
espalier_status espalier_session_set_picture_input(
    espalier_session *session, size_t index, const espalier_picture_input *input, espalier_error *error);

/* Runs one frame from pictures, one for each input, as espalier_session_run_deadline does from tensors: colors, size,
 * numbers and quantization are converted in one pass, which counts as part of the model's time. A picture of another size
 * than the one before it costs some microseconds more; nothing is allocated. `outputs` may be NULL with a count of 0:
 * the session then keeps the results itself. The caller owns everything; none of it is kept after the call. */
espalier_status espalier_session_run_pictures(
    espalier_session *session, const espalier_picture *pictures, size_t picture_count, float *const *outputs,
    size_t output_count, const espalier_frame *frame, espalier_verdict *verdict, espalier_error *error);

/* What the network finds. Any thread may call it. */
espalier_result_kind espalier_model_result_kind(const espalier_model *model);

/* Names of the classes: as many as the pack has, possibly fewer than there are classes; NULL where it has none of that
 * class. They live as long as the model. Any thread may call these. */
size_t espalier_model_label_count(const espalier_model *model);
const char *espalier_model_label(const espalier_model *model, size_t class_index);

/* Reads results by other thresholds from now on, those of the last frame too. Allocates. Call it while no other call of
 * the session runs. The caller owns `options`. */
espalier_status espalier_session_set_result_options(
    espalier_session *session, const espalier_result_options *options, espalier_error *error);

/* Results of the last frame that was met or late, whatever became of frames after it. The frame must have been run
 * without buffers for outputs, with `outputs` NULL and a count of 0: the session then keeps them. The first two fill at
 * most `capacity` elements, the likeliest first, and set `count` to how many there are; `boxes` and `classes` may be NULL
 * where `capacity` is 0. The caller owns what is filled. They allocate nothing; the same rule for threads as for a
 * frame. */
espalier_status espalier_session_boxes(
    espalier_session *session, espalier_box *boxes, size_t capacity, size_t *count, espalier_error *error);
espalier_status espalier_session_classes(
    espalier_session *session, espalier_class *classes, size_t capacity, size_t *count, espalier_error *error);

/* The same for mask `index`, such as drivable area 0 and lanes 1: one class a pixel, stretched to `width` x `height`
 * pixels that cover the picture; rows begin `stride` bytes apart, and what is between them is left alone. */
espalier_status espalier_session_mask(
    espalier_session *session, size_t index, uint8_t *mask, uint32_t width, uint32_t height, size_t stride,
    espalier_error *error);

/* Gathers statistics of the tensors that the pack names (`espalier compile --watch`) in one of so many frames, from the
 * next frame on, and holds them against those of the calibration frames. Outputs stay the same to the bit. `alarm` is
 * called on the thread that runs the frame, before that call returns, and must not use the session; what it gets is
 * gone afterwards. Call it while no other call of the session runs. */
espalier_status espalier_session_watch(
    espalier_session *session, const espalier_watch_options *options, espalier_error *error);

/* Writes counts of frames, statistics of watched tensors and alarms as Prometheus text (exposition format 0.0.4), cut
 * to `capacity` bytes with the zero byte at its end. Returns the bytes of the whole text without the zero byte, so that
 * it fits where the result is less than `capacity`; 0 while another call of the session runs. Allocates nothing. */
size_t espalier_session_metrics(espalier_session *session, char *text, size_t capacity);

/* Hands frames from one thread, the producer, to another, the consumer, without locks. `capacity` 0: the newest frame
 * waits, and replaces one that nobody has taken; otherwise so many wait in order. Returns NULL and fills `error` on
 * failure. The caller owns the mailbox and ends it with espalier_mailbox_destroy. */
espalier_mailbox *espalier_mailbox_create(size_t frame_bytes, uint32_t capacity, espalier_error *error);

/* Ends the mailbox and its buffers; no other call with it may be running. */
void espalier_mailbox_destroy(espalier_mailbox *mailbox);

/* A buffer to write the next frame to, 64-byte aligned; the same one until espalier_mailbox_publish. Waits so long
 * while a queue is full; then, and when the mailbox is closed, returns NULL, and the frame counts as dropped. The
 * mailbox owns the buffer. One producer thread at a time. */
void *espalier_mailbox_reserve(espalier_mailbox *mailbox, uint64_t timeout_nanoseconds);

/* Hands the reserved buffer over. `frame` may be NULL: number and time (now) are filled in. ESPALIER_NOT_NOW: the
 * mailbox is closed, or no buffer reserved. One producer thread at a time. */
espalier_status espalier_mailbox_publish(espalier_mailbox *mailbox, const espalier_frame *frame);

/* The next frame, and its number and time in `frame`, which may be NULL; gives the frame that was taken before back.
 * Waits so long for one, ESPALIER_UNKNOWN: forever. NULL: none came, or the mailbox is closed and empty. The mailbox
 * owns the bytes; they stay as they are until the next call. One consumer thread at a time. */
const void *espalier_mailbox_take(espalier_mailbox *mailbox, uint64_t timeout_nanoseconds, espalier_frame *frame);

/* Ends the waiting of both sides; frames that wait may still be taken. Any thread may call it. */
void espalier_mailbox_close(espalier_mailbox *mailbox);

/* Counts of frames since the beginning: handed over; replaced or refused; taken. Any may be NULL. Any thread may call
 * it. */
void espalier_mailbox_counts(
    const espalier_mailbox *mailbox, uint64_t *published, uint64_t *dropped, uint64_t *taken);

#ifdef __cplusplus
}
#endif

#endif
