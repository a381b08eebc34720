import CEspalierKernels
import EspalierGraph
import EspalierKernels
import EspalierOperators

/// Runs what a graph lowers to, call by call, through the kernels: no plan, no pack, one buffer per value.
///
/// Memory starts as NaN, so that a read of something that nobody wrote shows in the result.
struct LoweredExecutor {
  enum Failure: Error, Equatable {
    /// No kernel of this number was built in.
    case missingFamily(UInt16)
    /// The family's checker calls the call unsafe.
    case refused(family: UInt16, node: String)
  }

  private let lowering: Lowering
  private let isa: espalier_isa
  private var spaces: [Buffer: Memory] = [:]

  /// - Parameter isa: The instruction set of the kernels; families without a variant for it run the best
  ///   below it.
  /// - Throws: `LoweringError` where the graph does not lower.
  init(_ graph: Graph, isa: espalier_isa = espalier_isa_scalar) throws {
    var lowering = Lowering(graph)
    try lowering.lowerAll()
    self.lowering = lowering
    self.isa = isa
  }

  /// The numbers of the kernel families that the graph calls, in order.
  var families: [UInt16] { lowering.calls.map(\.family) }

  /// Computes the graph's outputs.
  ///
  /// - Parameter inputs: One tensor per graph input.
  mutating func run(_ inputs: [Tensor]) throws -> [Tensor] {
    prepare(inputs)
    for call in lowering.calls { try execute(call) }
    let graph = lowering.graph
    return graph.outputs.enumerated().map { index, value in
      let type = graph.type(of: value)
      let floats = (spaces[.output(index)]?.floats ?? []).prefix(type.elementCount)
      return type.element.isFloating
        ? Tensor(shape: type.shape, element: type.element, floats: Array(floats))
        : Tensor(shape: type.shape, element: type.element, integers: floats.map { Int64($0) })
    }
  }

  private mutating func prepare(_ inputs: [Tensor]) {
    let weights = Memory(bytes: lowering.weights.bytes)
    spaces = [.weights: weights, .weightBytes: weights]
    for (index, buffer) in lowering.buffers.enumerated() {
      spaces[.arena(index)] = Memory(count: (buffer.byteCount + 3) / 4)
    }
    for (index, tensor) in inputs.enumerated() { spaces[.input(index)] = Memory(floats: tensor.asFloats) }
    for (index, value) in lowering.graph.outputs.enumerated() {
      spaces[.output(index)] = Memory(count: lowering.graph.type(of: value).elementCount)
    }
  }

  private func execute(_ call: LoweredCall) throws {
    guard let family = KernelFamily(number: call.family),
      let kernel = espalier_kernel_for(call.family, isa)
    else { throw Failure.missingFamily(call.family) }
    let block = Memory(bytes: call.parameters.flatMap { word in withUnsafeBytes(of: word, Array.init) })
    var facts = espalier_call_facts()
    var arguments = espalier_call()
    facts.parameters = UnsafeRawPointer(block.start)
    facts.parameter_bytes = UInt32(call.parameters.count * 4)
    facts.operand_count = UInt32(call.operands.count)
    arguments.parameters = facts.parameters
    for (index, operand) in call.operands.enumerated() {
      guard let operand, let memory = spaces[operand.buffer] else { continue }
      let address = memory.start + operand.byteOffset
      store(UInt64(max(0, memory.byteCount - operand.byteOffset)), in: &facts.operand_bytes, at: index)
      if operand.buffer.isConstant {
        store(UnsafeRawPointer(address) as UnsafeRawPointer?, in: &facts.operand_data, at: index)
      }
      store(address as UnsafeMutableRawPointer?, in: &arguments.operands, at: index)
    }
    guard operandsStart(call), family.validate(&facts) else {
      throw Failure.refused(family: call.family, node: call.name)
    }
    let scratch = Memory(count: Int(facts.scratch_bytes) / 4 + 16)
    kernel(&arguments, 0, facts.items, scratch.start)
  }

  /// Whether every operand starts inside its memory.
  private func operandsStart(_ call: LoweredCall) -> Bool {
    call.operands.allSatisfy { operand in
      guard let operand else { return true }
      let byteCount = spaces[operand.buffer]?.byteCount ?? 0
      return operand.byteOffset >= 0 && operand.byteOffset <= byteCount
    }
  }

  /// Sets one element of a C array that Swift sees as a tuple.
  private func store<Element, Tuple>(_ value: Element, in tuple: inout Tuple, at index: Int) {
    withUnsafeMutableBytes(of: &tuple) {
      $0.storeBytes(of: value, toByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}

/// 64-byte aligned memory that lives as long as something refers to it.
private final class Memory {
  let start: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    start = .allocate(byteCount: max(byteCount, 64), alignment: 64)
  }

  convenience init(bytes: [UInt8]) {
    self.init(byteCount: bytes.count)
    start.copyMemory(from: bytes, byteCount: bytes.count)
  }

  convenience init(floats: [Float]) {
    self.init(byteCount: floats.count * 4)
    start.copyMemory(from: floats, byteCount: floats.count * 4)
  }

  /// `count` floats, all NaN.
  convenience init(count: Int) { self.init(floats: [Float](repeating: .nan, count: count)) }

  deinit { start.deallocate() }

  var floats: [Float] {
    Array(UnsafeRawBufferPointer(start: start, count: byteCount).bindMemory(to: Float.self))
  }
}
