internal import CEspalierKernels

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
    append(UInt64(Self.checksum(bytes[...])))
    return bytes
  }

  /// - Throws: `CheckpointError` where the bytes are no checkpoint, or damaged.
  public init(bytes: [UInt8]) throws(CheckpointError) {
    guard bytes.starts(with: Self.magic) else { throw .notACheckpoint }
    var reader = CheckpointReader(bytes: bytes, position: max(bytes.count - 8, 0))
    guard try reader.word() == UInt64(Self.checksum(bytes.dropLast(8))) else { throw .damaged }
    reader.position = Self.magic.count
    fingerprint = try reader.word()
    finishedBlocks = try reader.number()
    step = try reader.number()
    worse = try reader.number()
    bestStep = try reader.number()
    bestLoss = Double(bitPattern: try reader.word())
    parameters = try reader.list()
    first = try reader.list()
    second = try reader.list()
    best = try reader.list()
    guard reader.position == bytes.count - 8 else { throw .damaged }
  }

  /// CRC-32C, as packed files have it.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBytes { espalier_crc32c($0.baseAddress, $0.count) }
  }
}

/// Reads a checkpoint word by word.
private struct CheckpointReader {
  let bytes: [UInt8]
  var position: Int

  mutating func word() throws(CheckpointError) -> UInt64 {
    guard position + 8 <= bytes.count else { throw .damaged }
    defer { position += 8 }
    return (0..<8).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) }
  }

  mutating func number() throws(CheckpointError) -> Int {
    guard let number = Int(exactly: try word()), number <= 1 << 40 else { throw .damaged }
    return number
  }

  mutating func list() throws(CheckpointError) -> [Float] {
    let count = try number()
    guard count <= (bytes.count - position) / 4 else { throw .damaged }
    defer { position += 4 * count }
    return (0..<count).map { index in
      let place = position + 4 * index
      return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) })
    }
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
