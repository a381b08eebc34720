public import EspalierGraph

extension Conv {
  /// Convolves by the definition: every output element is a sum over channels and taps, taken in double
  /// precision and rounded once.
  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let (x, w) = (inputs[0].floats, inputs[1].floats)
    guard let type = try? inferOutputs(inputs.map(\.type))[0] else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let bias = hasBias ? inputs[2].floats : nil
    let residual = residualIndex.map { inputs[$0].floats }
    let spatial = Array(inputs[0].shape.dropFirst(2))
    let segments = window(inputs[1].type).segments(input: spatial, output: Array(type.shape.dropFirst(2)))
    let (inputPlane, outputPlane) = (spatial.elementCount, type.shape.dropFirst(2).reduce(1, *))
    let (outputs, channels) = (type.shape[1], inputs[1].shape[1])
    let step = strides[strides.count - 1]

    var result: [Float] = []
    result.reserveCapacity(type.elementCount)
    for n in 0..<type.shape[0] {
      for m in 0..<outputs {
        var sums = [Double](repeating: Double(bias?[m] ?? 0), count: outputPlane)
        let firstChannel = n * inputs[0].shape[1] + m / (outputs / groups) * channels
        for c in 0..<channels {
          let plane = (firstChannel + c) * inputPlane
          for (tap, rows) in segments.enumerated() {
            let weight = Double(w[(m * channels + c) * segments.count + tap])
            for row in rows {
              for i in 0..<row.count {
                sums[row.output + i] += weight * Double(x[plane + row.input + i * step])
              }
            }
          }
        }
        for sum in sums {
          let added = residual.map { Double($0[result.count]) } ?? 0
          result.append(activation.apply(Float(sum + added)))
        }
      }
    }
    return [Tensor(shape: type.shape, element: type.element, floats: result)]
  }
}
