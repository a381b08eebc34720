/// Why a plan cannot be written, or a packed file cannot be used.
public enum PlanError: Error, Sendable {
  /// The first bytes are not those of a packed file.
  case notAPack
  case unsupportedVersion(major: UInt16, minor: UInt16)
  /// The weights were laid out for another class of kernels.
  case unsupportedPackingClass(UInt32)
  /// `part` needs `expected` bytes where the file has `found`.
  case truncated(Part, expected: UInt64, found: UInt64)
  case checksum(Part, expected: UInt32, found: UInt32)
  case missingSection(SectionIdentifier)
  case duplicateSection(SectionIdentifier)
  /// The file says that nobody may use it without understanding this section.
  case unknownRequiredSection(SectionIdentifier)
  /// More than the reader's limits allow.
  case limitExceeded(Quantity, limit: UInt64, found: UInt64)
  /// A field holds a value that has no meaning; `index` counts calls, ports, sections or entries.
  case invalid(Field, index: Int, found: UInt64)
  /// A call might touch what is not its own.
  case callRefused(index: Int, name: String, reason: CallFault)

  /// A part of a packed file.
  public enum Part: Equatable, Sendable {
    case header
    case sectionTable
    case section(SectionIdentifier)
  }

  /// Something that a limit bounds.
  public enum Quantity: Equatable, Sendable {
    case sections
    case calls
    case operands
    case parameterWords
    case nameBytes
    case ports
    case portBytes
    case levels
    case watches
    case priors
    case labels
    case results
    case goldenElements
    case provenanceEntries
    case provenanceBytes
    case arenaBytes
    case scratchBytes
    case multiplyAdds
    case streams
    case decodedBytes
  }

  /// A field whose value can be wrong by itself.
  public enum Field: Equatable, Sendable {
    case headerByteCount
    case fileByteCount
    case reserved
    case sectionFlags
    case sectionOffset
    case padding
    case callFlags
    case operandSpace
    case operandIndex
    case name
    case elementType
    case pixelFormat
    case layout
    case rank
    case extent
    case quantization
    case normalization
    case certificate
    case levelCalls
    case levelMultiplyAdds
    case levelPorts
    case pictureInput
    case pictureChannels
    case pictureFit
    case pictureNumbers
    case watchedCall
    case watchFamily
    case watchFlags
    case watchBlock
    case watchScale
    case watchDigest
    case resultForm
    case resultFlags
    case resultOutputs
    case resultThreshold
    case resultCapacity
    case classOffset
    case prior
    case goldenCounts
    case goldenRange
    case goldenFlags
    case goldenTolerance
    case weightsByteCount
    case streamContexts
    case byteModel
    case codedBytes
    case codedPiece
    case decodedByteCount
  }
}

/// Why a call was refused.
public enum CallFault: Error, Sendable {
  /// This build has no kernel family of the number.
  case unknownFamily(UInt16)
  case operandCount(expected: Int, found: Int)
  case parameterByteCount(expected: Int, found: Int)
  /// The operand names an input or output that the plan does not have.
  case noSuchPort(operand: Int, space: Plan.Space, index: UInt32)
  /// An offset that is not a multiple of `alignment` bytes.
  case misaligned(operand: Int, offset: UInt64, alignment: Int)
  /// The operand begins behind the end of its space.
  case outside(operand: Int, space: Plan.Space, offset: UInt64, byteCount: UInt64)
  /// The kernel would touch `extent` bytes where `byteCount` are left.
  case beyondEnd(operand: Int, space: Plan.Space, extent: UInt64, byteCount: UInt64)
  /// The kernel writes the operand, but its space is read-only.
  case writesReadOnly(operand: Int, space: Plan.Space)
  /// The family's checker found parameters that contradict one another or the operands.
  case parameters(family: String)
}

// Comparing strings takes tables of Unicode that an embedded library can do without.
#if !hasFeature(Embedded)
  extension PlanError: Equatable {}
  extension CallFault: Equatable {}
#endif
