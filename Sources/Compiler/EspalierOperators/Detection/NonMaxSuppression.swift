public import EspalierGraph
internal import EspalierKernels

/// The boxes of each class that overlap no likelier box of their class: rows `[image, class, box]`.
///
/// Inputs: boxes `[N, B, 4]` and scores `[N, C, B]`. ONNX gives as many rows as boxes are found. Where boxes or scores
/// come from the frame, the output has room for `N · C · limit` rows, and those behind the last box found are −1.
///
/// Source: ONNX `NonMaxSuppression`, opset 11.
public struct NonMaxSuppression: LowerableOperator {
  public static let name = "NonMaxSuppression"
  public static let onnxNames = ["NonMaxSuppression"]

  /// Most boxes of one class of an image.
  public var limit: Int
  /// Boxes that share more of the area that they cover together (intersection over union) overlap.
  public var overlapThreshold: Float
  /// Only scores above count; nil: all do.
  public var scoreThreshold: Float?
  /// Whether a box is the x and y of its center, its width and its height, not y and x of two corners.
  public var centers: Bool

  public init(limit: Int, overlapThreshold: Float, scoreThreshold: Float? = nil, centers: Bool = false) {
    self.limit = limit
    self.overlapThreshold = overlapThreshold
    self.scoreThreshold = scoreThreshold
    self.centers = centers
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (boxes, scores) = (try node.requiredInput(0), try node.requiredInput(1))
    let limit = try node.constantInput(2)?.asInts.first ?? 0
    let centers = try node.int("center_point_box") ?? 0
    guard centers == 0 || centers == 1 else {
      throw node.invalid("center_point_box", "must be 0 or 1, but is \(centers)")
    }
    let op = NonMaxSuppression(
      limit: min(max(limit, 0), boxes.type.shape.dropFirst().first ?? 0),
      overlapThreshold: try node.constantInput(3)?.asFloats.first ?? 0,
      scoreThreshold: try node.constantInput(4)?.asFloats.first, centers: centers == 1)
    if let boxes = boxes.constant, let scores = scores.constant {
      _ = try node.checked { () throws(ShapeError) in try op.inferOutputs([boxes.type, scores.type]) }
      let rows = op.selected(boxes: boxes, scores: scores)
      let tensor = Tensor(shape: [rows.count, 3], integers: rows.flatMap { $0 })
      return [builder.constant(tensor, name: node.outputNames.first ?? "")]
    }
    return try builder.add(op, [boxes.value, scores.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    var inputs = builder.inputs()
    inputs.append(builder.constant([limit], "max_output_boxes_per_class"))
    inputs.append(builder.constant(Tensor(shape: [1], floats: [overlapThreshold]), "iou_threshold"))
    if let scoreThreshold {
      inputs.append(builder.constant(Tensor(shape: [1], floats: [scoreThreshold]), "score_threshold"))
    }
    builder.write(Self.name, inputs, attributes: ["center_point_box": .flag(centers)])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    let (boxes, scores) = (inputs[0], inputs[1])
    guard boxes.rank == 3, boxes.shape[2] == 4 else {
      throw .rank(input: 0, expected: "3, four numbers a box", found: boxes)
    }
    guard scores.rank == 3 else { throw .rank(input: 1, expected: "3", found: scores) }
    for (axis, other) in [(0, 0), (2, 1)] where scores.shape[axis] != boxes.shape[other] {
      throw .extent(input: 1, axis: axis, expected: boxes.shape[other], found: scores)
    }
    for (index, input) in inputs.enumerated() where !input.element.isFloating {
      throw .element(input: index, expected: "floats", found: input)
    }
    guard limit >= 0, limit <= boxes.shape[1] else {
      throw .attribute(
        "max_output_boxes_per_class", problem: "must lie in 0...\(boxes.shape[1]), but is \(limit)")
    }
    return [TensorType(.int64, [scores.shape[0] * scores.shape[1] * limit, 3])]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let scores = inputs[1].shape
    let capacity = scores[0] * scores[1] * limit
    let rows = selected(boxes: inputs[0], scores: inputs[1])
    let free = [Int64](repeating: -1, count: 3 * (capacity - rows.count))
    return [Tensor(shape: [capacity, 3], integers: rows.flatMap { $0 } + free)]
  }

  /// The rows that are found.
  private func selected(boxes: Tensor, scores: Tensor) -> [[Int64]] {
    let (images, classes, count) = (scores.shape[0], scores.shape[1], scores.shape[2])
    var rows: [[Int64]] = []
    for image in 0..<images {
      let corners = (0..<count).map { box in
        let start = (image * count + box) * 4
        return Corners(Array(boxes.floats[start..<start + 4]), centers: centers)
      }
      for number in 0..<classes {
        let start = (image * classes + number) * count
        let own = Array(scores.floats[start..<start + count])
        var taken: [Int] = []
        for box in ordered(own) where taken.count < limit {
          guard !taken.contains(where: { corners[box].overlap(with: corners[$0]) > overlapThreshold }) else {
            continue
          }
          taken.append(box)
          rows.append([Int64(image), Int64(number), Int64(box)])
        }
      }
    }
    return rows
  }

  /// The boxes that are likely enough, the likeliest first; scores that are no numbers behind all others.
  private func ordered(_ scores: [Float]) -> [Int] {
    scores.indices.filter { box in scoreThreshold.map { scores[box] > $0 } ?? true }.sorted { a, b in
      if scores[a].isNaN || scores[b].isNaN {
        return scores[a].isNaN == scores[b].isNaN ? a < b : scores[b].isNaN
      }
      return scores[a] == scores[b] ? a < b : scores[a] > scores[b]
    }
  }

  private struct Corners {
    var top, left, bottom, right: Float

    init(_ box: [Float], centers: Bool) {
      if centers {
        (left, right) = (box[0] - box[2] / 2, box[0] + box[2] / 2)
        (top, bottom) = (box[1] - box[3] / 2, box[1] + box[3] / 2)
      } else {
        (top, bottom) = (min(box[0], box[2]), max(box[0], box[2]))
        (left, right) = (min(box[1], box[3]), max(box[1], box[3]))
      }
    }

    var area: Float { (right - left) * (bottom - top) }

    /// Intersection over union; below every threshold where nothing is shared.
    func overlap(with other: Corners) -> Float {
      let (height, width) = (
        min(bottom, other.bottom) - max(top, other.top), min(right, other.right) - max(left, other.left)
      )
      let shared = width * height
      let covered = area + other.area - shared
      guard height > 0, width > 0, shared > 0, area > 0, other.area > 0, covered > 0 else {
        return -.infinity
      }
      return shared / covered
    }
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "NonMaxSuppression gives numbers of boxes")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "NonMaxSuppression gives numbers of boxes, which have no scale")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let (boxes, scores) = (lowering.view(of: node.inputs[0]), lowering.view(of: node.inputs[1]))
    let output = lowering.allocate(node.outputs[0])
    guard !output.shape.contains(0) else { return }
    var parameters = NonMaxSuppressionParameters()
    parameters.batch = Int32(scores.shape[0])
    parameters.classes = Int32(scores.shape[1])
    parameters.boxes = Int32(scores.shape[2])
    parameters.limit = Int32(limit)
    parameters.centers = centers ? 1 : 0
    parameters.has_score_threshold = scoreThreshold == nil ? 0 : 1
    parameters.overlap_threshold = overlapThreshold
    parameters.score_threshold = scoreThreshold ?? 0
    parameters.box_base = boxes.offsetFromLowest
    parameters.box_stride_n = Int32(boxes.strides[0])
    parameters.box_stride = Int32(boxes.strides[1])
    parameters.coordinate_stride = Int32(boxes.strides[2])
    parameters.score_base = scores.offsetFromLowest
    parameters.score_stride_n = Int32(scores.strides[0])
    parameters.score_stride_class = Int32(scores.strides[1])
    parameters.score_stride = Int32(scores.strides[2])
    parameters.output_base = output.offsetFromLowest
    parameters.row_stride = Int32(output.strides[0])
    parameters.column_stride = Int32(output.strides[1])
    lowering.emit(parameters, [boxes.atLowest, scores.atLowest, output.atLowest])
  }
}
