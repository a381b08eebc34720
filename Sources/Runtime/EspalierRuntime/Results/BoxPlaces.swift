internal import CEspalierKernels
internal import EspalierPlan

/// Where the places of a detector's outputs are in the frame.
///
/// Sources: Ultralytics' `Detect` heads as they export to ONNX (YOLOv5, YOLOv8); Ge et al., "YOLOX: Exceeding YOLO
/// Series in 2021", and `demo_postprocess` of its repository; `handle_preds` of the repository
/// dog-qiuqiu/FastestDet; Liu et al., "SSD: Single Shot MultiBox Detector", 2016, OpenVINO's `PriorBoxClustered` and
/// `DetectionOutput`-8 with `CENTER_SIZE`; UltraFace and PyTorch's SSD exports (corners).
struct BoxPlaces {
  let form: Plan.Results.Form
  let layout: ResultLayout
  /// N corners, then N variances; of SSD alone.
  let priors: UnsafeMutableBufferPointer<Float>

  /// The box of a candidate; edges in shares of the input's width and height, 0 at the left and at the top.
  ///
  /// - Parameter outputs: The first of the form.
  func box(of candidate: Candidate, in outputs: UnsafePointer<Float>) -> DetectedBox {
    let place = Int(candidate.place)
    var box: DetectedBox
    switch form {
    case .yolov8:
      let places = layout.places
      func value(_ row: Int) -> Float { outputs[row * places + place] }
      box = inPixels(center: (value(0), value(1)), sides: (value(2), value(3)))
    case .yolov5:
      let row = outputs + place * (5 + layout.classes)
      box = inPixels(center: (row[0], row[1]), sides: (row[2], row[3]))
    case .yolox: box = inYoloxCell(place, outputs + place * (5 + layout.classes))
    case .fastestdet: box = inCell(place, outputs)
    case .ssd: box = fromPrior(place, outputs + place * 4)
    case .corners: box = corners(outputs + place * 4)
    case .detectionOutput: box = corners(outputs + place * 7 + 3)
    case .classes, .mask: box = DetectedBox(category: 0, score: 0, left: 0, top: 0, right: 0, bottom: 0)
    }
    box.category = Int(candidate.category) - layout.firstClass
    box.score = candidate.score
    return box
  }

  private func corners(_ edges: UnsafePointer<Float>) -> DetectedBox {
    DetectedBox(category: 0, score: 0, left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
  }

  private func inPixels(center: (x: Float, y: Float), sides: (x: Float, y: Float)) -> DetectedBox {
    let (width, height) = (Float(layout.width), Float(layout.height))
    return DetectedBox(
      category: 0, score: 0, center: (center.x / width, center.y / height),
      sides: (sides.x / width, sides.y / height))
  }

  /// The center counts in cells from the cell's corner; sides are logarithms, in cells.
  private func inYoloxCell(_ place: Int, _ row: UnsafePointer<Float>) -> DetectedBox {
    var (local, size) = (place, 8)
    while size < 32 {
      let count = (layout.width / size) * (layout.height / size)
      guard local >= count else { break }
      (local, size) = (local - count, size * 2)
    }
    let columns = layout.width / size
    let (width, height) = (Float(layout.width), Float(layout.height))
    let (x, y, edge) = (Float(local % columns), Float(local / columns), Float(size))
    return DetectedBox(
      category: 0, score: 0,
      center: ((row[0] + x) * edge / width, (row[1] + y) * edge / height),
      sides: (espalier_exp_f32(row[2]) * edge / width, espalier_exp_f32(row[3]) * edge / height))
  }

  /// The center is off the cell's corner by a hyperbolic tangent; sides are the logistic function's.
  private func inCell(_ cell: Int, _ outputs: UnsafePointer<Float>) -> DetectedBox {
    func value(_ plane: Int) -> Float { outputs[plane * layout.places + cell] }
    func logistic(_ x: Float) -> Float { 1 / (1 + espalier_exp_f32(-x)) }
    return DetectedBox(
      category: 0, score: 0,
      center: (
        (espalier_tanh_f32(value(1)) + Float(cell % layout.columns)) / Float(layout.columns),
        (espalier_tanh_f32(value(2)) + Float(cell / layout.columns)) / Float(layout.rows)
      ),
      sides: (logistic(value(3)), logistic(value(4))))
  }

  /// The center is off the prior's by shares of its sides; the sides differ by a factor.
  private func fromPrior(_ place: Int, _ offsets: UnsafePointer<Float>) -> DetectedBox {
    func prior(_ edge: Int) -> Float { priors[place * 4 + edge] }
    func scaled(_ edge: Int) -> Float { priors[(layout.places + place) * 4 + edge] * offsets[edge] }
    let sides = (x: prior(2) - prior(0), y: prior(3) - prior(1))
    return DetectedBox(
      category: 0, score: 0,
      center: (
        scaled(0) * sides.x + (prior(0) + prior(2)) / 2, scaled(1) * sides.y + (prior(1) + prior(3)) / 2
      ),
      sides: (espalier_exp_f32(scaled(2)) * sides.x, espalier_exp_f32(scaled(3)) * sides.y))
  }
}
