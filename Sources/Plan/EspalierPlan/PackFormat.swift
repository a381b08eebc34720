internal import EspalierKernels

/// The numbers of the packed file, version 1, as `PackedFile.md` specifies them.
enum PackFormat {
  /// `\x89ESP\r\n\x1A\n`: shows a file that was sent as text or cut to seven bits.
  static let magic: [UInt8] = [0x89, 0x45, 0x53, 0x50, 0x0D, 0x0A, 0x1A, 0x0A]
  static let majorVersion: UInt16 = 1
  static let minorVersion: UInt16 = 0
  /// float32, little-endian, weights in panels of 16 output channels.
  static let packingClass: UInt32 = 1

  static let headerByteCount = 64
  static let headerChecksumOffset = 32
  static let sectionEntryByteCount = 32
  /// Sections begin at multiples of this: a cache line, so that kernels read weights where the file lies.
  static let sectionAlignment = 64

  static let planHeaderByteCount = 32
  static let callByteCount = 16
  static let operandByteCount = 16
  static let portHeaderByteCount = 16
  static let portByteCount = 96
  static let portRankLimit = 8
  static let certificateByteCount = 64
  static let provenanceHeaderByteCount = 16
  static let provenanceEntryByteCount = 8
  static let levelHeaderByteCount = 16
  static let levelByteCount = 32
  static let watchHeaderByteCount = 32
  static let watchByteCount = 128
  static let pictureHeaderByteCount = 16
  static let pictureByteCount = 64
  static let resultHeaderByteCount = 64
  static let goldenHeaderByteCount = 32
  static let goldenInputByteCount = 16
  static let goldenVectorByteCount = 16
  static let goldenOutputByteCount = 32

  /// Section flag: a reader that does not know the section must refuse the file.
  static let requiredFlag: UInt32 = 1
  /// Watch flag: calibration frames were seen.
  static let digestFlag: UInt8 = 1
  /// Result flag: softmax makes shares of a classifier's output.
  static let softmaxFlag: UInt8 = 1
  /// Golden output flag: the portable kernels give the same bits everywhere.
  static let portableFlag: UInt32 = 1
  /// The kernels that gather statistics of a tensor, by their numbers in kernels.def.
  static let statisticsFamilies = [ByteStatisticsParameters.family, StatisticsParameters.family]
  /// Call flag: everything before must be finished before the call starts.
  static let barrierFlag: UInt8 = 1

  static func roundUp(_ count: Int, to multiple: Int) -> Int {
    (count + multiple - 1) / multiple * multiple
  }
}

/// A section's four ASCII letters, the first in the lowest byte.
public struct SectionIdentifier: Sendable, Equatable {
  public let code: UInt32

  public init(code: UInt32) { self.code = code }

  init(_ a: Unicode.Scalar, _ b: Unicode.Scalar, _ c: Unicode.Scalar, _ d: Unicode.Scalar) {
    code = a.value | b.value << 8 | c.value << 16 | d.value << 24
  }

  public static let plan = SectionIdentifier("P", "L", "A", "N")
  public static let ports = SectionIdentifier("P", "O", "R", "T")
  public static let certificate = SectionIdentifier("C", "E", "R", "T")
  public static let provenance = SectionIdentifier("P", "R", "O", "V")
  public static let weights = SectionIdentifier("W", "G", "H", "T")
  /// In the place of `plan`.
  public static let codedPlan = SectionIdentifier("C", "P", "L", "N")
  /// In the place of `weights`.
  public static let codedWeights = SectionIdentifier("C", "W", "G", "T")
  public static let levels = SectionIdentifier("L", "E", "V", "L")
  public static let watches = SectionIdentifier("W", "T", "C", "H")
  public static let pictures = SectionIdentifier("P", "I", "C", "T")
  public static let results = SectionIdentifier("R", "S", "L", "T")
  public static let goldenVectors = SectionIdentifier("G", "O", "L", "D")
  public static let signature = SectionIdentifier("S", "I", "G", "N")

  static let known: [SectionIdentifier] = [
    .plan, .ports, .certificate, .provenance, .weights, .codedPlan, .codedWeights, .levels, .watches,
    .pictures, .results, .goldenVectors, .signature,
  ]

  /// The four letters, `?` for each that does not print.
  public var name: String {
    var letters = ""
    for shift: UInt32 in [0, 8, 16, 24] {
      let byte = UInt8(truncatingIfNeeded: code >> shift)
      letters.unicodeScalars.append(0x20 < byte && byte < 0x7F ? Unicode.Scalar(byte) : "?")
    }
    return letters
  }
}

/// How large a pack may be before the reader refuses it; no file can make a reader allocate more.
public struct PlanLimits: Sendable, Equatable {
  public var sectionCount = 64
  public var callCount = 65_536
  public var operandCount = 8
  public var parameterWordCount = 1024
  public var nameByteCount = 4096
  public var portCount = 256
  /// Bytes of one input or output.
  public var portByteCount = 1 << 31
  public var levelCount = 8
  public var watchCount = 64
  public var priorCount = 1 << 20
  public var labelCount = 65_536
  /// Boxes or classes of one frame.
  public var resultCount = 65_536
  /// Elements that are kept of one output of a golden vector.
  public var goldenElementCount = 4096
  public var provenanceEntryCount = 4096
  public var provenanceValueByteCount = 1 << 20
  public var arenaByteCount = 1 << 32
  /// Bytes that each thread needs beside the arena.
  public var scratchByteCount = 1 << 28
  /// Multiply-adds of one frame.
  public var multiplyAdds: UInt64 = 1 << 44

  public init() {}
}
