// Writing models: protobuf's messages filled from flat C calls.

#include "connx_internal.h"

using connx::fail;
using connx::guarded;

struct connx_writer {
  onnx::ModelProto model;
  // What the last call of connx_writer_node added.
  onnx::NodeProto *node = nullptr;
  std::string bytes;
  // The first thing that went wrong; everything behind it is left undone.
  connx_error error = {{0}};
  bool failed = false;
};

namespace {

std::string string(connx_string text) { return {text.data == nullptr ? "" : text.data, text.size}; }

// Runs `body` unless something went wrong before; what it throws is kept.
template <typename Body>
void keep(connx_writer *writer, Body body) {
  if (writer->failed) return;
  if (!guarded<bool>(&writer->error, false, [&] { return body(), true; })) writer->failed = true;
}

template <typename Body>
void attribute(connx_writer *writer, connx_string name, onnx::AttributeProto::AttributeType type, Body body) {
  keep(writer, [&] {
    auto *attribute = writer->node->add_attribute();
    attribute->set_name(string(name));
    attribute->set_type(type);
    body(*attribute);
  });
}

void describe(onnx::ValueInfoProto *value, connx_string name, int32_t type, const int64_t *extents,
              size_t rank) {
  value->set_name(string(name));
  auto *tensor = value->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  auto *shape = tensor->mutable_shape();
  for (size_t axis = 0; axis < rank; ++axis) shape->add_dim()->set_dim_value(extents[axis]);
}

}  // namespace

connx_writer *connx_writer_new(connx_error *error) {
  return guarded<connx_writer *>(error, nullptr, [] { return new connx_writer; });
}

void connx_writer_free(connx_writer *writer) { delete writer; }

void connx_writer_header(connx_writer *writer, int64_t ir_version, int64_t opset, connx_string producer,
                         connx_string version, connx_string graph) {
  keep(writer, [&] {
    writer->model.set_ir_version(ir_version);
    writer->model.set_producer_name(string(producer));
    writer->model.set_producer_version(string(version));
    writer->model.mutable_graph()->set_name(string(graph));
    auto *import = writer->model.add_opset_import();
    import->set_domain("");
    import->set_version(opset);
  });
}

void connx_writer_metadata(connx_writer *writer, connx_string key, connx_string value) {
  keep(writer, [&] {
    auto *entry = writer->model.add_metadata_props();
    entry->set_key(string(key));
    entry->set_value(string(value));
  });
}

void connx_writer_value(connx_writer *writer, connx_value_role role, connx_string name, int32_t type,
                        const int64_t *extents, size_t rank) {
  keep(writer, [&] {
    auto *graph = writer->model.mutable_graph();
    auto *value = role == CONNX_VALUE_INPUT    ? graph->add_input()
                  : role == CONNX_VALUE_OUTPUT ? graph->add_output()
                                               : graph->add_value_info();
    describe(value, name, type, extents, rank);
  });
}

void connx_writer_initializer(connx_writer *writer, connx_string name, int32_t type, const int64_t *extents,
                              size_t rank, const void *bytes, size_t count) {
  keep(writer, [&] {
    auto *tensor = writer->model.mutable_graph()->add_initializer();
    tensor->set_name(string(name));
    tensor->set_data_type(type);
    for (size_t axis = 0; axis < rank; ++axis) tensor->add_dims(extents[axis]);
    tensor->set_raw_data(std::string(static_cast<const char *>(bytes), count));
  });
}

void connx_writer_node(connx_writer *writer, connx_string name, connx_string type) {
  keep(writer, [&] {
    writer->node = writer->model.mutable_graph()->add_node();
    writer->node->set_name(string(name));
    writer->node->set_op_type(string(type));
  });
}

void connx_writer_node_input(connx_writer *writer, connx_string name) {
  keep(writer, [&] { writer->node->add_input(string(name)); });
}

void connx_writer_node_output(connx_writer *writer, connx_string name) {
  keep(writer, [&] { writer->node->add_output(string(name)); });
}

void connx_writer_int(connx_writer *writer, connx_string name, int64_t value) {
  attribute(writer, name, onnx::AttributeProto::INT, [&](auto &message) { message.set_i(value); });
}

void connx_writer_float(connx_writer *writer, connx_string name, float value) {
  attribute(writer, name, onnx::AttributeProto::FLOAT, [&](auto &message) { message.set_f(value); });
}

void connx_writer_string(connx_writer *writer, connx_string name, connx_string value) {
  attribute(writer, name, onnx::AttributeProto::STRING, [&](auto &message) { message.set_s(string(value)); });
}

void connx_writer_ints(connx_writer *writer, connx_string name, connx_ints values) {
  attribute(writer, name, onnx::AttributeProto::INTS, [&](auto &message) {
    for (size_t index = 0; index < values.count; ++index) message.add_ints(values.data[index]);
  });
}

void connx_writer_floats(connx_writer *writer, connx_string name, connx_floats values) {
  attribute(writer, name, onnx::AttributeProto::FLOATS, [&](auto &message) {
    for (size_t index = 0; index < values.count; ++index) message.add_floats(values.data[index]);
  });
}

bool connx_writer_bytes(connx_writer *writer, connx_string *bytes, connx_error *error) {
  keep(writer, [&] {
    if (writer->model.ByteSizeLong() > static_cast<size_t>(CONNX_BYTE_LIMIT)) {
      fail(&writer->error, "it would have more than 2 GiB");
      writer->failed = true;
    } else if (!writer->model.SerializeToString(&writer->bytes)) {
      fail(&writer->error, "protobuf cannot write it");
      writer->failed = true;
    }
  });
  if (writer->failed && error != nullptr) *error = writer->error;
  if (!writer->failed) *bytes = connx::view(writer->bytes);
  return !writer->failed;
}
