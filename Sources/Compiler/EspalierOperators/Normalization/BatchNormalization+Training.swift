internal import EspalierGraph

/// A batch normalization that takes its statistics from the frame itself and updates those from training.
///
/// Only a model that reads the updated statistics means this; in others training mode was left on by mistake,
/// and they are refused.
///
/// ## Before
///     y, running_mean, running_var = BatchNormalization(x, γ, β, μ, σ²) {training_mode = 1, momentum = m}
/// ## After
///     mean = ReduceMean(x);  d = x − mean;  var = ReduceMean(d · d)        over all axes but 1
///     y = d / √(var + ε) · γ + β
///     running_mean = μ · m + mean · (1 − m);  running_var = σ² · m + var · (1 − m)
///
/// Source: ONNX `BatchNormalization`, opsets 14 and 15.
extension BatchNormalization {
  static func importTraining(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let x = try node.requiredInput(0)
    let parameters = try (1..<5).map { index throws(ImportError) in try node.requiredInput(index).value }
    guard x.type.rank >= 2 else {
      throw .shape(
        .rank(input: 0, expected: "at least 2", found: x.type), node: node.name, type: node.type)
    }
    let channels = x.type.shape[1]
    let perChannel = [channels] + [Int](repeating: 1, count: x.type.rank - 2)
    let axes = x.type.shape.indices.filter { $0 != 1 }
    let epsilon = builder.constant(Tensor(scalar: try node.float("epsilon") ?? 1e-5))
    let momentum = try node.float("momentum") ?? 0.9

    let mean = try builder.add(Reduce(.mean, axes: axes), [x.value])
    let distance = try builder.add(Binary(.subtract), [x.value] + mean)
    let square = try builder.add(Binary(.multiply), distance + distance)
    let variance = try builder.add(Reduce(.mean, axes: axes), square)
    let raised = try builder.add(Binary(.add), variance + [epsilon])
    let deviation = try builder.add(Unary(ElementFunction(.sqrt)), raised)
    let normalized = try builder.add(Binary(.divide), distance + deviation)
    let gamma = try builder.add(Reshape(shape: perChannel), [parameters[0]])
    let beta = try builder.add(Reshape(shape: perChannel), [parameters[1]])
    let scaled = try builder.add(Binary(.multiply), normalized + gamma)
    var outputs = try builder.add(Binary(.add), scaled + beta)

    for (running, current) in [(parameters[2], mean), (parameters[3], variance)] {
      let flat = try builder.add(Reshape(shape: [channels]), current)
      let kept = ElementFunction(.affine, alpha: momentum, beta: 0)
      let added = ElementFunction(.affine, alpha: 1 - momentum, beta: 0)
      let old = try builder.add(Unary(kept), [running])
      outputs += try builder.add(Binary(.add), old + builder.add(Unary(added), flat))
    }
    return outputs
  }
}
