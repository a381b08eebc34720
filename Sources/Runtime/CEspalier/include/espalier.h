/* Espalier: runs packed models on the CPU.
 *
 * A model is read once and may be shared by any number of sessions and threads; a session runs one frame at a
 * time and belongs to one thread at a time. After a session is made, a frame allocates nothing and takes no
 * lock. Every function may be given NULL for a handle and then fails or does nothing; `error` may always be
 * NULL. Strings are UTF-8 and end with a zero byte.
 */
#ifndef ESPALIER_H
#define ESPALIER_H

#include <stddef.h>
#include <stdint.h>

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
  ESPALIER_THREAD_REFUSED = 5    /* the system refused a worker thread, its core or its priority */
} espalier_status;

/* What went wrong, in words; the caller owns it. Untouched where a function returns ESPALIER_OK. */
typedef struct espalier_error {
  espalier_status status;
  char message[256];
} espalier_error;

typedef struct espalier_model espalier_model;
typedef struct espalier_session espalier_session;

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

/* How a session computes. Initialize with ESPALIER_SESSION_OPTIONS_INIT, then change what matters. */
typedef struct espalier_session_options {
  size_t size;                                /* sizeof(espalier_session_options) */
  uint32_t threads;                           /* that compute a frame, the calling one included; 1 … 256 */
  espalier_instruction_set limit;             /* kernels of no higher instruction set are chosen */
  uint32_t spin_between_frames_microseconds;  /* how long workers wait awake for the next frame */
  int32_t priority;                           /* SCHED_FIFO priority of the workers; 0: the caller's */
  const int32_t *cores;                       /* for the workers, in turn; NULL: anywhere. Read once. */
  size_t core_count;
} espalier_session_options;

#define ESPALIER_SESSION_OPTIONS_INIT \
  { sizeof(espalier_session_options), 1, ESPALIER_ISA_ANY, 50, 0, NULL, 0 }

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

/* Allocates working memory and starts the workers. `options` may be NULL. Returns NULL and fills `error` on
 * failure. */
espalier_session *espalier_session_create(
    const espalier_model *model, const espalier_session_options *options, espalier_error *error);

void espalier_session_destroy(espalier_session *session);

/* Runs one frame. `inputs[i]` holds the elements of input i, `outputs[i]` has room for those of output i; no
 * output overlaps an input. The caller owns all of them; none is kept after the call. */
espalier_status espalier_session_run(
    espalier_session *session, const float *const *inputs, size_t input_count, float *const *outputs,
    size_t output_count, espalier_error *error);

#ifdef __cplusplus
}
#endif

#endif
