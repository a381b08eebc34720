import CEspalierKernels
import EspalierKernels
import Testing

@Suite("The checker of conv_gemm_f32") struct ConvGemmCheckTests {
  private func example() -> ConvGemmExample {
    var generator = SeededGenerator(state: 11)
    let shape = ConvolutionCase(
      batch: 2, height: 6, width: 7, inputs: 6, outputs: 20, kernel: 3, padding: 1, groups: 2,
      hasResidual: true)
    return ConvGemmExample(shape, gap: 1, panelsInner: false, using: &generator)
  }

  @Test func `accepts a call that exactly fills its operands`() throws {
    let facts = try #require(example().call.check())
    #expect(facts.multiply_adds == 2 * 6 * 7 * 20 * 27 && facts.scratch_bytes == 0)
    let call = example().call
    #expect(facts.extent.0 == UInt64((call.operands[0]?.count ?? 0) * 4))
    #expect(facts.extent.5 == UInt64((call.operands[5]?.count ?? 0) * 4))
  }

  @Test(arguments: 0..<6)
  func `refuses a call whose operand is one float short`(operand: Int) {
    var call = example().call
    let values = call.operands[operand]?.values ?? []
    call.operands[operand] = GuardedMemory(Array(values.dropLast()))
    #expect(call.check() == nil)
  }

  @Test(arguments: [0, 1, 2, 5])
  func `refuses a call without an operand that it needs`(operand: Int) {
    var call = example().call
    call.operands[operand] = nil
    #expect(call.check() == nil)
  }

  @Test func `refuses runs that it cannot see, that are negative or that leave the input`() {
    var call = example().call
    call.constants = []
    #expect(call.check() == nil)
    for run: Int32 in [-1, .min, 1 << 20, .max] {
      var call = example().call
      var runs = (call.operands[1]?.values ?? []).map { Int32(bitPattern: $0.bitPattern) }
      runs[4] = run
      call.operands[1] = GuardedMemory(runs)
      #expect(call.check() == nil)
    }
  }

  /// Maps of 7x7, 14x14 and 1x1 with 3 or 1 blocks of panels: 9, 9 and 3 items otherwise.
  @Test(arguments: [(7, 160), (14, 64), (1, 144)])
  func `cuts small calls into an even number of items`(size: Int, outputs: Int) throws {
    var generator = SeededGenerator(state: 13)
    let shape = ConvolutionCase(height: size, width: size, inputs: 5, outputs: outputs)
    let example = ConvGemmExample(shape, gap: 0, panelsInner: false, using: &generator)
    let facts = try #require(example.call.check())
    #expect(facts.items > 1 && facts.items % 2 == 0)
    for isa in espalier_isa.available(for: ConvGemmParameters.family) {
      #expect(example.call.run(isa, using: &generator))
      #expect(example.fault() == nil)
    }
  }

  @Test func `accepts nothing that leaves its operands`() {
    var generator = SeededGenerator(state: 12)
    let outcome = example().call.surviveMutations(count: 6000, using: &generator)
    #expect(outcome.refused > 1500 && outcome.ran > 300)
  }
}
