internal import EspalierMedia
internal import EspalierRuntime
internal import Foundation

/// What parts hold, and so what they are merged into.
enum PartKind: String, Codable {
  case classes = "eval"
  case boxes = "eval --boxes"
  case reductions = "observe"
  case histograms = "observe --ranges"
  case calibrationRanges = "calibrate"
  case calibrationCounts = "calibrate --ranges"
}

/// What a part is of.
struct PartHeader: Codable {
  static let format = "espalier-part-1"

  let format: String
  let kind: PartKind
  let shard: Int
  let of: Int
  /// Frames of all shards.
  let total: Int
  /// What decides the results beside the frames' contents: digests of files, and options. The same for all parts.
  let run: [String: String]
  /// What the kernels were chosen for: between two sets float32 differs in its last bits.
  let instructions: String

  /// No data set has more frames.
  private static let frameLimit = 1 << 40

  init(kind: PartKind, shard: Shard, total: Int, run: [String: String]) {
    format = Self.format
    (self.kind, self.shard, of, self.total) = (kind, shard.index, shard.count, total)
    self.run = run.merging(["espalier": Espalier.version]) { own, _ in own }
    instructions = InstructionSet.limit.name
  }

  /// How many frames the part is of; nil where there is no such shard.
  var frameCount: Int? {
    guard (0...Self.frameLimit).contains(total) else { return nil }
    return Shard(shard, of: of)?.range(of: total).count
  }
}

/// What one shard showed, as JSON.
struct Part<Content> {
  let header: PartHeader
  let content: Content
}

extension Part: Encodable where Content: Encodable {
  func write(to path: String) throws { try Files.write(try Console.jsonBytes(self), to: path) }
}

extension Part: Decodable where Content: Decodable {}

/// A part whose content is not looked at.
private struct AnyPart: Decodable { let header: PartHeader }

/// A file that may be a part.
struct PartFile {
  let path: String
  let header: PartHeader
  private let bytes: [UInt8]

  /// - Throws: `MergeError` where the file is no part, `MediaError`.
  init(_ path: String) throws {
    self.path = path
    bytes = try Files.read(path)
    guard let header = try? JSONDecoder().decode(AnyPart.self, from: Data(bytes)).header,
      header.format == PartHeader.format, header.frameCount != nil
    else { throw MergeError.notAPart(path: path) }
    self.header = header
  }

  /// - Throws: `MergeError`.
  func content<Content: Decodable>(_ type: Content.Type) throws(MergeError) -> Content {
    guard let part = try? JSONDecoder().decode(Part<Content>.self, from: Data(bytes)) else {
      throw .unsound(path: path, problem: "its content is not that of '\(header.kind.rawValue)'")
    }
    return part.content
  }
}

/// Numbers in JSON to their last bit: base64 of their bytes, little-endian.
enum PackedNumbers {
  static func data<Number: BitwiseCopyable>(_ numbers: [Number]) -> Data {
    numbers.withUnsafeBytes { Data($0) }
  }

  /// Nil where there are not so many.
  static func numbers<Number: BitwiseCopyable>(_ data: Data, _ type: Number.Type, count: Int) -> [Number]? {
    let stride = MemoryLayout<Number>.stride
    guard count >= 0, data.count / stride == count, data.count % stride == 0 else { return nil }
    return data.withUnsafeBytes { raw in
      (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * stride, as: type) }
    }
  }
}
