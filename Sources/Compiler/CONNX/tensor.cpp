// Tensor payloads: which field holds them, how many bytes they must have, and how elements are decoded.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "connx_internal.h"

using connx::fail;
using connx::guarded;
using connx::proto;

namespace {

using Type = onnx::TensorProto;

// A tensor's elements, wherever they lie, with the check that there are as many as asked for.
struct External {
  std::string location;
  uint64_t offset = 0;
  uint64_t length = 0;
  bool has_length = false;
};

struct Descriptor {
  int number = -1;
  Descriptor() = default;
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() { reset(-1); }
  void reset(int other) {
    if (number >= 0) close(number);
    number = other;
  }
};

// The bytes of one element in raw_data; 0 for types that are not read.
size_t byte_count(int32_t type) {
  switch (type) {
    case Type::UINT8: case Type::INT8: case Type::BOOL: return 1;
    case Type::UINT16: case Type::INT16: case Type::FLOAT16: case Type::BFLOAT16: return 2;
    case Type::FLOAT: case Type::INT32: case Type::UINT32: return 4;
    case Type::INT64: case Type::UINT64: case Type::DOUBLE: return 8;
    default: return 0;
  }
}

bool is_floating(int32_t type) {
  return type == Type::FLOAT || type == Type::DOUBLE || type == Type::FLOAT16 || type == Type::BFLOAT16;
}

bool is_external(const onnx::TensorProto &tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

bool element_count(const onnx::TensorProto &tensor, size_t *count, connx_error *error) {
  constexpr uint64_t limit = static_cast<uint64_t>(1) << 40;
  uint64_t product = 1;
  bool empty = false;
  for (const int64_t extent : tensor.dims()) {
    if (extent < 0) return fail(error, "has a negative extent"), false;
    if (extent == 0) {
      empty = true;
      continue;
    }
    if (static_cast<uint64_t>(extent) > limit / product) return fail(error, "is too large"), false;
    product *= static_cast<uint64_t>(extent);
  }
  return *count = empty ? 0 : static_cast<size_t>(product), true;
}

// How many elements the typed field of this type holds.
size_t typed_count(const onnx::TensorProto &tensor) {
  switch (tensor.data_type()) {
    case Type::FLOAT: return static_cast<size_t>(tensor.float_data_size());
    case Type::DOUBLE: return static_cast<size_t>(tensor.double_data_size());
    case Type::INT64: return static_cast<size_t>(tensor.int64_data_size());
    case Type::UINT32: case Type::UINT64: return static_cast<size_t>(tensor.uint64_data_size());
    default: return static_cast<size_t>(tensor.int32_data_size());
  }
}

// --- External data --------------------------------------------------------------------------------------

bool parse_number(const std::string &text, uint64_t *number) {
  if (text.empty() || text.size() > 18) return false;
  uint64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    value = value * 10 + static_cast<uint64_t>(digit - '0');
  }
  return *number = value, true;
}

bool external_of(const onnx::TensorProto &tensor, External *external, connx_error *error) {
  for (const auto &entry : tensor.external_data()) {
    if (entry.key() == "location") external->location = entry.value();
    if (entry.key() == "offset" && !parse_number(entry.value(), &external->offset))
      return fail(error, "is kept at an offset that is not a number"), false;
    if (entry.key() == "length") {
      if (!parse_number(entry.value(), &external->length))
        return fail(error, "is kept in a piece whose length is not a number"), false;
      external->has_length = true;
    }
  }
  if (external->location.empty()) return fail(error, "is kept outside the model, but not said where"), false;
  return true;
}

// Opens a plain file below `directory`, one name at a time, so that no link is followed anywhere.
bool open_below(int directory, const std::string &location, Descriptor *file, connx_error *error) {
  const char *shown = location.c_str();
  if (directory < 0) return fail(error, "is kept outside the model, which has no directory"), false;
  if (location.front() == '/' || location.find('\0') != std::string::npos)
    return fail(error, "is kept in '%s', which is not inside the model's directory", shown), false;
  file->reset(fcntl(directory, F_DUPFD_CLOEXEC, 0));
  size_t start = 0;
  while (start <= location.size()) {
    const size_t slash = std::min(location.find('/', start), location.size());
    const std::string name = location.substr(start, slash - start);
    const bool last = slash == location.size();
    start = slash + 1;
    if (name == "..")
      return fail(error, "is kept in '%s', which is not inside the model's directory", shown), false;
    if (!last && (name.empty() || name == ".")) continue;
    const int kind = last ? O_NONBLOCK : O_DIRECTORY;
    const int opened = openat(file->number, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind);
    if (opened < 0 && (errno == ELOOP || errno == EMLINK))
      return fail(error, "is kept in '%s', which is reached over a link", shown), false;
    if (opened < 0)
      return fail(error, "is kept in '%s', which cannot be opened: %s", shown, std::strerror(errno)), false;
    file->reset(opened);
  }
  return true;
}

bool open_external(const connx_model *model, const onnx::TensorProto &tensor, uint64_t byte_count,
                   Descriptor *file, uint64_t *offset, connx_error *error) {
  External external;
  if (!external_of(tensor, &external, error)) return false;
  if (!open_below(model->directory, external.location, file, error)) return false;
  const char *shown = external.location.c_str();
  struct stat status;
  if (fstat(file->number, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(error, "is kept in '%s', which is not a plain file", shown), false;
  if (external.has_length && external.length != byte_count)
    return fail(error, "needs %llu bytes, but has %llu in '%s'", static_cast<unsigned long long>(byte_count),
                static_cast<unsigned long long>(external.length), shown),
           false;
  const uint64_t size = static_cast<uint64_t>(status.st_size);
  if (external.offset > size || size - external.offset < byte_count)
    return fail(error, "lies beyond the end of '%s'", shown), false;
  return *offset = external.offset, true;
}

// --- Elements -------------------------------------------------------------------------------------------

float from_half(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu;
  const uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t widened = exponent == 0x1Fu ? 0xFFu : exponent + 112u;
  const uint32_t result = sign | (widened << 23) | (fraction << 13);
  float value;
  std::memcpy(&value, &result, sizeof value);
  return value;
}

float from_bfloat(uint16_t bits) {
  const uint32_t result = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &result, sizeof value);
  return value;
}

template <typename Stored, typename Result, typename Convert>
void decode(const char *bytes, size_t count, Result *results, Convert convert) {
  for (size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, bytes + i * sizeof stored, sizeof stored);
    results[i] = convert(stored);
  }
}

void decode_floats(int32_t type, const char *bytes, size_t count, float *floats) {
  switch (type) {
    case Type::FLOAT: std::memcpy(floats, bytes, count * sizeof *floats); break;
    case Type::DOUBLE:
      decode<double>(bytes, count, floats, [](double value) { return static_cast<float>(value); });
      break;
    case Type::FLOAT16: decode<uint16_t>(bytes, count, floats, from_half); break;
    default: decode<uint16_t>(bytes, count, floats, from_bfloat); break;
  }
}

template <typename Stored>
int64_t widen(Stored value) {
  return static_cast<int64_t>(value);
}

void decode_integers(int32_t type, const char *bytes, size_t count, int64_t *integers) {
  switch (type) {
    case Type::BOOL: decode<uint8_t>(bytes, count, integers, [](uint8_t v) { return int64_t(v != 0); }); break;
    case Type::UINT8: decode<uint8_t>(bytes, count, integers, widen<uint8_t>); break;
    case Type::INT8: decode<int8_t>(bytes, count, integers, widen<int8_t>); break;
    case Type::UINT16: decode<uint16_t>(bytes, count, integers, widen<uint16_t>); break;
    case Type::INT16: decode<int16_t>(bytes, count, integers, widen<int16_t>); break;
    case Type::UINT32: decode<uint32_t>(bytes, count, integers, widen<uint32_t>); break;
    case Type::INT32: decode<int32_t>(bytes, count, integers, widen<int32_t>); break;
    case Type::UINT64: decode<uint64_t>(bytes, count, integers, widen<uint64_t>); break;
    default: decode<int64_t>(bytes, count, integers, widen<int64_t>); break;
  }
}

void typed_floats(const onnx::TensorProto &tensor, size_t count, float *floats) {
  for (size_t i = 0; i < count; ++i) {
    const int at = static_cast<int>(i);
    switch (tensor.data_type()) {
      case Type::FLOAT: floats[i] = tensor.float_data(at); break;
      case Type::DOUBLE: floats[i] = static_cast<float>(tensor.double_data(at)); break;
      case Type::FLOAT16: floats[i] = from_half(static_cast<uint16_t>(tensor.int32_data(at))); break;
      default: floats[i] = from_bfloat(static_cast<uint16_t>(tensor.int32_data(at))); break;
    }
  }
}

void typed_integers(const onnx::TensorProto &tensor, size_t count, int64_t *integers) {
  for (size_t i = 0; i < count; ++i) {
    const int at = static_cast<int>(i);
    switch (tensor.data_type()) {
      case Type::BOOL: integers[i] = tensor.int32_data(at) != 0; break;
      case Type::UINT8: integers[i] = static_cast<uint8_t>(tensor.int32_data(at)); break;
      case Type::INT8: integers[i] = static_cast<int8_t>(tensor.int32_data(at)); break;
      case Type::UINT16: integers[i] = static_cast<uint16_t>(tensor.int32_data(at)); break;
      case Type::INT16: integers[i] = static_cast<int16_t>(tensor.int32_data(at)); break;
      case Type::INT32: integers[i] = tensor.int32_data(at); break;
      case Type::INT64: integers[i] = tensor.int64_data(at); break;
      default: integers[i] = static_cast<int64_t>(tensor.uint64_data(at)); break;
    }
  }
}

// Calls `decode(bytes, first, count)` on pieces of the file, so that no second copy of a tensor is made.
template <typename Decode>
bool read_external(const connx_model *model, const onnx::TensorProto &tensor, size_t count,
                   connx_error *error, Decode decode) {
  constexpr size_t piece = 1 << 16;
  const size_t size = byte_count(tensor.data_type());
  Descriptor file;
  uint64_t offset = 0;
  if (!open_external(model, tensor, count * size, &file, &offset, error)) return false;
  std::vector<char> bytes(piece * size);
  for (size_t first = 0; first < count; first += piece) {
    const size_t now = std::min(piece, count - first);
    size_t filled = 0;
    while (filled < now * size) {
      const uint64_t place = offset + first * size + filled;
      const ssize_t got = pread(file.number, bytes.data() + filled, now * size - filled,
                                static_cast<off_t>(place));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return fail(error, "cannot be read from the file it is kept in"), false;
      filled += static_cast<size_t>(got);
    }
    decode(bytes.data(), first, now);
  }
  return true;
}

bool check(const connx_model *model, const onnx::TensorProto &tensor, size_t *count, connx_error *error) {
  const size_t size = byte_count(tensor.data_type());
  if (size == 0) return fail(error, "has a type that is not supported (%d)", tensor.data_type()), false;
  if (tensor.has_segment()) return fail(error, "is split into segments, which is not supported"), false;
  size_t needed = 0;
  if (!element_count(tensor, &needed, error)) return false;
  if (is_external(tensor)) {
    Descriptor file;
    uint64_t offset = 0;
    if (!open_external(model, tensor, needed * size, &file, &offset, error)) return false;
    return *count = needed, true;
  }
  const bool raw = tensor.has_raw_data() && (typed_count(tensor) == 0 || !tensor.raw_data().empty());
  const size_t found = raw ? tensor.raw_data().size() : typed_count(tensor);
  const size_t expected = raw ? needed * size : needed;
  if (found != expected)
    return fail(error, "must hold %zu %s, but holds %zu", expected, raw ? "bytes" : "elements", found), false;
  return *count = needed, true;
}

// Checks again what the caller was to check, then decodes from wherever the payload lies.
template <typename Result, typename Bytes, typename Typed>
bool read(const connx_model *model, const onnx::TensorProto &tensor, Result *results, size_t count,
          connx_error *error, Bytes bytes, Typed typed) {
  size_t needed = 0;
  if (!check(model, tensor, &needed, error)) return false;
  if (needed != count) return fail(error, "changed while it was read"), false;
  const int32_t type = tensor.data_type();
  if (is_external(tensor))
    return read_external(model, tensor, count, error, [&](const char *piece, size_t first, size_t now) {
      bytes(type, piece, now, results + first);
    });
  if (tensor.has_raw_data() && !tensor.raw_data().empty())
    bytes(type, tensor.raw_data().data(), count, results);
  else
    typed(tensor, count, results);
  return true;
}

}  // namespace

connx_string connx_tensor_name(const connx_tensor *tensor) { return connx::view(proto(tensor)->name()); }

int32_t connx_tensor_data_type(const connx_tensor *tensor) { return proto(tensor)->data_type(); }

connx_ints connx_tensor_dimensions(const connx_tensor *tensor) {
  return {reinterpret_cast<const int64_t *>(proto(tensor)->dims().data()),
          static_cast<size_t>(proto(tensor)->dims_size())};
}

bool connx_tensor_check(const connx_model *model, const connx_tensor *tensor, size_t *count,
                        connx_error *error) {
  return guarded(error, false, [&] { return check(model, *proto(tensor), count, error); });
}

bool connx_tensor_read_floats(const connx_model *model, const connx_tensor *tensor, float *floats,
                              size_t count, connx_error *error) {
  return guarded(error, false, [&] {
    if (!is_floating(proto(tensor)->data_type())) return fail(error, "does not hold floats"), false;
    return read(model, *proto(tensor), floats, count, error, decode_floats, typed_floats);
  });
}

bool connx_tensor_read_integers(const connx_model *model, const connx_tensor *tensor, int64_t *integers,
                                size_t count, connx_error *error) {
  return guarded(error, false, [&] {
    if (is_floating(proto(tensor)->data_type())) return fail(error, "does not hold integers"), false;
    return read(model, *proto(tensor), integers, count, error, decode_integers, typed_integers);
  });
}
