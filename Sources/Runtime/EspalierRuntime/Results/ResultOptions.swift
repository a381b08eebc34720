public import EspalierPlan

/// Which results are wanted; what is nil is as the pack says.
public struct ResultOptions: Sendable {
  /// Boxes and classes below are left out, 0…1.
  public var scoreThreshold: Float?
  /// Of two boxes of one class that overlap more (intersection over union, 0…1), the likelier stays.
  public var overlapThreshold: Float?
  /// The most boxes or classes of a frame.
  public var capacity: Int?
  /// For the first classes, in their order, thresholds in place of `scoreThreshold`; NaN: that one.
  public var classThresholds: [Float] = []
  /// Suppression looks at no more of a frame's boxes, the likeliest ones.
  public var candidateCapacity = 4096

  public init() {}

  /// The largest capacities.
  public static let capacityLimit = 65_536
}

/// Why there are no results.
public enum ResultError: Error, Equatable, Sendable {
  /// The pack does not say what its outputs mean.
  case notDeclared
  /// The outputs do not have the shapes of what they are said to mean.
  case outputShapes
  /// The network has results of another kind.
  case otherKind(asked: Plan.Results.Kind, found: Plan.Results.Kind)
  /// A threshold outside 0…1.
  case threshold
  case capacity(Int, limit: Int)
  /// Thresholds for more classes than there are.
  case classThresholds(Int, classes: Int)
  case noSuchMask(Int, count: Int)
  /// Rows of a mask that are shorter than its width, or no pixels.
  case maskExtents
  /// No frame has met its deadline yet, or been late.
  case noFrame
  /// The last frame's outputs went to the caller's buffers.
  case outputsGivenAway
  case outOfMemory(byteCount: Int)
}

extension ResultError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notDeclared: "the pack does not say what its outputs mean; compile it with --results"
    case .outputShapes: "the outputs do not have the shapes of the results that they are to be"
    case .otherKind(let asked, let found): "the network finds \(found.name), not \(asked.name)"
    case .threshold: "thresholds are 0 to 1"
    case .capacity(let found, let limit): "a frame has room for 1 to \(limit) results, not for \(found)"
    case .classThresholds(let found, let classes):
      "there are thresholds for \(found) classes, but the network has \(classes)"
    case .noSuchMask(let index, let count): "there is no mask \(index), only \(count)"
    case .maskExtents: "a mask has at least one pixel, and its rows are no shorter than its width"
    case .noFrame: "no frame was computed to its end yet"
    case .outputsGivenAway:
      "the last frame's outputs went to the caller's buffers; give none to have results"
    case .outOfMemory(let byteCount): "no memory for \(byteCount) bytes"
    }
  }
}

extension Plan.Results.Kind {
  var name: String {
    switch self {
    case .classes: "classes"
    case .boxes: "boxes"
    case .mask: "masks"
    }
  }
}
