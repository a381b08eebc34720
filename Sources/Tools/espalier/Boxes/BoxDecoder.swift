internal import ArgumentParser
internal import EspalierMedia
internal import EspalierPlan

/// `--boxes`: how a detector's outputs stand for boxes.
enum BoxFormat: String, CaseIterable, ExpressibleByArgument {
  case yolov8, yolov5, yolox, fastestdet, ssd, corners
  case detectionOutput = "detection-output"

  /// What each takes, for the help.
  static let explanation = """
    yolov8            [1, 4+C, N]: center and sides in the input's pixels, then classes
    yolov5            [1, N, 5+C]: the same row by row, an object's likelihood before
                      its classes
    yolox             [1, N, 5+C]: centers and sides relative to cells of 8, 16 and 32
                      pixels
    fastestdet        [1, 5+C, H, W]: likelihood, offsets from cells, sides, classes
    ssd               [1, 4N] offsets from --priors and [1, C·N] classes, background first
    corners           [1, N, 4] corners as shares and [1, N, C] classes, background first
    detection-output  [1, 1, N, 7]: frame, class, score, corners as shares
    """

  /// - Parameter priors: The file of `--priors`.
  /// - Throws: `CommandError` where the model's outputs are of other shapes, `MediaError`.
  func decoder(_ model: DetectorPorts, priors: String?) throws -> any BoxDecoder {
    guard priors == nil || self == .ssd else {
      throw UsageError("--priors goes with --boxes ssd")
    }
    return switch self {
    case .yolov8: try YoloColumns(model)
    case .yolov5: try YoloRows(model)
    case .yolox: try YoloCells(model)
    case .fastestdet: try FastestDetCells(model)
    case .ssd: try PriorOffsets(model, priors: priors)
    case .corners: try Corners(model)
    case .detectionOutput: try DetectionRows(model)
    }
  }
}

/// What decoders ask about a model.
struct DetectorPorts {
  let path: String
  /// The input's extents in pixels.
  let width: Int
  let height: Int
  /// Of each output.
  let shapes: [[Int]]

  init(path: String, width: Int, height: Int, shapes: [[Int]]) {
    (self.path, self.width, self.height, self.shapes) = (path, width, height, shapes)
  }

  /// - Throws: `CommandError` where the input is no picture.
  init(path: String, inputs: [Plan.Port], outputs: [Plan.Port]) throws {
    guard inputs.count == 1, inputs[0].shape.count == 4 else {
      throw CommandError("'\(path)' is no detector: that has one input, a picture [1, C, H, W]")
    }
    self.init(
      path: path, width: inputs[0].shape[3], height: inputs[0].shape[2], shapes: outputs.map(\.shape))
  }

  /// The one output, where it fits.
  func only(_ format: BoxFormat, _ expected: String, fits: ([Int]) -> Bool) throws -> [Int] {
    guard shapes.count == 1, fits(shapes[0]) else { throw mismatch(format, expected) }
    return shapes[0]
  }

  func mismatch(_ format: BoxFormat, _ expected: String) -> CommandError {
    let found = shapes.map(Format.shape).joined(separator: " and ")
    return CommandError(
      "'\(path)': --boxes \(format.rawValue) takes \(expected), but the outputs are \(found)")
  }
}

/// Turns a frame's outputs into boxes.
protocol BoxDecoder {
  /// Whether the network leaves one object's rival boxes in.
  var hasRivals: Bool { get }

  /// All boxes that are likelier than `least`; with rivals.
  func candidates(_ outputs: [[Float]], least: Float) -> [Box]
}

extension BoxDecoder {
  var hasRivals: Bool { true }

  /// The boxes of a frame, the likeliest first.
  func boxes(_ outputs: [[Float]], least: Float, overlap: Float) -> [Box] {
    let found = candidates(outputs, least: least)
    return hasRivals ? Suppression.kept(found, overlap: overlap) : Suppression.ranked(found)
  }
}
