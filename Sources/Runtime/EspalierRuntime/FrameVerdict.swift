/// What became of a frame.
///
/// Where the outcome is `cancelled`, the outputs hold anything: parts of this frame, of an earlier one, or what
/// was in them before. Where it is `skipped`, they are untouched. The next frame owes nothing to either.
public struct FrameVerdict: Sendable, Equatable, BitwiseCopyable {
  public enum Outcome: Sendable, Equatable, BitwiseCopyable {
    /// All outputs were complete at the deadline, or there was none.
    case met
    /// All outputs are complete, but so long after the deadline.
    case late(nanoseconds: UInt64)
    /// The deadline passed while there was work left; the first call, in order, that lacks some is
    /// `model.calls[call]`.
    case cancelled(call: Int)
    /// Nothing was begun.
    case skipped(SkipReason)
  }

  /// Why a frame was not begun.
  public enum SkipReason: UInt32, Sendable, Equatable, BitwiseCopyable {
    /// The deadline was in the past when the call began.
    case deadlinePassed = 1
  }

  public var outcome: Outcome
  /// Which level of the pack was run: 0 is the whole network, larger ones are smaller networks.
  public var level: Int
  /// From the beginning of the first kernel until all threads were done.
  public var modelNanoseconds: UInt64
  /// The rest of the call: before the first kernel and behind the last one.
  public var overheadNanoseconds: UInt64
  /// How old the picture was when the call returned; nil where nobody said when it was taken.
  public var ageNanoseconds: UInt64?
  /// How many frames are missing between this one and the one before it, by their sequence numbers.
  public var sequenceGap: UInt64

  public init(
    outcome: Outcome, level: Int = 0, modelNanoseconds: UInt64 = 0, overheadNanoseconds: UInt64 = 0,
    ageNanoseconds: UInt64? = nil, sequenceGap: UInt64 = 0
  ) {
    self.outcome = outcome
    self.level = level
    self.modelNanoseconds = modelNanoseconds
    self.overheadNanoseconds = overheadNanoseconds
    self.ageNanoseconds = ageNanoseconds
    self.sequenceGap = sequenceGap
  }

  /// Whether the outputs hold this frame's results.
  public var isComplete: Bool {
    switch outcome {
    case .met, .late: true
    case .cancelled, .skipped: false
    }
  }

  /// Whether a smaller network than the whole one was run.
  public var isDegraded: Bool { level > 0 }
}
