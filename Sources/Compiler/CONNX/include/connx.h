#ifndef CONNX_H
#define CONNX_H

/* ONNX files as flat C: opaque handles, views into them, no C++ and no exception across this line.
 *
 * A `connx_model` owns everything that is reached from it; handles and views live as long as it does.
 * An index at or beyond the count that the function next to it returns gives NULL, 0 or an empty view.
 * A function that can fail returns NULL or false and fills `error`, which may be NULL. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct connx_model connx_model;
typedef struct connx_graph connx_graph;
typedef struct connx_node connx_node;
typedef struct connx_attribute connx_attribute;
typedef struct connx_tensor connx_tensor;
typedef struct connx_value connx_value;
typedef struct connx_function connx_function;

/* Bytes of a string, not terminated; nothing vouches for UTF-8. */
typedef struct {
  const char *data;
  size_t size;
} connx_string;

typedef struct {
  const int64_t *data;
  size_t count;
} connx_ints;

typedef struct {
  const float *data;
  size_t count;
} connx_floats;

/* A sentence, terminated; cut off where it is longer. */
typedef struct {
  char message[512];
} connx_error;

/* Files and messages of more bytes than this are refused: protobuf's own limit. */
#define CONNX_BYTE_LIMIT ((int64_t)INT32_MAX)

/* --- Model ------------------------------------------------------------------------------------------- */

/* Reads a file; tensors kept outside it are looked for in its directory. */
connx_model *connx_model_open(const char *path, connx_error *error);
/* Reads bytes, which are not kept; a tensor kept outside them is an error. */
connx_model *connx_model_parse(const void *bytes, size_t count, connx_error *error);
/* Reads a file that holds one tensor (a TensorProto), as the ONNX node tests have them. */
connx_model *connx_model_open_tensor(const char *path, connx_error *error);
void connx_model_close(connx_model *model);

int64_t connx_model_ir_version(const connx_model *model);
connx_string connx_model_producer_name(const connx_model *model);
connx_string connx_model_producer_version(const connx_model *model);
size_t connx_model_opset_count(const connx_model *model);
connx_string connx_model_opset_domain(const connx_model *model, size_t index);
int64_t connx_model_opset_version(const connx_model *model, size_t index);
size_t connx_model_metadata_count(const connx_model *model);
connx_string connx_model_metadata_key(const connx_model *model, size_t index);
connx_string connx_model_metadata_value(const connx_model *model, size_t index);
size_t connx_model_function_count(const connx_model *model);
const connx_function *connx_model_function(const connx_model *model, size_t index);
/* NULL where the file has none. */
const connx_graph *connx_model_graph(const connx_model *model);
/* The tensor of `connx_model_open_tensor`; NULL otherwise. */
const connx_tensor *connx_model_tensor(const connx_model *model);

/* --- Graph ------------------------------------------------------------------------------------------- */

connx_string connx_graph_name(const connx_graph *graph);
size_t connx_graph_input_count(const connx_graph *graph);
const connx_value *connx_graph_input(const connx_graph *graph, size_t index);
size_t connx_graph_output_count(const connx_graph *graph);
const connx_value *connx_graph_output(const connx_graph *graph, size_t index);
size_t connx_graph_initializer_count(const connx_graph *graph);
const connx_tensor *connx_graph_initializer(const connx_graph *graph, size_t index);
size_t connx_graph_sparse_initializer_count(const connx_graph *graph);
connx_string connx_graph_sparse_initializer_name(const connx_graph *graph, size_t index);
size_t connx_graph_node_count(const connx_graph *graph);
const connx_node *connx_graph_node(const connx_graph *graph, size_t index);

connx_string connx_value_name(const connx_value *value);
/* Whether the value is a dense tensor (not a sequence, map, optional or sparse tensor). */
bool connx_value_is_tensor(const connx_value *value);
/* TensorProto.DataType; 0 where unknown. */
int32_t connx_value_data_type(const connx_value *value);
bool connx_value_has_shape(const connx_value *value);
size_t connx_value_rank(const connx_value *value);
/* The extent along an axis: -1 where it is unknown, symbolic or negative (2^64-1 is how some write -1). */
int64_t connx_value_extent(const connx_value *value, size_t axis);
/* The name of a symbolic extent; empty where it has none. */
connx_string connx_value_symbol(const connx_value *value, size_t axis);

/* --- Node -------------------------------------------------------------------------------------------- */

connx_string connx_node_name(const connx_node *node);
connx_string connx_node_type(const connx_node *node);
connx_string connx_node_domain(const connx_node *node);
/* Which of several functions of one name is called; mostly empty. */
connx_string connx_node_overload(const connx_node *node);
size_t connx_node_input_count(const connx_node *node);
connx_string connx_node_input(const connx_node *node, size_t index);
size_t connx_node_output_count(const connx_node *node);
connx_string connx_node_output(const connx_node *node, size_t index);
size_t connx_node_attribute_count(const connx_node *node);
const connx_attribute *connx_node_attribute(const connx_node *node, size_t index);

typedef enum {
  CONNX_ATTRIBUTE_NONE = 0,
  CONNX_ATTRIBUTE_FLOAT = 1,
  CONNX_ATTRIBUTE_INT = 2,
  CONNX_ATTRIBUTE_STRING = 3,
  CONNX_ATTRIBUTE_TENSOR = 4,
  CONNX_ATTRIBUTE_GRAPH = 5,
  CONNX_ATTRIBUTE_FLOATS = 6,
  CONNX_ATTRIBUTE_INTS = 7,
  CONNX_ATTRIBUTE_STRINGS = 8,
  CONNX_ATTRIBUTE_SPARSE_TENSOR = 11,
  /* Anything else that ONNX has (lists of tensors and graphs, types). */
  CONNX_ATTRIBUTE_OTHER = 100
} connx_attribute_kind;

connx_string connx_attribute_name(const connx_attribute *attribute);
/* The attribute of the enclosing function whose value this one takes; empty for an ordinary one. */
connx_string connx_attribute_reference(const connx_attribute *attribute);
/* From the type that the file states, or, where it states none, from the field that is filled. */
connx_attribute_kind connx_attribute_get_kind(const connx_attribute *attribute);
int64_t connx_attribute_int(const connx_attribute *attribute);
float connx_attribute_float(const connx_attribute *attribute);
connx_string connx_attribute_string(const connx_attribute *attribute);
const connx_tensor *connx_attribute_tensor(const connx_attribute *attribute);
const connx_graph *connx_attribute_graph(const connx_attribute *attribute);
connx_ints connx_attribute_ints(const connx_attribute *attribute);
connx_floats connx_attribute_floats(const connx_attribute *attribute);
size_t connx_attribute_string_count(const connx_attribute *attribute);
connx_string connx_attribute_string_at(const connx_attribute *attribute, size_t index);

/* --- Function ---------------------------------------------------------------------------------------- */

connx_string connx_function_name(const connx_function *function);
connx_string connx_function_domain(const connx_function *function);
connx_string connx_function_overload(const connx_function *function);
size_t connx_function_input_count(const connx_function *function);
connx_string connx_function_input(const connx_function *function, size_t index);
size_t connx_function_output_count(const connx_function *function);
connx_string connx_function_output(const connx_function *function, size_t index);
/* Attributes that a call may leave out, with their values. */
size_t connx_function_default_count(const connx_function *function);
const connx_attribute *connx_function_default(const connx_function *function, size_t index);
size_t connx_function_opset_count(const connx_function *function);
connx_string connx_function_opset_domain(const connx_function *function, size_t index);
int64_t connx_function_opset_version(const connx_function *function, size_t index);
size_t connx_function_node_count(const connx_function *function);
const connx_node *connx_function_node(const connx_function *function, size_t index);

/* --- Tensor ------------------------------------------------------------------------------------------ */

connx_string connx_tensor_name(const connx_tensor *tensor);
/* TensorProto.DataType. */
int32_t connx_tensor_data_type(const connx_tensor *tensor);
connx_ints connx_tensor_dimensions(const connx_tensor *tensor);
/* Checks that the payload (in the message, or in a plain file inside the model's directory, reached over no
 * link) is of a type that can be read and holds exactly the elements that the dimensions ask for.
 * On success `*count` elements may be read. */
bool connx_tensor_check(const connx_model *model, const connx_tensor *tensor, size_t *count,
                        connx_error *error);
/* Reads float, double, float16 and bfloat16 elements. `count` must be what `connx_tensor_check` gave. */
bool connx_tensor_read_floats(const connx_model *model, const connx_tensor *tensor, float *floats,
                              size_t count, connx_error *error);
/* Reads integer and bool elements; uint64 keeps its bits. `count` must be what `connx_tensor_check` gave. */
bool connx_tensor_read_integers(const connx_model *model, const connx_tensor *tensor, int64_t *integers,
                                size_t count, connx_error *error);

/* --- Writing ----------------------------------------------------------------------------------------- */

/* A model in the making. Nothing that is passed in is kept. Where a call fails (memory), the calls behind it do
 * nothing, and `connx_writer_bytes` says what happened. */
typedef struct connx_writer connx_writer;

connx_writer *connx_writer_new(connx_error *error);
void connx_writer_free(connx_writer *writer);

/* Called first, once: ONNX's own operators in version `opset`. */
void connx_writer_header(connx_writer *writer, int64_t ir_version, int64_t opset, connx_string producer,
                         connx_string version, connx_string graph);
void connx_writer_metadata(connx_writer *writer, connx_string key, connx_string value);

typedef enum { CONNX_VALUE_INPUT, CONNX_VALUE_OUTPUT, CONNX_VALUE_BETWEEN } connx_value_role;

/* `type` is TensorProto.DataType here and below. */
void connx_writer_value(connx_writer *writer, connx_value_role role, connx_string name, int32_t type,
                        const int64_t *extents, size_t rank);
/* `bytes` are the elements row by row, little-endian. */
void connx_writer_initializer(connx_writer *writer, connx_string name, int32_t type, const int64_t *extents,
                              size_t rank, const void *bytes, size_t count);

/* Adds a node; the calls below belong to the last one. An empty name leaves an optional input out. */
void connx_writer_node(connx_writer *writer, connx_string name, connx_string type);
void connx_writer_node_input(connx_writer *writer, connx_string name);
void connx_writer_node_output(connx_writer *writer, connx_string name);
void connx_writer_int(connx_writer *writer, connx_string name, int64_t value);
void connx_writer_float(connx_writer *writer, connx_string name, float value);
void connx_writer_string(connx_writer *writer, connx_string name, connx_string value);
void connx_writer_ints(connx_writer *writer, connx_string name, connx_ints values);
void connx_writer_floats(connx_writer *writer, connx_string name, connx_floats values);

/* The file's bytes, which live until the next call: the same calls give the same bytes. */
bool connx_writer_bytes(connx_writer *writer, connx_string *bytes, connx_error *error);

#ifdef __cplusplus
}
#endif

#endif
