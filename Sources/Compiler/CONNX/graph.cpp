// Graphs, values, nodes, attributes and functions: views of protobuf's messages.

#include "connx_internal.h"

using connx::element;
using connx::proto;
using connx::text;
using connx::view;

namespace {
constexpr int kNodeOverloadField = 8;  // NodeProto.overload, ONNX 1.16
}

connx_string connx_graph_name(const connx_graph *graph) { return view(proto(graph)->name()); }

size_t connx_graph_input_count(const connx_graph *graph) {
  return static_cast<size_t>(proto(graph)->input_size());
}
const connx_value *connx_graph_input(const connx_graph *graph, size_t index) {
  return element<connx_value>(proto(graph)->input(), index);
}

size_t connx_graph_output_count(const connx_graph *graph) {
  return static_cast<size_t>(proto(graph)->output_size());
}
const connx_value *connx_graph_output(const connx_graph *graph, size_t index) {
  return element<connx_value>(proto(graph)->output(), index);
}

size_t connx_graph_initializer_count(const connx_graph *graph) {
  return static_cast<size_t>(proto(graph)->initializer_size());
}
const connx_tensor *connx_graph_initializer(const connx_graph *graph, size_t index) {
  return element<connx_tensor>(proto(graph)->initializer(), index);
}

size_t connx_graph_sparse_initializer_count(const connx_graph *graph) {
  return static_cast<size_t>(proto(graph)->sparse_initializer_size());
}
connx_string connx_graph_sparse_initializer_name(const connx_graph *graph, size_t index) {
  if (index >= connx_graph_sparse_initializer_count(graph)) return {nullptr, 0};
  return view(proto(graph)->sparse_initializer(static_cast<int>(index)).values().name());
}

size_t connx_graph_node_count(const connx_graph *graph) {
  return static_cast<size_t>(proto(graph)->node_size());
}
const connx_node *connx_graph_node(const connx_graph *graph, size_t index) {
  return element<connx_node>(proto(graph)->node(), index);
}

// --- Values ---------------------------------------------------------------------------------------------

namespace {
const onnx::TensorShapeProto &shape(const connx_value *value) {
  return proto(value)->type().tensor_type().shape();
}
}  // namespace

connx_string connx_value_name(const connx_value *value) { return view(proto(value)->name()); }
bool connx_value_is_tensor(const connx_value *value) { return proto(value)->type().has_tensor_type(); }
int32_t connx_value_data_type(const connx_value *value) {
  return proto(value)->type().tensor_type().elem_type();
}
bool connx_value_has_shape(const connx_value *value) {
  return proto(value)->type().has_tensor_type() && proto(value)->type().tensor_type().has_shape();
}
size_t connx_value_rank(const connx_value *value) { return static_cast<size_t>(shape(value).dim_size()); }

int64_t connx_value_extent(const connx_value *value, size_t axis) {
  if (axis >= connx_value_rank(value)) return -1;
  const auto &dimension = shape(value).dim(static_cast<int>(axis));
  if (!dimension.has_dim_value() || dimension.dim_value() < 0) return -1;
  return dimension.dim_value();
}

connx_string connx_value_symbol(const connx_value *value, size_t axis) {
  if (axis >= connx_value_rank(value)) return {nullptr, 0};
  return view(shape(value).dim(static_cast<int>(axis)).dim_param());
}

// --- Nodes ----------------------------------------------------------------------------------------------

connx_string connx_node_name(const connx_node *node) { return view(proto(node)->name()); }
connx_string connx_node_type(const connx_node *node) { return view(proto(node)->op_type()); }
connx_string connx_node_domain(const connx_node *node) { return view(proto(node)->domain()); }

connx_string connx_node_overload(const connx_node *node) {
  const auto &fields = proto(node)->unknown_fields();
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto &field = fields.field(i);
    if (field.number() == kNodeOverloadField &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      return view(field.length_delimited());
  }
  return {nullptr, 0};
}

size_t connx_node_input_count(const connx_node *node) {
  return static_cast<size_t>(proto(node)->input_size());
}
connx_string connx_node_input(const connx_node *node, size_t index) {
  return text(proto(node)->input(), index);
}
size_t connx_node_output_count(const connx_node *node) {
  return static_cast<size_t>(proto(node)->output_size());
}
connx_string connx_node_output(const connx_node *node, size_t index) {
  return text(proto(node)->output(), index);
}
size_t connx_node_attribute_count(const connx_node *node) {
  return static_cast<size_t>(proto(node)->attribute_size());
}
const connx_attribute *connx_node_attribute(const connx_node *node, size_t index) {
  return element<connx_attribute>(proto(node)->attribute(), index);
}

// --- Attributes -----------------------------------------------------------------------------------------

connx_string connx_attribute_name(const connx_attribute *attribute) {
  return view(proto(attribute)->name());
}
connx_string connx_attribute_reference(const connx_attribute *attribute) {
  return view(proto(attribute)->ref_attr_name());
}

connx_attribute_kind connx_attribute_get_kind(const connx_attribute *attribute) {
  const auto &message = *proto(attribute);
  switch (message.type()) {
    case onnx::AttributeProto::FLOAT: return CONNX_ATTRIBUTE_FLOAT;
    case onnx::AttributeProto::INT: return CONNX_ATTRIBUTE_INT;
    case onnx::AttributeProto::STRING: return CONNX_ATTRIBUTE_STRING;
    case onnx::AttributeProto::TENSOR: return CONNX_ATTRIBUTE_TENSOR;
    case onnx::AttributeProto::GRAPH: return CONNX_ATTRIBUTE_GRAPH;
    case onnx::AttributeProto::FLOATS: return CONNX_ATTRIBUTE_FLOATS;
    case onnx::AttributeProto::INTS: return CONNX_ATTRIBUTE_INTS;
    case onnx::AttributeProto::STRINGS: return CONNX_ATTRIBUTE_STRINGS;
    case onnx::AttributeProto::SPARSE_TENSOR: return CONNX_ATTRIBUTE_SPARSE_TENSOR;
    case onnx::AttributeProto::UNDEFINED: break;
    default: return CONNX_ATTRIBUTE_OTHER;
  }
  if (message.has_f()) return CONNX_ATTRIBUTE_FLOAT;
  if (message.has_i()) return CONNX_ATTRIBUTE_INT;
  if (message.has_s()) return CONNX_ATTRIBUTE_STRING;
  if (message.has_t()) return CONNX_ATTRIBUTE_TENSOR;
  if (message.has_g()) return CONNX_ATTRIBUTE_GRAPH;
  if (message.has_sparse_tensor()) return CONNX_ATTRIBUTE_SPARSE_TENSOR;
  if (message.floats_size() > 0) return CONNX_ATTRIBUTE_FLOATS;
  if (message.ints_size() > 0) return CONNX_ATTRIBUTE_INTS;
  if (message.strings_size() > 0) return CONNX_ATTRIBUTE_STRINGS;
  return CONNX_ATTRIBUTE_NONE;
}

int64_t connx_attribute_int(const connx_attribute *attribute) { return proto(attribute)->i(); }
float connx_attribute_float(const connx_attribute *attribute) { return proto(attribute)->f(); }
connx_string connx_attribute_string(const connx_attribute *attribute) { return view(proto(attribute)->s()); }

const connx_tensor *connx_attribute_tensor(const connx_attribute *attribute) {
  return reinterpret_cast<const connx_tensor *>(&proto(attribute)->t());
}
const connx_graph *connx_attribute_graph(const connx_attribute *attribute) {
  return reinterpret_cast<const connx_graph *>(&proto(attribute)->g());
}
connx_ints connx_attribute_ints(const connx_attribute *attribute) {
  static_assert(sizeof(int64_t) == sizeof(*proto(attribute)->ints().data()), "64-bit integers");
  return {reinterpret_cast<const int64_t *>(proto(attribute)->ints().data()),
          static_cast<size_t>(proto(attribute)->ints_size())};
}
connx_floats connx_attribute_floats(const connx_attribute *attribute) {
  return {proto(attribute)->floats().data(), static_cast<size_t>(proto(attribute)->floats_size())};
}
size_t connx_attribute_string_count(const connx_attribute *attribute) {
  return static_cast<size_t>(proto(attribute)->strings_size());
}
connx_string connx_attribute_string_at(const connx_attribute *attribute, size_t index) {
  return text(proto(attribute)->strings(), index);
}

// --- Functions ------------------------------------------------------------------------------------------

connx_string connx_function_name(const connx_function *function) {
  return view(proto(function)->proto->name());
}
connx_string connx_function_domain(const connx_function *function) {
  return view(proto(function)->proto->domain());
}
connx_string connx_function_overload(const connx_function *function) {
  return view(proto(function)->overload);
}
size_t connx_function_input_count(const connx_function *function) {
  return static_cast<size_t>(proto(function)->proto->input_size());
}
connx_string connx_function_input(const connx_function *function, size_t index) {
  return text(proto(function)->proto->input(), index);
}
size_t connx_function_output_count(const connx_function *function) {
  return static_cast<size_t>(proto(function)->proto->output_size());
}
connx_string connx_function_output(const connx_function *function, size_t index) {
  return text(proto(function)->proto->output(), index);
}
size_t connx_function_default_count(const connx_function *function) {
  return proto(function)->defaults.size();
}
const connx_attribute *connx_function_default(const connx_function *function, size_t index) {
  if (index >= proto(function)->defaults.size()) return nullptr;
  return reinterpret_cast<const connx_attribute *>(proto(function)->defaults[index].get());
}
size_t connx_function_opset_count(const connx_function *function) {
  return static_cast<size_t>(proto(function)->proto->opset_import_size());
}
connx_string connx_function_opset_domain(const connx_function *function, size_t index) {
  if (index >= connx_function_opset_count(function)) return {nullptr, 0};
  return view(proto(function)->proto->opset_import(static_cast<int>(index)).domain());
}
int64_t connx_function_opset_version(const connx_function *function, size_t index) {
  if (index >= connx_function_opset_count(function)) return 0;
  return proto(function)->proto->opset_import(static_cast<int>(index)).version();
}
size_t connx_function_node_count(const connx_function *function) {
  return static_cast<size_t>(proto(function)->proto->node_size());
}
const connx_node *connx_function_node(const connx_function *function, size_t index) {
  return element<connx_node>(proto(function)->proto->node(), index);
}
