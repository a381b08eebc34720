internal import EspalierGraph

extension ExportBuilder {
  /// Adds a node that computes the current node's outputs, and what passes fused into it as nodes behind.
  ///
  /// - Parameter inputs: What the current node reads, unless something else is given.
  mutating func write(
    _ type: String, _ inputs: [String]? = nil, attributes: [String: AttributeValue] = [:],
    then function: ElementFunction
  ) {
    guard function != .identity else { return write(type, inputs, attributes: attributes) }
    write(function, of: step(type, inputs, attributes: attributes))
  }

  /// Adds the nodes that compute the current node's outputs as a function of every element of a tensor.
  mutating func write(_ function: ElementFunction, of x: String) {
    if let plain = UnaryTable.exported(function) {
      return write(plain.type, [x], attributes: plain.attributes)
    }
    switch function.kind {
    case .clip: writeClip(function, of: x)
    case .silu: writeSilu(function, of: x)
    case .affine:
      let product = step("Mul", [x, scalar(function.alpha, "factor")])
      write("Add", [product, scalar(function.beta, "addend")])
    case .geluErf: writeGelu(of: x)
    case .geluTanh:
      // x · sigmoid(2 √(2 / π) · (x + 0.044715 x³)), which is x / 2 · (1 + tanh(√(2 / π) · (…))).
      let cube = step("Mul", [step("Mul", [x, x]), x])
      let sum = step("Add", [x, step("Mul", [cube, scalar(0.044715, "cubic")])])
      let gate = step("Sigmoid", [step("Mul", [sum, scalar(1.595_769_1, "linear")])])
      write("Mul", [x, gate])
    case .mish: write("Mul", [x, step("Tanh", [step("Softplus", [x])])])
    case .truncate: write("Mul", [step("Sign", [x]), step("Floor", [step("Abs", [x])])])
    case .bool: write("Cast", [x], attributes: ["to": .int(Int64(ElementType.bool.onnxType))])
    default: write("Identity", [x])
    }
  }

  /// A bound that does not bind is left out.
  private mutating func writeClip(_ function: ElementFunction, of x: String) {
    let low = function.alpha == -.infinity ? "" : scalar(function.alpha, "min")
    let high = function.beta == .infinity ? [] : [scalar(function.beta, "max")]
    write("Clip", low.isEmpty && high.isEmpty ? [x] : [x, low] + high)
  }

  private mutating func writeSilu(_ function: ElementFunction, of x: String) {
    let steep = function.alpha == 1 ? x : step("Mul", [x, scalar(function.alpha, "alpha")])
    write("Mul", [x, step("Sigmoid", [steep])])
  }

  /// `x / 2 · (1 + erf(x / √2))`
  private mutating func writeGelu(of x: String) {
    let error = step("Erf", [step("Mul", [x, scalar(Float(0.5).squareRoot(), "root")])])
    let sum = step("Add", [error, scalar(1, "one")])
    write("Mul", [step("Mul", [x, sum]), scalar(0.5, "half")])
  }
}
