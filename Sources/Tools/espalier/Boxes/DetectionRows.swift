/// SSD with its DetectionOutput: `[1, 1, N, 7]`, rows of frame, class, score, and corners as shares; a frame
/// below 0 ends them. The network has taken rivals out.
///
/// Source: OpenVINO's `DetectionOutput`-8.
struct DetectionRows: BoxDecoder {
  private let count: Int

  init(_ ports: DetectorPorts) throws {
    count =
      try ports.only(.detectionOutput, "[1, 1, N, 7]") {
        $0.count == 4 && $0[0] == 1 && $0[1] == 1 && $0[3] == 7
      }[2]
  }

  var hasRivals: Bool { false }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    var found: [Box] = []
    for start in stride(from: 0, to: count * 7, by: 7) {
      let row = Array(outputs[0][start..<start + 7])
      guard row[0] >= 0 else { break }
      guard row[2] > least, (0...1e6).contains(row[1]) else { continue }
      found.append(
        Box(
          category: Int(row[1]), score: row[2], left: row[3], top: row[4], right: row[5], bottom: row[6]))
    }
    return found
  }
}
