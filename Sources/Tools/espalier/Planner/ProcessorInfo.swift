internal import EspalierMedia
internal import EspalierRuntime
internal import EspalierSearch

/// The processor that this runs on, as Linux describes it.
struct ProcessorInfo: Equatable {
  var kind: ProcessorKind
  var name: String

  /// - Parameters:
  ///   - text: Of `/proc/cpuinfo`; its first processor counts.
  ///   - instructionSet: That kernels may use.
  init(cpuinfo text: String, instructionSet: String) {
    var facts: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1).map { part in
        part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }
      if parts.count == 2, facts[parts[0]] == nil { facts[parts[0]] = parts[1] }
    }
    kind = ProcessorKind(
      vendor: facts["vendor_id"] ?? facts["CPU implementer"] ?? "",
      family: facts["cpu family"] ?? facts["CPU architecture"] ?? "",
      model: facts["model"] ?? facts["CPU part"] ?? "", instructionSet: instructionSet)
    name = facts["model name"] ?? facts["Model"] ?? kind.description
  }

  static var current: ProcessorInfo {
    let text = (try? Files.read("/proc/cpuinfo")).map { String(decoding: $0, as: UTF8.self) }
    return ProcessorInfo(cpuinfo: text ?? "", instructionSet: InstructionSet.limit.name)
  }
}
