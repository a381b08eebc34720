// Opening and closing models, and what a model itself holds.

#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "connx_internal.h"

using connx::fail;
using connx::guarded;

connx_model::~connx_model() {
  if (directory >= 0) close(directory);
}

namespace {

constexpr int kFunctionDefaultField = 11;   // FunctionProto.attribute_proto, ONNX 1.13
constexpr int kFunctionOverloadField = 13;  // FunctionProto.overload, ONNX 1.16

// Closes a file descriptor at the end of its scope.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

// Parses a regular file of at most CONNX_BYTE_LIMIT bytes.
template <typename Message>
bool parse_file(const char *path, Message &message, connx_error *error) {
  const Descriptor file{open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return fail(error, "cannot open '%s': %s", path, std::strerror(errno)), false;
  struct stat status;
  if (fstat(file.number, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(error, "'%s' is not a plain file", path), false;
  if (status.st_size > CONNX_BYTE_LIMIT)
    return fail(error, "'%s' has more than 2 GiB; keep its tensors in a file beside it", path), false;
  google::protobuf::io::FileInputStream stream(file.number);
  if (!message.ParsePartialFromZeroCopyStream(&stream))
    return fail(error, "'%s' is damaged, or not an ONNX file", path), false;
  return true;
}

// Gathers what newer versions of ONNX added to functions and libonnx 1.12 keeps as unknown fields.
void index_functions(connx_model &model) {
  for (const auto &function : model.proto.functions()) {
    connx_model::Function entry{&function, connx::unknown_string(function, kFunctionOverloadField), {}};
    const auto &fields = function.unknown_fields();
    for (int i = 0; i < fields.field_count(); ++i) {
      const auto &field = fields.field(i);
      if (field.number() != kFunctionDefaultField ||
          field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
        continue;
      auto attribute = std::make_unique<onnx::AttributeProto>();
      if (attribute->ParsePartialFromString(field.length_delimited()))
        entry.defaults.push_back(std::move(attribute));
    }
    model.functions.push_back(std::move(entry));
  }
}

// The directory that a path lies in, open; -1 where it cannot be opened.
int open_directory_of(const std::string &path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

}  // namespace

connx_model *connx_model_open(const char *path, connx_error *error) {
  return guarded<connx_model *>(error, nullptr, [&]() -> connx_model * {
    auto model = std::make_unique<connx_model>();
    if (!parse_file(path, model->proto, error)) return nullptr;
    model->directory = open_directory_of(path);
    index_functions(*model);
    return model.release();
  });
}

connx_model *connx_model_parse(const void *bytes, size_t count, connx_error *error) {
  return guarded<connx_model *>(error, nullptr, [&]() -> connx_model * {
    auto model = std::make_unique<connx_model>();
    if (count > static_cast<size_t>(CONNX_BYTE_LIMIT))
      return fail(error, "the model has more than 2 GiB"), nullptr;
    if (!model->proto.ParsePartialFromArray(bytes, static_cast<int>(count)))
      return fail(error, "the bytes are damaged, or not an ONNX file"), nullptr;
    index_functions(*model);
    return model.release();
  });
}

connx_model *connx_model_open_tensor(const char *path, connx_error *error) {
  return guarded<connx_model *>(error, nullptr, [&]() -> connx_model * {
    auto model = std::make_unique<connx_model>();
    if (!parse_file(path, model->tensor, error)) return nullptr;
    model->has_tensor = true;
    return model.release();
  });
}

void connx_model_close(connx_model *model) { delete model; }

int64_t connx_model_ir_version(const connx_model *model) { return model->proto.ir_version(); }

connx_string connx_model_producer_name(const connx_model *model) {
  return connx::view(model->proto.producer_name());
}

connx_string connx_model_producer_version(const connx_model *model) {
  return connx::view(model->proto.producer_version());
}

size_t connx_model_opset_count(const connx_model *model) {
  return static_cast<size_t>(model->proto.opset_import_size());
}

connx_string connx_model_opset_domain(const connx_model *model, size_t index) {
  if (index >= connx_model_opset_count(model)) return {nullptr, 0};
  return connx::view(model->proto.opset_import(static_cast<int>(index)).domain());
}

int64_t connx_model_opset_version(const connx_model *model, size_t index) {
  if (index >= connx_model_opset_count(model)) return 0;
  return model->proto.opset_import(static_cast<int>(index)).version();
}

size_t connx_model_metadata_count(const connx_model *model) {
  return static_cast<size_t>(model->proto.metadata_props_size());
}

connx_string connx_model_metadata_key(const connx_model *model, size_t index) {
  if (index >= connx_model_metadata_count(model)) return {nullptr, 0};
  return connx::view(model->proto.metadata_props(static_cast<int>(index)).key());
}

connx_string connx_model_metadata_value(const connx_model *model, size_t index) {
  if (index >= connx_model_metadata_count(model)) return {nullptr, 0};
  return connx::view(model->proto.metadata_props(static_cast<int>(index)).value());
}

size_t connx_model_function_count(const connx_model *model) { return model->functions.size(); }

const connx_function *connx_model_function(const connx_model *model, size_t index) {
  if (index >= model->functions.size()) return nullptr;
  return reinterpret_cast<const connx_function *>(&model->functions[index]);
}

const connx_graph *connx_model_graph(const connx_model *model) {
  if (!model->proto.has_graph()) return nullptr;
  return reinterpret_cast<const connx_graph *>(&model->proto.graph());
}

const connx_tensor *connx_model_tensor(const connx_model *model) {
  return model->has_tensor ? reinterpret_cast<const connx_tensor *>(&model->tensor) : nullptr;
}
