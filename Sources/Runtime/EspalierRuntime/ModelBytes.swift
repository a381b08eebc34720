internal import CEspalierKernels
internal import EspalierPlan

/// The bytes of a packed file and who owns them.
enum ModelBytes: @unchecked Sendable {
  case mapped(UnsafeRawBufferPointer)
  case copied(AlignedCopy)
  case borrowed(UnsafeRawBufferPointer)

  /// - Throws: `unreadable` where the system refuses to open or map the file.
  init(mapping path: String) throws(ModelError) {
    var mapping = espalier_mapping()
    let code = path.withCString { espalier_map_file($0, &mapping) }
    guard code == 0 else { throw .unreadable(path: path, code: code) }
    self = .mapped(UnsafeRawBufferPointer(start: mapping.bytes, count: mapping.count))
  }

  var bytes: UnsafeRawBufferPointer {
    switch self {
    case .mapped(let bytes), .borrowed(let bytes): bytes
    case .copied(let copy): copy.bytes
    }
  }

  /// Gives a mapping back; the other kinds end by themselves.
  func release() {
    guard case .mapped(let bytes) = self else { return }
    espalier_unmap_file(espalier_mapping(bytes: bytes.baseAddress, count: bytes.count))
  }
}
