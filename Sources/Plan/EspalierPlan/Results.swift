extension Plan {
  /// What the outputs mean: classes, boxes or masks, and how they stand for them.
  public struct Results: Sendable {
    /// How outputs stand for results; the numbers are those of the file.
    public enum Form: UInt8, Sendable, CaseIterable {
      /// `[…, C, …]`, all other extents 1: how likely each class is.
      case classes = 1
      /// Of each output `[1, C, H, W]`: the class of a pixel is the channel with the greatest value; with one channel 1
      /// where its value is at least the score threshold.
      case mask = 2
      /// `[1, 4 + C, N]`: center and sides in pixels of the input, then classes.
      case yolov8 = 3
      /// `[1, N, 5 + C]`: center and sides in pixels of the input, how likely an object is, then classes.
      case yolov5 = 4
      /// `[1, N, 5 + C]`: the same, relative to cells of 8, then 16, then 32 pixels; sides as logarithms.
      case yolox = 5
      /// `[1, 5 + C, H, W]`: how likely an object is, offsets from cells, sides, classes.
      case fastestdet = 6
      /// Offsets from prior boxes, 4 · N elements, and classes, C · N elements, background first.
      case ssd = 7
      /// Corners as shares, `[1, N, 4]`, and classes, `[1, N, C]`, background first.
      case corners = 8
      /// `[1, 1, N, 7]`: rows of frame, class, score and corners as shares, free of rivals.
      case detectionOutput = 9
    }

    public enum Kind: Sendable {
      case classes
      case boxes
      case mask
    }

    public var form: Form
    /// Which of the plan's outputs, in the form's order.
    public var outputs: [Int]
    /// Whether softmax makes shares of a classifier's output.
    public var appliesSoftmax = false
    /// The output's place of class 0, behind the background of forms that have one; what stands before it is no class.
    public var classOffset = 0
    /// Boxes and classes below are left out, 0…1.
    public var scoreThreshold: Float
    /// Of two boxes of one class that overlap more (intersection over union, 0…1), the likelier stays.
    public var overlapThreshold: Float = 0.45
    /// The most boxes or classes of a frame.
    public var capacity = 300
    /// N prior boxes: 4 · N corners as shares, then 4 · N variances.
    public var priors: [Float] = []
    /// Names of the classes from class 0 on, possibly of fewer than there are.
    public var labels: [String] = []

    public init(_ form: Form, outputs: [Int]) {
      (self.form, self.outputs) = (form, outputs)
      scoreThreshold = form == .classes ? 0 : form == .mask ? 0.5 : 0.3
    }

    public var kind: Kind {
      switch form {
      case .classes: .classes
      case .mask: .mask
      default: .boxes
      }
    }
  }
}

// Comparing strings takes tables of Unicode that an embedded library can do without.
#if !hasFeature(Embedded)
  extension Plan.Results: Equatable {}
#endif

/// Where in its outputs a network's results lie.
public struct ResultLayout: Sendable, Equatable {
  public struct Mask: Sendable, Equatable {
    public var channels: Int
    public var height: Int
    public var width: Int
  }

  /// The input's extents in pixels; 0 for classes.
  public var width = 0
  public var height = 0
  /// How many places may hold a box.
  public var places = 0
  /// Classes in the outputs, background and all; 0 where the outputs do not show how many there are.
  public var classes = 0
  /// Cells of FastestDet; places are their product.
  public var rows = 0
  public var columns = 0
  public var masks: [Mask] = []
  /// The first of `classes` that is one: behind the background and what `classOffset` skips.
  public var firstClass = 0
}

extension Plan.Results {
  /// Where results lie in outputs of these shapes.
  ///
  /// - Returns: Nil where the form takes outputs of other shapes, or none of the classes is left.
  public func layout(inputs: [Plan.Port], outputs ports: [Plan.Port]) -> ResultLayout? {
    var shapes: [[Int]] = []
    for (place, index) in outputs.enumerated() {
      guard ports.indices.contains(index), !outputs[..<place].contains(index) else { return nil }
      shapes.append(ports[index].shape)
      guard ports[index].byteCount > 0 else { return nil }
    }
    guard !shapes.isEmpty, classOffset >= 0 else { return nil }
    var layout = ResultLayout()
    if kind != .classes {
      guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].byteCount > 0 else { return nil }
      (layout.width, layout.height) = (inputs[0].shape[3], inputs[0].shape[2])
      if let picture = PictureShape(inputs[0].shape) {
        (layout.width, layout.height) = (picture.width, picture.height)
      }
    }
    if form == .mask { return masks(shapes, layout) }
    guard shapes.count == (form == .ssd || form == .corners ? 2 : 1), place(shapes, &layout) else {
      return nil
    }
    let background = form == .ssd || form == .corners ? 1 : 0
    layout.firstClass = background + classOffset
    guard form == .detectionOutput || layout.firstClass < layout.classes else { return nil }
    return layout
  }

  private func masks(_ shapes: [[Int]], _ layout: ResultLayout) -> ResultLayout? {
    var layout = layout
    for shape in shapes {
      guard shape.count == 4, shape[0] == 1, shape[1] <= 256 else { return nil }
      layout.masks.append(ResultLayout.Mask(channels: shape[1], height: shape[2], width: shape[3]))
    }
    return layout
  }

  /// - Returns: Whether the shapes are those of the form.
  private func place(_ shapes: [[Int]], _ layout: inout ResultLayout) -> Bool {
    let shape = shapes[0]
    let size = shape.reduce(1, *)
    switch form {
    case .classes:
      (layout.places, layout.classes) = (1, size)
      return shape.contains(size)
    case .mask:
      return false
    case .yolov8:
      guard shape.count == 3, shape[0] == 1, shape[1] > 4 else { return false }
      (layout.places, layout.classes) = (shape[2], shape[1] - 4)
      return true
    case .yolov5, .yolox:
      guard shape.count == 3, shape[0] == 1, shape[2] > 5 else { return false }
      (layout.places, layout.classes) = (shape[1], shape[2] - 5)
      return form == .yolov5
        || ResultLayout.yoloxCells(width: layout.width, height: layout.height) == shape[1]
    case .fastestdet:
      guard shape.count == 4, shape[0] == 1, shape[1] > 5 else { return false }
      (layout.rows, layout.columns) = (shape[2], shape[3])
      (layout.places, layout.classes) = (shape[2] * shape[3], shape[1] - 5)
      return true
    case .ssd:
      let count = priors.count / 8
      guard count > 0, priors.count % 8 == 0, size == 4 * count else { return false }
      let scores = shapes[1].reduce(1, *)
      (layout.places, layout.classes) = (count, scores / count)
      return scores % count == 0
    case .corners:
      guard shape.count == 3, shape[0] == 1, shape[2] == 4, shapes[1].count == 3, shapes[1][0] == 1 else {
        return false
      }
      (layout.places, layout.classes) = (shape[1], shapes[1][2])
      return shapes[1][1] == shape[1]
    case .detectionOutput:
      layout.places = shape.count == 4 ? shape[2] : 0
      return shape.count == 4 && shape[0] == 1 && shape[1] == 1 && shape[3] == 7
    }
  }
}

extension ResultLayout {
  /// How many cells YOLOX has on an input of this size.
  public static func yoloxCells(width: Int, height: Int) -> Int {
    [8, 16, 32].reduce(0) { $0 + (width / $1) * (height / $1) }
  }
}
