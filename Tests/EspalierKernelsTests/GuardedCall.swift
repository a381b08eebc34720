import CEspalierKernels
import EspalierKernels

/// A kernel call given by values: operands come into guarded memory for each run.
struct GuardedCall<Parameters: KernelParameters> {
  enum Operand {
    case absent
    case floats([Float])
    /// A table in the pack's weights, which the checker may read.
    case table([Int32])
  }

  enum Failure: Error {
    /// The checker refuses the call, or a canary in front of an operand changed.
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
  var underTest: KernelCallUnderTest<Parameters> {
    var call = KernelCallUnderTest(parameters: parameters, operands: [])
    for (i, operand) in operands.enumerated() {
      switch operand {
      case .absent: call.operands.append(nil)
      case .floats(let values): call.operands.append(GuardedFloats(values))
      case .table(let entries):
        call.operands.append(GuardedFloats(entries))
        call.constants.insert(i)
      }
    }
    return call
  }

  /// Runs the call twice with its items split in different ways.
  ///
  /// - Returns: The operands after the run; empty for absent ones.
  /// - Throws: ``Failure`` where the checker refuses, a canary changes or the two runs differ.
  func run(_ isa: espalier_isa) throws -> [[Float]] {
    var generator = SeededGenerator(state: 77)
    let runs = try (0..<2).map { _ in
      let call = underTest
      guard call.run(isa, using: &generator) else { throw Failure.refusedOrOverwritten }
      return call.operands.map { $0?.values ?? [] }
    }
    for i in runs[0].indices where runs[0][i].map(\.bitPattern) != runs[1][i].map(\.bitPattern) {
      throw Failure.dependsOnSplit(operand: i)
    }
    return runs[0]
  }
}
