public import EspalierPlan

/// Why a picture cannot be taken.
public enum PictureFault: Error, Sendable, Equatable {
  case extents(width: Int, height: Int)
  case missingPlane(Int)
  case stride(plane: Int, least: Int, found: Int)
  /// Floats that do not begin at a multiple of 4 bytes.
  case misaligned(plane: Int)
  /// The input's shape is not that of a picture, or has another number of channels than its declaration.
  case notAPicture
  /// Nothing says how pictures become the input.
  case undeclared
  /// A number of the declaration has no meaning.
  case declaration(PictureInput.Fault)

  static let extentLimit = PictureShape.extentLimit
}

extension PictureFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .extents(let width, let height):
      "a picture has 1 to \(PictureFault.extentLimit) columns and rows, not \(width) x \(height)"
    case .missingPlane(let plane):
      "plane \(plane) of the picture is missing"
    case .stride(let plane, let least, let found):
      "plane \(plane) has rows of \(least) bytes, the stride is \(found)"
    case .misaligned(let plane):
      "plane \(plane) holds float32 and does not begin, or go on, at multiples of 4 bytes"
    case .notAPicture:
      "the input's shape is not [1, C, H, W] or [1, H, W, C] with as many channels as are declared"
    case .undeclared:
      "nothing says how a picture becomes it; compile the model with --input, or set it for the session"
    case .declaration(let fault):
      switch fault {
      case .mean: "the mean is not finite"
      case .scale: "the scale is 0 or not finite"
      case .fill: "the fill is not 0 to 255"
      case .cropShare: "the crop share is not above 0 and at most 1"
      }
    }
  }
}
