internal import CEspalierKernels
public import EspalierPlan

/// Why a packed file could not be loaded.
public enum ModelError: Error, Sendable {
  /// The system refused to open or map the file; `code` is its `errno`.
  case unreadable(path: String, code: Int32)
  /// Borrowed bytes must begin at a 64-byte boundary.
  case misaligned
  /// The file is not a packed file that this runtime can use.
  case invalid(PlanError)
}

// Comparing strings takes tables of Unicode that an embedded library can do without.
#if !hasFeature(Embedded)
  extension ModelError: Equatable {}
#endif

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let code):
      "cannot read '\(path)': \(unsafe String(cString: espalier_error_reason(code)))"
    case .misaligned:
      "the packed file's bytes must begin at a 64-byte boundary; copy them to aligned memory"
    case .invalid(let error):
      error.description
    }
  }
}
