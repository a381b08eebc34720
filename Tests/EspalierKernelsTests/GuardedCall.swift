import CEspalierKernels
import EspalierKernels

/// A kernel call given by values: operands come into guarded memory for each run.
struct GuardedCall<Parameters: KernelParameters> {
  enum Operand {
    case absent
    case floats([Float])
    /// A table in the pack's weights, which the checker may read.
    case table([Int32])
    case bytes([UInt8])
    /// Bytes in the pack's weights, which the checker may read.
    case weights([Int8])

    var bytes: [UInt8]? {
      switch self {
      case .absent: nil
      case .floats(let values): values.withUnsafeBytes { Array($0) }
      case .table(let entries): entries.withUnsafeBytes { Array($0) }
      case .bytes(let values): values
      case .weights(let values): values.map { UInt8(bitPattern: $0) }
      }
    }

    var isConstant: Bool {
      switch self {
      case .table, .weights: true
      default: false
      }
    }
  }

  enum Failure: Error {
    /// The checker refuses the call, or a canary beside an operand changed.
    case refusedOrOverwritten
    case dependsOnSplit(operand: Int)
  }

  var parameters: Parameters
  var operands: [Operand]

  init(_ parameters: Parameters, _ operands: [Operand]) {
    self.parameters = parameters
    self.operands = operands
  }

  /// The call over fresh guarded memory.
  var underTest: KernelCallUnderTest<Parameters> { underTest(page: .behind, extents: nil) }

  /// - Parameter extents: How many bytes of each operand there are to be; all of them where nil.
  private func underTest(page: GuardedMemory.Side, extents: [UInt64]?) -> KernelCallUnderTest<Parameters> {
    var call = KernelCallUnderTest(parameters: parameters, operands: [])
    for (i, operand) in operands.enumerated() {
      call.operands.append(
        operand.bytes.map { bytes in
          GuardedMemory(bytes: Array(bytes.prefix(extents.map { Int($0[i]) } ?? bytes.count)), page: page)
        })
      if operand.isConstant { call.constants.insert(i) }
    }
    return call
  }

  /// Runs the call twice with its items split in different ways.
  ///
  /// - Returns: The operands after the run; empty for absent ones.
  /// - Throws: ``Failure`` where the checker refuses, a canary changes or the two runs differ.
  func run(_ isa: espalier_isa) throws -> [[Float]] {
    try runTwice(isa) { _ in underTest }.map { bytes in
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
      }
    }
  }

  /// Runs the call twice with its items split in different ways, each time over exactly those bytes that the
  /// checker says it touches: once with a forbidden page behind them, once in front.
  ///
  /// - Returns: The operands after the run; empty for absent ones.
  /// - Throws: ``Failure`` where the checker refuses, a canary changes or the two runs differ.
  func runInExtents(_ isa: espalier_isa) throws -> [[UInt8]] {
    guard let extents = underTest.check()?.extents else { throw Failure.refusedOrOverwritten }
    let results = try runTwice(isa) { underTest(page: $0, extents: extents) }
    return zip(operands, results).map { operand, result in
      result + (operand.bytes ?? []).dropFirst(result.count)
    }
  }

  private func runTwice(
    _ isa: espalier_isa, _ make: (GuardedMemory.Side) -> KernelCallUnderTest<Parameters>
  ) throws -> [[UInt8]] {
    var generator = SeededGenerator(state: 77)
    let runs = try [GuardedMemory.Side.behind, .inFront].map { side in
      let call = make(side)
      guard call.run(isa, using: &generator) else { throw Failure.refusedOrOverwritten }
      return call.operands.map { $0?.bytes ?? [] }
    }
    for i in runs[0].indices where runs[0][i] != runs[1][i] {
      throw Failure.dependsOnSplit(operand: i)
    }
    return runs[0]
  }
}
