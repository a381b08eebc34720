import Testing

/// Truncated, bit-flipped and nonsense files, thousands of each kind, through every stage up to a frame.
@Suite("Damaged files", .serialized) struct DamageTests {
  @Test func `that hold small models of every operator are refused or compile and run`() throws {
    if DamageProbe.nodeModels.isEmpty {
      print("damaged files: no ONNX node tests; 'apt install libonnx-testdata' brings them")
      return
    }
    let cases = try DamageProbe.cases(.onnx, first: 1, count: 4000, models: DamageProbe.nodeModels)
    check(cases, count: 4000)
  }

  @Test func `that hold a network are refused or compile and run`() throws {
    let cases = try DamageProbe.cases(.onnx, first: 1, count: 400, models: [DamageProbe.network])
    check(cases, count: 400)
  }

  @Test func `that were packed are refused or run, though their checksums are right`() throws {
    let models = DamageProbe.nodeModels + [DamageProbe.network]
    let cases = try DamageProbe.cases(.pack, first: 1, count: 4000, models: models)
    check(cases, count: 4000)
  }

  /// Of processor time for one file. The slowest makes tables of a million rows, which takes a build without
  /// optimization 4 s.
  #if DEBUG
    private static let millisecondLimit = 9000
  #else
    private static let millisecondLimit = 2000
  #endif

  /// Every case ended in an error or in a frame, in time, and memory did not grow with them.
  private func check(_ cases: [DamageCase], count: Int) {
    #expect(cases.count == count)
    for fault in cases where !["refused", "accepted", "ran"].contains(fault.outcome) {
      Issue.record("seed \(fault.seed): \(fault.outcome)")
    }
    let refused = cases.filter { $0.outcome == "refused" }.count
    #expect(refused > count / 5, "damage that harms nothing shows nothing")
    #expect(refused < count * 19 / 20, "damage that nothing survives shows little")
    #expect((cases.map(\.milliseconds).max() ?? .max) < Self.millisecondLimit, "the slowest case")
    #expect((cases.map(\.peakMegabytes).max() ?? .max) < 1024, "megabytes")
  }
}
