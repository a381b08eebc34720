internal import ArgumentParser
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

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

  var form: Plan.Results.Form {
    switch self {
    case .yolov8: .yolov8
    case .yolov5: .yolov5
    case .yolox: .yolox
    case .fastestdet: .fastestdet
    case .ssd: .ssd
    case .corners: .corners
    case .detectionOutput: .detectionOutput
    }
  }

  /// What the outputs mean by this format.
  ///
  /// - Parameters:
  ///   - priors: The file of `--priors`.
  ///   - outputs: Which of the model's are meant; nil: all.
  ///   - option: What the user gave, for errors.
  /// - Throws: `CommandError` where the model's outputs are of other shapes, `MediaError`.
  func results(
    _ model: DetectorPorts, priors: String?, outputs: [Int]? = nil, option: String = "--boxes"
  ) throws -> Plan.Results {
    guard priors == nil || self == .ssd else { throw UsageError("priors go with \(option) ssd") }
    let chosen = outputs ?? Array(model.shapes.indices)
    var results = Plan.Results(form, outputs: chosen)
    if self == .ssd { results.priors = try PriorFile(priors, option: option).elements }
    if chosen.count == 2, self == .ssd || self == .corners {
      let isFirst = { (index: Int) in
        self == .ssd
          ? model.shapes[index].reduce(1, *) * 2 == results.priors.count : model.shapes[index].last == 4
      }
      if !isFirst(chosen[0]), isFirst(chosen[1]) { results.outputs = chosen.reversed() }
    }
    guard results.layout(inputs: model.inputs, outputs: model.outputs) != nil else {
      throw model.mismatch("\(option) \(rawValue)", expected(model, results))
    }
    return results
  }

  private func expected(_ model: DetectorPorts, _ results: Plan.Results) -> String {
    switch self {
    case .yolov8: "[1, 4+C, N]"
    case .yolov5: "[1, N, 5+C]"
    case .yolox:
      """
      [1, \(ResultLayout.yoloxCells(width: model.width, height: model.height)), 5+C] for an input of \
      \(model.width)x\(model.height) pixels
      """
    case .fastestdet: "[1, 5+C, H, W]"
    case .ssd: "[1, \(results.priors.count / 2)] and [1, C·\(results.priors.count / 8)] with these priors"
    case .corners: "[1, N, 4] and [1, N, C]"
    case .detectionOutput: "[1, 1, N, 7]"
    }
  }
}

extension Plan.Results.Form {
  /// As options spell it.
  var name: String {
    switch self {
    case .classes: "classes"
    case .mask: "mask"
    default: BoxFormat.allCases.first { $0.form == self }?.rawValue ?? ""
    }
  }
}

/// A `.npy` file of prior boxes `[1, 2, 4N]`: corners as shares, then variances.
private struct PriorFile {
  let elements: [Float]

  init(_ path: String?, option: String) throws {
    guard let path else {
      let way = option == "--boxes" ? "--priors FILE.npy" : "\(option) ssd:priors=FILE.npy"
      throw UsageError("\(option) ssd needs the boxes that offsets are from: \(way)")
    }
    let stored = try NumPyFile.decode(try Files.read(path), path: path)
    elements = stored.elements
    guard stored.shape.suffix(2).first == 2, elements.count % 8 == 0, !elements.isEmpty else {
      throw CommandError(
        "'\(path)' has the shape \(Format.shape(stored.shape)), but priors are [1, 2, 4N]: corners, variances"
      )
    }
  }
}

/// What formats ask about a model.
struct DetectorPorts {
  let path: String
  let inputs: [Plan.Port]
  let outputs: [Plan.Port]

  /// The input's extents in pixels.
  var width: Int { inputs[0].shape[3] }
  var height: Int { inputs[0].shape[2] }
  /// Of each output.
  var shapes: [[Int]] { outputs.map(\.shape) }

  init(path: String, width: Int, height: Int, shapes: [[Int]]) {
    self.path = path
    inputs = [Plan.Port(name: "", shape: [1, 3, height, width])]
    outputs = shapes.map { Plan.Port(name: "", shape: $0) }
  }

  /// - Throws: `CommandError` where the input is no picture.
  init(path: String, inputs: [Plan.Port], outputs: [Plan.Port]) throws {
    guard inputs.count == 1, inputs[0].shape.count == 4 else {
      throw CommandError("'\(path)' is no detector: that has one input, a picture [1, C, H, W]")
    }
    (self.path, self.inputs, self.outputs) = (path, inputs, outputs)
  }

  func mismatch(_ format: String, _ expected: String) -> CommandError {
    let found = shapes.map(Format.shape).joined(separator: " and ")
    return CommandError("'\(path)': \(format) takes \(expected), but the outputs are \(found)")
  }
}

/// Turns a frame's outputs into boxes, for measurements: unlikely ones and all.
struct BoxDecoder {
  private let reader: ResultReader

  /// - Parameters:
  ///   - least: Boxes that are no likelier are left out.
  ///   - overlap: Of two boxes of one class that overlap more, the likelier stays.
  init(_ results: Plan.Results, _ ports: DetectorPorts, least: Float, overlap: Float) throws {
    var options = ResultOptions()
    (options.scoreThreshold, options.overlapThreshold) = (least.nextUp, overlap)
    (options.capacity, options.candidateCapacity) = (30_000, 30_000)
    reader = try ResultReader(results, inputs: ports.inputs, outputs: ports.outputs, options: options)
  }

  /// The boxes of a frame, the likeliest first; edges in shares.
  func boxes(_ outputs: [[Float]]) throws -> [Box] {
    try outputs.withPointers { Array(try reader.boxes(in: $0)) }
  }
}

extension [[Float]] {
  /// Lets results be read from a copy of a frame's outputs.
  func withPointers<Result>(
    _ body: (UnsafeBufferPointer<UnsafePointer<Float>?>) throws -> Result
  ) rethrows -> Result {
    try flatMap(\.self).withUnsafeBufferPointer { elements in
      var pointers: [UnsafePointer<Float>?] = []
      var start = 0
      for output in self {
        pointers.append(elements.baseAddress.map { $0 + start })
        start += output.count
      }
      return try pointers.withUnsafeBufferPointer(body)
    }
  }
}
