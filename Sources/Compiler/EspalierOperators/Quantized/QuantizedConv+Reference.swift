public import EspalierGraph

extension QuantizedConv {
  /// Exact sums, then the epilogue of the kernels' definition.
  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let types = inputs.map(\.type)
    guard let type = try? inferOutputs(types)[0] else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let weights = inputs[1].integers
    let epilogue = epilogue(weights: weights, bias: hasBias ? inputs[2].floats : nil, inputs: types)
    let sums = exactSums(inputs[0], weights, types, type)
    let plane = type.shape.dropFirst(2).reduce(1, *)
    let residual = residualIndex.map { index in
      inputs[index].integers.map { UInt8(truncatingIfNeeded: Int($0) + types[index].byteOffset) }
    }
    let finished = sums.enumerated().map { position, sum in
      epilogue.finished(sum, position / plane % type.shape[1], residual: residual?[position])
    }
    if outputElement == .float32 { return [Tensor(shape: type.shape, floats: finished)] }
    let elements = finished.map { value in
      let byte = Int(value.rounded(.toNearestOrEven))
      return Int64(Int(epilogue.table?[byte] ?? UInt8(byte)) - type.byteOffset)
    }
    return [Tensor(shape: type.shape, element: outputElement, integers: elements)]
  }

  /// `Σ byte(x) w` with padding as the byte that stands for 0, wrapping around as int32 does.
  private func exactSums(
    _ input: Tensor, _ weights: [Int64], _ types: [TensorType], _ output: TensorType
  ) -> [Int32] {
    let flat = types[0].rank == 2
    let spatial = flat ? [1] : Array(types[0].shape.dropFirst(2))
    let window =
      flat ? Window(kernel: [1], strides: [1], dilations: [1], pads: [0, 0]) : self.window(types[1])
    let (outputs, channels) = (output.shape[1], types[1].shape[1])
    let outputSpatial = flat ? [1] : Array(output.shape.dropFirst(2))
    let segments = window.segments(input: spatial, output: outputSpatial)
    let (inputPlane, outputPlane) = (spatial.elementCount, outputSpatial.elementCount)
    let offset = Int64(types[0].byteOffset)
    let padding = Int64(input.type.byteOffset + self.input.zeroPoint)
    let x = input.integers.map { Int32($0 + offset - padding) }
    let step = window.strides[window.rank - 1]
    var result: [Int32] = []
    for n in 0..<output.shape[0] {
      for m in 0..<outputs {
        let own = weights[m * channels * segments.count..<(m + 1) * channels * segments.count]
        // Every tap outside the input reads the padding byte: count all taps as padding, then the differences.
        let start = Int32(truncatingIfNeeded: own.reduce(0, +) * padding)
        var sums = [Int32](repeating: start, count: outputPlane)
        let first = n * types[0].shape[1] + m / (outputs / groups) * channels
        for c in 0..<channels {
          for (tap, rows) in segments.enumerated() {
            let weight = Int32(own[own.startIndex + c * segments.count + tap])
            for row in rows {
              let source = (first + c) * inputPlane + row.input
              for i in 0..<row.count { sums[row.output + i] &+= weight &* x[source + i * step] }
            }
          }
        }
        result += sums
      }
    }
    return result
  }
}
