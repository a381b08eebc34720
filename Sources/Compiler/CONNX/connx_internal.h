#ifndef CONNX_INTERNAL_H
#define CONNX_INTERNAL_H

// What the files of CONNX share: the model behind the handle, casts, and the wall against exceptions.

#undef DEBUG  // SwiftPM defines it in debug builds; a header of libonnx has a member of that name
#include <onnx/onnx_pb.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "connx.h"

struct connx_model {
  onnx::ModelProto proto;
  onnx::TensorProto tensor;
  bool has_tensor = false;
  // The model's directory, open; -1 where there is none.
  int directory = -1;
  // Parsed from fields that libonnx 1.12 does not know.
  struct Function {
    const onnx::FunctionProto *proto;
    std::string overload;
    std::vector<std::unique_ptr<onnx::AttributeProto>> defaults;
  };
  std::vector<Function> functions;

  connx_model() = default;
  connx_model(const connx_model &) = delete;
  connx_model &operator=(const connx_model &) = delete;
  ~connx_model();
};

namespace connx {

template <typename... Arguments>
void fail(connx_error *error, const char *format, Arguments... arguments) {
  if (error == nullptr) return;
  if constexpr (sizeof...(arguments) == 0)
    std::snprintf(error->message, sizeof error->message, "%s", format);
  else
    std::snprintf(error->message, sizeof error->message, format, arguments...);
}

// Runs `body`; whatever it throws becomes an error and `failure`.
template <typename Result, typename Body>
Result guarded(connx_error *error, Result failure, Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    fail(error, "there is not enough memory");
  } catch (const std::exception &exception) {
    fail(error, "%s", exception.what());
  } catch (...) {
    fail(error, "an unknown exception was thrown");
  }
  return failure;
}

inline connx_string view(const std::string &text) { return {text.data(), text.size()}; }

inline const onnx::GraphProto *proto(const connx_graph *graph) {
  return reinterpret_cast<const onnx::GraphProto *>(graph);
}
inline const onnx::NodeProto *proto(const connx_node *node) {
  return reinterpret_cast<const onnx::NodeProto *>(node);
}
inline const onnx::AttributeProto *proto(const connx_attribute *attribute) {
  return reinterpret_cast<const onnx::AttributeProto *>(attribute);
}
inline const onnx::TensorProto *proto(const connx_tensor *tensor) {
  return reinterpret_cast<const onnx::TensorProto *>(tensor);
}
inline const onnx::ValueInfoProto *proto(const connx_value *value) {
  return reinterpret_cast<const onnx::ValueInfoProto *>(value);
}
inline const connx_model::Function *proto(const connx_function *function) {
  return reinterpret_cast<const connx_model::Function *>(function);
}

// The element of a repeated message field, as a handle; NULL beyond its end.
template <typename Handle, typename Field>
const Handle *element(const Field &field, size_t index) {
  if (index >= static_cast<size_t>(field.size())) return nullptr;
  return reinterpret_cast<const Handle *>(&field.Get(static_cast<int>(index)));
}

// The element of a repeated string field; empty beyond its end.
template <typename Field>
connx_string text(const Field &field, size_t index) {
  if (index >= static_cast<size_t>(field.size())) return {nullptr, 0};
  return view(field.Get(static_cast<int>(index)));
}

// The bytes of a length-delimited field that libonnx 1.12 does not know; empty where it is not there.
template <typename Message>
std::string unknown_string(const Message &message, int number) {
  const auto &fields = message.unknown_fields();
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto &field = fields.field(i);
    if (field.number() == number && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      return field.length_delimited();
  }
  return {};
}

}  // namespace connx

#endif
