internal import EspalierGraph
internal import EspalierKernels
public import EspalierOperators
public import EspalierPlan

/// Gives every buffer an address and every call what the runtime needs to check it.
///
/// ## Before
/// Kernel calls on named buffers.
/// ## After
/// A plan: calls on offsets into one arena, the weights, and the caller's buffers.
public struct Place {
  let lowering: Lowering
  private let layout: ArenaLayout

  public init(_ lowering: Lowering) {
    self.lowering = lowering
    let lifetimes = Lifetimes(calls: lowering.calls, bufferCount: lowering.buffers.count)
    layout = ArenaLayout(sizes: lowering.buffers.map(\.byteCount), lifetimes: lifetimes)
  }

  /// - Parameter watching: Tensors whose statistics the runtime may gather; those that `lowering` was not told of are
  ///   left out.
  /// - Throws: `LoweringError.refusedCall` where a checker finds a call out of bounds.
  public func plan(
    provenance: [Plan.Provenance] = [], watching: [WatchedTensor] = []
  ) throws(LoweringError) -> Plan {
    var barriers = Barriers(layout: layout)
    var calls: [Plan.Call] = []
    var multiplyAdds: UInt64 = 0
    for call in lowering.calls {
      guard let family = KernelFamily(number: call.family), let facts = facts(of: call, in: family) else {
        throw .refusedCall(node: call.name, family: Int(call.family))
      }
      multiplyAdds += facts.multiplyAdds
      calls.append(
        Plan.Call(
          family: call.family, needsBarrier: barriers.isNeeded(before: call, of: family),
          operands: call.operands.map(operand), parameters: call.parameters, name: call.name))
    }
    var plan = Plan(
      calls: calls, inputs: ports(lowering.graph.inputs, names: nil),
      outputs: ports(lowering.graph.outputs, names: lowering.graph.outputNames),
      weights: lowering.weights.bytes, arenaByteCount: layout.byteCount, multiplyAdds: multiplyAdds,
      provenance: provenance, watches: watches(watching))
    if !plan.watches.isEmpty { plan.placeWatches(behind: layout.byteCount) }
    return plan
  }

  private func facts(of call: LoweredCall, in family: KernelFamily) -> CallFacts? {
    lowering.weights.bytes.withUnsafeBytes { weights in
      family.facts(
        parameters: call.parameters,
        operands: call.operands.map { operand in
          guard let operand else { return (0, nil) }
          let offset = operand.byteOffset
          let content =
            operand.buffer.isConstant && offset < weights.count
            ? weights.baseAddress.map { $0 + offset } : nil
          return (max(0, byteCount(of: operand.buffer) - offset), content)
        })
    }
  }

  private func byteCount(of buffer: Buffer) -> Int {
    let graph = lowering.graph
    return switch buffer {
    case .arena(let index): lowering.buffers[index].byteCount
    case .weights, .weightBytes: lowering.weights.bytes.count
    case .input(let index): graph.type(of: graph.inputs[index]).elementCount * 4
    case .output(let index): graph.type(of: graph.outputs[index]).elementCount * 4
    }
  }

  func operand(_ operand: LoweredCall.Operand?) -> Plan.Operand {
    guard let operand else { return .absent }
    let offset = UInt64(operand.byteOffset)
    return switch operand.buffer {
    case .arena(let index): Plan.Operand(.arena, offset: offset + UInt64(layout.offsets[index]))
    case .weights, .weightBytes: Plan.Operand(.weights, offset: offset)
    case .input(let index): Plan.Operand(.input, index: UInt32(index), offset: offset)
    case .output(let index): Plan.Operand(.output, index: UInt32(index), offset: offset)
    }
  }

  private func ports(_ values: [ValueID], names: [String]?) -> [Plan.Port] {
    values.enumerated().map { index, value in
      Plan.Port(
        name: names?[index] ?? lowering.graph[value].name, shape: lowering.graph.type(of: value).shape)
    }
  }
}
