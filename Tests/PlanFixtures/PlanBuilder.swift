public import CEspalierKernels
public import EspalierKernels
public import EspalierPlan

/// Puts plans together by hand, each buffer in arena memory of its own.
public struct PlanBuilder {
  public private(set) var plan: Plan

  public init() {
    plan = Plan(calls: [], inputs: [], outputs: [], weights: [], arenaByteCount: 0, multiplyAdds: 0)
  }

  public mutating func input(_ name: String, shape: [Int]) -> Plan.Operand {
    plan.inputs.append(Plan.Port(name: name, shape: shape))
    return Plan.Operand(.input, index: UInt32(plan.inputs.count - 1), offset: 0)
  }

  public mutating func output(_ name: String, shape: [Int]) -> Plan.Operand {
    plan.outputs.append(Plan.Port(name: name, shape: shape))
    return Plan.Operand(.output, index: UInt32(plan.outputs.count - 1), offset: 0)
  }

  public mutating func arena(_ count: Int) -> Plan.Operand {
    defer { plan.arenaByteCount += (count * 4 + 63) / 64 * 64 }
    return Plan.Operand(.arena, offset: UInt64(plan.arenaByteCount))
  }

  public mutating func weights(_ values: [Float]) -> Plan.Operand {
    weights(words: values.map(\.bitPattern))
  }

  public mutating func weights(_ values: [Int32]) -> Plan.Operand {
    weights(words: values.map { UInt32(bitPattern: $0) })
  }

  private mutating func weights(words: [UInt32]) -> Plan.Operand {
    let offset = (plan.weights.count + 63) / 64 * 64
    plan.weights += [UInt8](repeating: 0, count: offset - plan.weights.count)
    for word in words {
      for shift: UInt32 in [0, 8, 16, 24] { plan.weights.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return Plan.Operand(.weights, offset: UInt64(offset))
  }

  public mutating func call(
    _ parameters: some KernelParameters, _ operands: [Plan.Operand], name: String, needsBarrier: Bool = true
  ) {
    plan.calls.append(
      Plan.Call(
        family: type(of: parameters).family, needsBarrier: needsBarrier, operands: operands,
        parameters: parameters.words, name: name))
  }

  public mutating func copy(
    _ count: Int, from source: Plan.Operand, to target: Plan.Operand, name: String = "copy"
  ) {
    var parameters = CopyParameters()
    parameters.extent = sixAxes([count], fill: 1)
    parameters.input_stride = sixAxes([1], fill: 0)
    parameters.output_stride = sixAxes([1], fill: 0)
    call(parameters, [source, target], name: name)
  }

  public mutating func fill(_ count: Int, with value: Float, to target: Plan.Operand) {
    var parameters = FillParameters()
    parameters.extent = sixAxes([count], fill: 1)
    parameters.stride = sixAxes([1], fill: 0)
    parameters.value = value
    call(parameters, [target], name: "fill")
  }

  public mutating func combine(
    _ operation: espalier_binary, _ count: Int, _ a: Plan.Operand, _ b: Plan.Operand,
    to target: Plan.Operand
  ) {
    var parameters = BinaryParameters()
    parameters.extent = sixAxes([count], fill: 1)
    parameters.a_stride = sixAxes([1], fill: 0)
    parameters.b_stride = sixAxes([1], fill: 0)
    parameters.output_stride = sixAxes([1], fill: 0)
    parameters.operation = Int32(operation.rawValue)
    call(parameters, [a, b, target], name: "combine")
  }

  public mutating func apply(
    _ function: espalier_function, _ count: Int, _ source: Plan.Operand, to target: Plan.Operand
  ) {
    var parameters = UnaryParameters()
    parameters.extent = sixAxes([count], fill: 1)
    parameters.input_stride = sixAxes([1], fill: 0)
    parameters.output_stride = sixAxes([1], fill: 0)
    parameters.function = Int32(function.rawValue)
    call(parameters, [source, target], name: "apply")
  }

  /// `relu(x W + bias)` over `pixels` rows of `channels`; `weights` is `[outputs][channels]`.
  public mutating func pointwise(
    pixels: Int, channels: Int, outputs: Int, weights filters: [[Float]], bias: [Float],
    from source: Plan.Operand, to target: Plan.Operand
  ) {
    let panels = (outputs + 15) / 16
    var packed = [Float](repeating: 0, count: panels * channels * 16)
    for (m, filter) in filters.enumerated() {
      for (c, weight) in filter.enumerated() { packed[(m / 16 * channels + c) * 16 + m % 16] = weight }
    }
    var parameters = ConvGemmParameters()
    (parameters.batch, parameters.height, parameters.width) = (1, 1, Int32(pixels))
    parameters.input_stride_w = Int32(channels)
    parameters.output_stride_w = Int32(outputs)
    parameters.groups = 1
    parameters.output_channels = Int32(outputs)
    (parameters.run_count, parameters.run_length) = (1, Int32(channels))
    parameters.function = Int32(espalier_function_relu.rawValue)
    let padded = bias + [Float](repeating: 0, count: panels * 16 - bias.count)
    let operands = [source, weights([Int32(0)]), weights(packed), weights(padded), .absent, target]
    call(parameters, operands, name: "pointwise")
    plan.multiplyAdds += UInt64(pixels * channels * outputs)
  }
}
