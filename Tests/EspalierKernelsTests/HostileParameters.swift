import CEspalierKernels
import EspalierKernels
import Testing

extension KernelCallUnderTest {
  /// The call with one to three words of its parameter block replaced, as in a damaged or hostile pack.
  func mutated(using generator: inout SeededGenerator) -> Self {
    var copy = self
    withUnsafeMutableBytes(of: &copy.parameters) { bytes in
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let offset = Int.random(in: 0..<bytes.count / 4, using: &generator) * 4
        let old = bytes.load(fromByteOffset: offset, as: Int32.self)
        let values: [Int32] = [
          0, 1, 2, -1, 7, 1 << 24, 1 << 24 + 1, .max, .min, 1 << 16, old &+ 1, old &- 1, old &* 2, old / 2,
          Int32.random(in: .min ... .max, using: &generator), 1 << 28, 1 << 30,
        ]
        bytes.storeBytes(
          of: values.randomElement(using: &generator) ?? 0, toByteOffset: offset, as: Int32.self)
      }
    }
    return copy
  }

  /// Runs every mutation that the checker accepts over memory that ends at a forbidden page.
  ///
  /// - Parameter steps: Elementary steps of a call that the checker's multiply-adds do not count.
  /// - Returns: How many mutations were refused and how many ran.
  func surviveMutations(
    count: Int, using generator: inout SeededGenerator, steps: (Parameters) -> Double = { _ in 0 }
  ) -> (refused: Int, ran: Int) {
    var outcome = (refused: 0, ran: 0)
    for _ in 0..<count {
      let mutation = mutated(using: &generator)
      guard let facts = mutation.check() else {
        outcome.refused += 1
        continue
      }
      for (extent, operand) in zip(facts.extents, operands) {
        #expect(extent <= UInt64(operand?.byteCount ?? 0))
      }
      // A valid call may still be too long for a test.
      guard facts.multiply_adds < 1 << 22, steps(mutation.parameters) < 1e5, facts.items < 1 << 16,
        facts.scratch_bytes < 1 << 26
      else {
        continue
      }
      for isa in espalier_isa.available(for: Parameters.family) {
        #expect(mutation.run(isa, using: &generator), "\(mutation.parameters) on \(isa)")
      }
      outcome.ran += 1
    }
    return outcome
  }
}
