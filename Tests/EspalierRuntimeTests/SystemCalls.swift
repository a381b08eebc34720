/// What a traced probe asked of the system between its two marks: calls by their names.
struct SystemCalls {
  /// Of the thread that runs the frames.
  private(set) var calling: [String: Int] = [:]
  /// Of all other threads.
  private(set) var others: [String: Int] = [:]

  /// - Parameter log: As `strace -f` writes it: a thread's number, then the call; interrupted calls on two lines.
  init(log: String) {
    var marked: Substring?
    for line in log.split(separator: "\n") {
      let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      guard words.count == 2 else { continue }
      // Numbers of fewer than five digits are padded.
      let call = words[1].drop(while: \.isWhitespace)
      if call.hasPrefix("write(1, \"begin") { marked = words[0] }
      guard let marked, !call.hasPrefix("write(1, \"begin") else { continue }
      if call.hasPrefix("write(1, \"end") { return }
      guard let end = call.firstIndex(of: "("), !call.hasPrefix("<"), !call.hasPrefix("+"),
        !call.hasPrefix("-")
      else { continue }
      let name = String(call[..<end])
      if words[0] == marked { calling[name, default: 0] += 1 } else { others[name, default: 0] += 1 }
    }
  }
}
