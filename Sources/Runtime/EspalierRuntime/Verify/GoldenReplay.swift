public import EspalierPlan

/// What one replay of a level's golden vector showed.
public struct GoldenReplay: Sendable {
  public let level: Int
  public let instructionSet: InstructionSet
  public let threads: Int
  /// Nil: the outputs are what they must be.
  public let fault: GoldenFault?
}

/// How an output differs from what it must be.
public enum GoldenFault: Sendable, Equatable {
  /// The first element, row by row, that is farther from what is expected than `allowed`.
  case element(output: Int, element: Int, expected: Float, found: Float, allowed: Float)
  /// None of the elements that the pack keeps differs, but others do.
  case digest(output: Int, expected: UInt32, found: UInt32)

  public var output: Int {
    switch self {
    case .element(let output, _, _, _, _), .digest(let output, _, _): output
    }
  }
}

/// Why golden vectors could not be replayed.
public enum VerificationError: Error, Sendable {
  /// The bytes are no longer those that were loaded: the file was changed in place, or memory is damaged.
  case damaged(PlanError)
  /// The weights are not those that the vectors were made with, though the checksums in the file were mended.
  case otherWeights(expected: UInt32, found: UInt32)
  case session(SessionError)
}

// Comparing strings takes tables of Unicode that an embedded library can do without.
#if !hasFeature(Embedded)
  extension VerificationError: Equatable {}
#endif

extension VerificationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .damaged(let error): error.description
    case .otherWeights(let expected, let found):
      """
      the weights are not those that the golden vectors were made with: checksum \(expected) expected, \(found) \
      found; somebody changed the pack
      """
    case .session(let error): error.description
    }
  }
}
