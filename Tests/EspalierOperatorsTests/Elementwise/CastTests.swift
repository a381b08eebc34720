import EspalierGraph
import EspalierOperators
import Testing

@Suite("Cast") struct CastTests {
  private func cast(_ x: Tensor, to number: Int64) -> NodeCase {
    NodeCase(type: "Cast", attributes: ["to": .int(number)], inputs: [x])
  }

  @Test func `cuts floats off toward zero`() throws {
    let x = Tensor.floats([-3.7, -0.5, 0, 0.5, 2.9, 300])
    try cast(x, to: 7).expect(.integers([-3, 0, 0, 0, 2, 300], .int64))
    try cast(x, to: 6).expect(.integers([-3, 0, 0, 0, 2, 300], .int32))
  }

  @Test func `brings floats to the nearest value that a narrow type has`() throws {
    let x = Tensor.floats([-3.7, 2.9, 300, -1e10])
    try cast(x, to: 2).expect(.integers([0, 2, 255, 0], .uint8))
    try cast(x, to: 3).expect(.integers([-3, 2, 127, -128], .int8))
    #expect(try cast(.floats([.nan, 1e30]), to: 6).evaluate()[0].integers == [0, Int64(Int32.max)])
    #expect(try cast(.floats([1e30, -1]), to: 13).evaluate()[0].integers == [-1, 0])
  }

  @Test func `makes true of everything but zero`() throws {
    try cast(.floats([0, -0.0, 0.1, .nan, -2]), to: 9).expect(.booleans([false, false, true, true, true]))
    try cast(.integers([0, 1, 256]), to: 9).expect(.booleans([false, true, true]))
  }

  @Test func `makes numbers of truth values and integers without a call`() throws {
    try cast(.booleans([false, true]), to: 1).expect(.floats([0, 1]))
    try cast(.integers([3, -4]), to: 1).expect(.floats([3, -4]))
    try cast(.integers([3, -4], .int32), to: 7).expect(.integers([3, -4]))
    let x = OperatorCase(Cast(to: .float32), [.integers([1])])
    // The one call copies the result to the caller's buffer.
    #expect(try LoweredExecutor(x.graph()).families == [7])
  }

  @Test func `wraps integers around`() throws {
    try cast(.integers([300, -1, 7]), to: 2).expect(.integers([44, 255, 7], .uint8))
    try cast(.integers([200], .uint8), to: 3).expect(.integers([-56], .int8))
    try cast(.integers([-1]), to: 12).expect(.integers([4_294_967_295], .uint32), lowers: false)
    #expect(try cast(.integers([-1], .uint64), to: 1).evaluate()[0].floats == [18_446_744_073_709_551_616])
  }

  @Test func `rounds to 16 bits, ties to even`() throws {
    // float16 has 10 bits behind the point, bfloat16 7: 1 + 2^-11 and 1 + 2^-8 are ties.
    #expect(
      try cast(.floats([1 + 0x1p-11, 1 + 0x1.8p-10, 70_000]), to: 10).evaluate()[0]
        == Tensor(shape: [3], element: .float16, floats: [1, 1 + 0x1p-9, .infinity]))
    #expect(
      try cast(.floats([1 + 0x1p-8, 1 + 0x1.8p-7, .nan]), to: 16).evaluate()[0].floats.prefix(2)
        == [1, 1 + 0x1p-6])
  }

  @Test func `refuses strings and unknown types`() {
    #expect(throws: ImportError.self) { try cast(.floats([1]), to: 8).graph() }
    #expect(throws: ImportError.self) { try cast(.floats([1]), to: 99).graph() }
    #expect(throws: ImportError.self) { try NodeCase(type: "Cast", inputs: [.floats([1])]).graph() }
  }

  @Test func `follows another tensor's type as CastLike`() throws {
    try NodeCase(type: "CastLike", opset: 15, inputs: [.floats([1.5, -2.5]), .integers([0])])
      .expect(.integers([1, -2]))
  }
}

@Suite("BitCast") struct BitCastTests {
  private func cast(_ x: Tensor, to number: Int64) -> NodeCase {
    NodeCase(type: "BitCast", opset: 26, attributes: ["to": .int(number)], inputs: [x])
  }

  @Test func `reads bytes with or without a sign`() throws {
    try cast(.integers([0, 127, 128, 255], .uint8), to: 3).expect(.integers([0, 127, -128, -1], .int8))
    try cast(.integers([-1, 5], .int16), to: 4).expect(.integers([65_535, 5], .uint16))
    try cast(.booleans([true, false]), to: 2).expect(.integers([1, 0], .uint8))
  }

  @Test func `reads floats as patterns, which does not lower`() throws {
    // IEEE 754: 1 is 0x3F800000, -2 is 0xC0000000.
    let patterns: [Int64] = [0x3F80_0000, -0x4000_0000]
    try cast(.floats([1, -2]), to: 6).expect(.integers(patterns, .int32), lowers: false)
    try cast(.integers(patterns, .int32), to: 1).expect(.floats([1, -2]), lowers: false)
    let halves = Tensor(shape: [1], element: .float16, floats: [1])
    #expect(try cast(halves, to: 4).evaluate()[0] == .integers([0x3C00], .uint16))
  }

  @Test func `refuses another width`() {
    #expect(throws: ImportError.self) { try cast(.floats([1]), to: 7).graph() }
    #expect(throws: ImportError.self) { try cast(.integers([1]), to: 11).graph() }
  }
}
