internal import EspalierGraph

/// Where a training stands: what is needed to go on as if it had not been interrupted.
///
/// In a file: the magic `ESPDIST1`, the lengths and numbers as 64-bit words, the parameters, moments and best
/// parameters as 32-bit floats, all little-endian, and the CRC-32C of everything before it.
public struct DistillationCheckpoint: Equatable, Sendable {
  /// Of the student's structure: a checkpoint of another network is refused.
  public internal(set) var fingerprint: UInt64
  /// Blocks that are trained.
  public internal(set) var finishedBlocks = 0
  /// Steps of the whole network that are done. With the seed it decides every random number to come.
  public internal(set) var step = 0
  var worse = 0
  var bestStep = 0
  var bestLoss = Double.infinity
  var parameters: [Float] = []
  var first: [Float] = []
  var second: [Float] = []
  var best: [Float] = []

  init(_ student: Graph) {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for node in student.nodes {
      let shapes = node.inputs.map { student.type(of: $0).description }.joined(separator: " ")
      for byte in "\(node.name) \(node.op.name) \(shapes)".utf8 {
        sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }
    fingerprint = sum
  }

  mutating func update(
    _ parameters: [Float], _ adam: Adam, best: [Float], _ judgement: DistillationHistory.Judgement, worse: Int
  ) {
    (self.parameters, first, second, step) = (parameters, adam.first, adam.second, adam.step)
    (self.best, bestLoss, bestStep, self.worse) = (best, judgement.loss, judgement.step, worse)
  }
}

extension DistillationCheckpoint {
  private static let magic = Array("ESPDIST1".utf8)

  /// The checkpoint as a file holds it.
  public var bytes: [UInt8] {
    var bytes = Self.magic
    func append(_ word: UInt64) { bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    for word in [
      fingerprint, UInt64(finishedBlocks), UInt64(step), UInt64(worse), UInt64(bestStep), bestLoss.bitPattern,
    ] { append(word) }
    for list in [parameters, first, second, best] {
      append(UInt64(list.count))
      for element in list {
        let bits = element.bitPattern
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      }
    }
    append(UInt64(Self.checksum(bytes)))
    return bytes
  }

  /// - Throws: `CheckpointError` where the bytes are no checkpoint, or damaged.
  public init(bytes: [UInt8]) throws(CheckpointError) {
    guard bytes.count >= 64, Array(bytes.prefix(8)) == Self.magic else { throw .notACheckpoint }
    var position = 8
    func word() throws(CheckpointError) -> UInt64 {
      guard position + 8 <= bytes.count else { throw .damaged }
      defer { position += 8 }
      return (0..<8).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) }
    }
    func number() throws(CheckpointError) -> Int {
      guard let number = Int(exactly: try word()), number <= 1 << 40 else { throw .damaged }
      return number
    }
    func list() throws(CheckpointError) -> [Float] {
      let count = try number()
      guard count <= (bytes.count - position) / 4 else { throw .damaged }
      defer { position += 4 * count }
      return (0..<count).map { index in
        let place = position + 4 * index
        return Float(
          bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) })
      }
    }
    let stored = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[bytes.count - 8 + $1]) << (8 * UInt64($1)) }
    guard stored == UInt64(Self.checksum(Array(bytes.dropLast(8)))) else { throw .damaged }
    fingerprint = try word()
    (finishedBlocks, step, worse, bestStep) = (try number(), try number(), try number(), try number())
    bestLoss = Double(bitPattern: try word())
    (parameters, first, second, best) = (try list(), try list(), try list(), try list())
    guard position == bytes.count - 8 else { throw .damaged }
  }

  /// CRC-32C, by the reversed polynomial 0x82F63B78.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table: [UInt32] = (0..<256).map { index in
      (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }
    return ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }
}

/// Why bytes are no checkpoint.
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  case notACheckpoint
  case damaged

  public var description: String {
    switch self {
    case .notACheckpoint: "this is no checkpoint of a distillation"
    case .damaged: "the checkpoint is damaged; start again without it"
    }
  }
}
