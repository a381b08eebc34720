internal import EspalierOperators

/// Why a file is no table of times, or not the one that is needed.
public enum CostTableError: Error, Equatable, Sendable {
  case noTable
  case unknownVersion(String)
  case damaged(line: Int, problem: String)
  /// Times of two processors do not mix.
  case otherProcessor(found: ProcessorKind, expected: ProcessorKind)
  case noTimes(threads: Int, available: [Int])
}

extension CostTableError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noTable: "is no table of kernel times; 'espalier measure' makes one"
    case .unknownVersion(let version):
      "is a table of version \(version), but version \(CostTable.version) is read; measure again"
    case .damaged(let line, let problem): "line \(line): \(problem)"
    case .otherProcessor(let found, let expected):
      "holds times of \(found), and those of \(expected) do not mix with them; name another file"
    case .noTimes(let threads, let available):
      """
      holds no times for \(threads) thread\(threads == 1 ? "" : "s"), only for \
      \(available.map(String.init).joined(separator: ", ")); give --threads, or measure with it
      """
    }
  }
}

/// The file: a line that says what it is, one for the processor, then rates and times, each on a line of its own.
///
///     espalier-costs 1
///     processor AuthenticAMD 26 68 avx512vnni
///     name AMD EPYC 9555
///     rate 1 call-overhead-us 0.2
///     time 1 winograd-4 287.113 f32 1x56x56 64-64 k3x3 s1x1 d1x1 g1
///
/// `rate` and `time` are followed by the number of threads; a time by the kernel, microseconds and the layer.
/// Empty lines and lines that begin with `#` count for nothing.
extension CostTable {
  static let version = "1"
  private static let heading = "espalier-costs"
  /// Longer files are not read.
  private static let lineLimit = 1_000_000

  /// The same table gives the same text.
  public var text: String {
    var lines = ["\(Self.heading) \(Self.version)", "processor \(processor)", "name \(name)"]
    for threads in rates.keys.sorted() {
      for rate in MachineRate.allCases {
        guard let value = rates[threads]?[rate] else { continue }
        lines.append("rate \(threads) \(rate.rawValue) \(value)")
      }
    }
    for threads in times.keys.sorted() {
      for (shape, own) in (times[threads] ?? [:]).sorted(by: { $0.key < $1.key }) {
        for (choice, time) in own.sorted(by: { $0.key.description < $1.key.description }) {
          lines.append("time \(threads) \(choice) \(time) \(shape)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  public init(text: String) throws(CostTableError) {
    let lines = text.split(separator: "\n" as Character, omittingEmptySubsequences: false)
    let first = (lines.first ?? "").split(separator: " " as Character)
    guard first.count == 2, first[0] == Self.heading else { throw .noTable }
    guard first[1] == Self.version else { throw .unknownVersion(String(first[1].prefix(20))) }
    guard lines.count <= Self.lineLimit else {
      throw .damaged(line: Self.lineLimit, problem: "the file is longer than any table")
    }
    var table: CostTable?
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty && !line.hasPrefix("#") {
      let words = line.split(separator: " " as Character, maxSplits: 4).map(String.init)
      if words.first == "processor", table == nil, words.count == 5 {
        let kind = ProcessorKind(
          vendor: words[1], family: words[2], model: words[3], instructionSet: words[4])
        table = CostTable(processor: kind, name: "")
      } else if table == nil {
        throw .damaged(line: index + 1, problem: "expected the processor: vendor, family, model, kernels")
      } else if words.first == "name" {
        table?.name = String(line.dropFirst(5))
      } else if let problem = table?.add(words) {
        throw .damaged(line: index + 1, problem: problem)
      }
    }
    guard let table else { throw .damaged(line: lines.count, problem: "the file ends before its processor") }
    self = table
  }

  /// Adds a line of a rate or a time.
  ///
  /// - Returns: What is wrong with it; nil: nothing.
  private mutating func add(_ words: [String]) -> String? {
    guard words.count >= 4, ["rate", "time"].contains(words[0]) else {
      return "expected 'rate THREADS NAME VALUE' or 'time THREADS KERNEL MICROSECONDS LAYER'"
    }
    guard let threads = Int(words[1]), (1...4_096).contains(threads) else {
      return "'\(words[1].prefix(20))' is no number of threads"
    }
    guard let value = Double(words[3]), value.isFinite, value > 0 else {
      return "'\(words[3].prefix(20))' is no number above 0"
    }
    if words[0] == "rate" {
      guard let rate = MachineRate(rawValue: words[2]), words.count == 4 else {
        return "'\(words[2].prefix(40))' is no rate"
      }
      set(rate, threads: threads, value)
      return nil
    }
    guard let choice = KernelChoice(words[2]) else { return "'\(words[2].prefix(40))' is no kernel" }
    guard words.count == 5, let shape = LayerShape(words[4]) else {
      return "expected a layer behind the time"
    }
    guard shape.candidates.contains(choice) else { return "\(choice) does not compute such a layer" }
    add(shape, choice, threads: threads, microseconds: value)
    return nil
  }
}
