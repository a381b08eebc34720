/// Files of pictures or numbers that cannot be read or written. A case carries facts; the path comes first.
public enum MediaError: Error, Equatable, Sendable {
  /// The file system refuses; `reason` is its own sentence.
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  /// The name's ending and the first bytes say nothing that is known here.
  case unknownFormat(path: String, expected: String)
  /// The contents are damaged, or of a kind that is not supported; `problem` is a sentence without its stop.
  case malformed(path: String, problem: String)
  /// Fewer bytes than the header announces.
  case truncated(path: String, format: String)
  /// More elements or pixels than are ever read.
  case tooLarge(path: String, what: String, limit: Int)
}

extension MediaError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read '\(path)': \(reason)"
    case .unwritable(let path, let reason): "cannot write '\(path)': \(reason)"
    case .unknownFormat(let path, let expected):
      "'\(path)' is not a file of a known kind; expected \(expected)"
    case .malformed(let path, let problem): "'\(path)': \(problem)"
    case .truncated(let path, let format):
      "'\(path)' is cut off: the \(format) data end before the file's own header says so"
    case .tooLarge(let path, let what, let limit): "'\(path)' has more \(what) than the limit of \(limit)"
    }
  }
}
