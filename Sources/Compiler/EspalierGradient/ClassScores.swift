internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// The scores of classes behind an output: what goes into the softmax.
struct ClassScores {
  /// Logits of one answer or, of segmentations, of one for every pixel.
  let value: ValueID
  let outer: Int, classes: Int, inner: Int

  /// Nil where the output does not hold scores of classes.
  ///
  /// Scores are what a Softmax computes from, and outputs of rank 2.
  init?(_ output: ValueID, _ graph: Graph) {
    let shape = graph.type(of: output).shape
    if let node = graph.producer(of: output), let softmax = node.op as? Softmax, softmax.kind == .plain {
      let behind = shape[(softmax.axis + 1)...].reduce(1, *)
      value = node.inputs[0]
      outer = shape[..<softmax.axis].reduce(1, *)
      classes = softmax.flattens ? shape[softmax.axis] * behind : shape[softmax.axis]
      inner = softmax.flattens ? 1 : behind
    } else if shape.count == 2, shape[1] > 1, graph.outputs.count == 1 {
      (value, outer, classes, inner) = (output, shape[0], shape[1], 1)
    } else {
      return nil
    }
  }

  var count: Int { outer * classes * inner }

  /// Probabilities of logits divided by a temperature.
  func probabilities(_ logits: UnsafePointer<Float>, temperature: Float = 1) -> [Float] {
    var scaled = [Float](repeating: 0, count: count)
    for i in 0..<count { scaled[i] = logits[i] / temperature }
    var result = scaled
    gradient_softmax(outer, classes, inner, 0, scaled, &result)
    return result
  }

  /// Where the scores of each answer start; they are `inner` apart.
  var starts: [Int] {
    (0..<outer * inner).map { $0 / inner * classes * inner + $0 % inner }
  }

  /// The class of the first answer's highest score.
  func top(_ logits: UnsafePointer<Float>, start: Int) -> Int {
    (0..<classes).reduce(0) { logits[start + $1 * inner] > logits[start + $0 * inner] ? $1 : $0 }
  }
}
