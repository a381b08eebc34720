internal import EspalierPasses
internal import EspalierPlan

extension Plan.Results {
  /// What the outputs of a detector count where a smaller network is compared with it: boxes where something is, classes
  /// where an object is likely, and the likelihood itself everywhere.
  ///
  /// - Returns: None where results are no boxes, or are boxes that were chosen already.
  func outputParts(_ layout: ResultLayout) -> [OutputPart] {
    let (places, classes) = (layout.places, layout.classes)
    func lattice(
      _ output: Int, _ first: Int, stride: Int, count: Int, step: Int
    ) -> OutputPart.Lattice {
      OutputPart.Lattice(output: outputs[output], first: first, stride: stride, count: count, step: step)
    }
    func parts(
      boxes: OutputPart.Lattice, object: OutputPart.Lattice? = nil, scores: OutputPart.Lattice
    ) -> [OutputPart] {
      let likelihood = object.map { [$0] } ?? []
      return likelihood.map { OutputPart(places: places, elements: $0) } + [
        OutputPart(places: places, elements: scores, likelihoods: likelihood),
        OutputPart(places: places, elements: boxes, likelihoods: likelihood + [scores]),
      ]
    }
    switch form {
    case .classes, .mask, .detectionOutput:
      return []
    case .yolov8:
      return parts(
        boxes: lattice(0, 0, stride: 1, count: 4, step: places),
        scores: lattice(0, 4 * places, stride: 1, count: classes, step: places))
    case .yolov5, .yolox:
      let row = 5 + classes
      return parts(
        boxes: lattice(0, 0, stride: row, count: 4, step: 1),
        object: lattice(0, 4, stride: row, count: 1, step: 1),
        scores: lattice(0, 5, stride: row, count: classes, step: 1))
    case .fastestdet:
      return parts(
        boxes: lattice(0, places, stride: 1, count: 4, step: places),
        object: lattice(0, 0, stride: 1, count: 1, step: places),
        scores: lattice(0, 5 * places, stride: 1, count: classes, step: places))
    case .ssd, .corners:
      return parts(
        boxes: lattice(0, 0, stride: 4, count: 4, step: 1),
        scores: lattice(
          1, layout.firstClass, stride: classes, count: classes - layout.firstClass, step: 1))
    }
  }
}
