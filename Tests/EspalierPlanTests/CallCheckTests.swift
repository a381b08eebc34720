import EspalierPlan
import PlanFixtures
import Testing

@Suite("Checking calls") struct CallCheckTests {
  private let network = ResidualNetwork(rows: 2)

  @Test func `refuses a family that is not built in`() {
    #expect(fault { $0.calls[0].family = 9999 } == .unknownFamily(9999))
  }

  @Test func `refuses the wrong number of operands and of parameters`() {
    #expect(fault { $0.calls[0].operands.removeLast() } == .operandCount(expected: 2, found: 1))
    let expected = network.plan.calls[0].parameters.count * 4
    #expect(
      fault { $0.calls[0].parameters.removeLast() }
        == .parameterByteCount(expected: expected, found: expected - 4))
  }

  @Test func `refuses to write what is read-only`() {
    #expect(
      fault { $0.calls[0].operands[1] = Plan.Operand(.weights, offset: 0) }
        == .writesReadOnly(operand: 1, space: .weights))
    #expect(
      fault { $0.calls[0].operands[1] = Plan.Operand(.input, offset: 0) }
        == .writesReadOnly(operand: 1, space: .input))
  }

  @Test func `refuses an input or output that does not exist`() {
    #expect(
      fault { $0.calls[0].operands[0].index = 1 } == .noSuchPort(operand: 0, space: .input, index: 1))
    #expect(
      fault { $0.calls[4].operands[2].index = 7 } == .noSuchPort(operand: 2, space: .output, index: 7))
  }

  @Test func `refuses misaligned offsets`() {
    #expect(
      fault { $0.calls[1].operands[2].offset += 32 } == .misaligned(operand: 2, offset: 96, alignment: 64))
    #expect(fault { $0.calls[0].operands[0].offset = 2 } == .misaligned(operand: 0, offset: 2, alignment: 4))
  }

  @Test func `refuses operands beyond the end of their space`() {
    #expect(
      fault { $0.calls[0].operands[1].offset = 1 << 40 }
        == .outside(operand: 1, space: .arena, offset: 1 << 40, byteCount: 2048))
    #expect(fault { $0.calls[0].operands[1].offset = 2048 - 4 } == .parameters(family: "copy_f32"))
    #expect(fault { $0.arenaByteCount -= 64 } == .parameters(family: "fill_f32"))
  }

  @Test func `refuses a table entry that leads outside`() {
    #expect(fault { $0.weights[2] = 1 } == .parameters(family: "conv_gemm_f32"))
  }

  @Test func `says which call it refused and why`() {
    let message = "\(error { $0.calls[0].family = 9999 } ?? .notAPack)"
    #expect(message == "call 0 'copy': this build has no kernel family 9999; update the runtime")
  }

  private func error(_ change: (inout Plan) -> Void) -> PlanError? {
    var plan = network.plan
    change(&plan)
    do throws(PlanError) {
      _ = try PlanWriter.bytes(of: plan)
      return nil
    } catch {
      return error
    }
  }

  private func fault(_ change: (inout Plan) -> Void) -> CallFault? {
    guard case .callRefused(_, _, let reason) = error(change) else { return nil }
    return reason
  }
}
