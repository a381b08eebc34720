import EspalierMedia
import Foundation
import Testing

@Suite("Stacks of numbers") struct NumberStackTests {
  private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try Files.write(bytes, to: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test(arguments: ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
  func `are read in pieces, whatever the element type`(name: String) throws {
    try withFile(try Fixture.bytes("\(name).npy")) { path in
      let stack = try #require(try NumberStack(numPy: path))
      #expect(stack.shape == [2, 3] && stack.count == 6)
      #expect(try stack.elements(0..<6) == [0, 1, 2, 3, 4, 5])
      #expect(try stack.elements(2..<5) == [2, 3, 4])
      #expect(try stack.elements(6..<6) == [])
    }
  }

  @Test func `of raw files have no shape`() throws {
    try withFile(RawFile.encode([1, 2, 3])) { path in
      let stack = try NumberStack(raw: path)
      #expect(stack.shape == nil && stack.count == 3)
      #expect(try stack.elements(1..<3) == [2, 3])
      #expect(try NumberStack(numPy: path) == nil)
    }
    try withFile([1, 2, 3]) { path in
      #expect(throws: MediaError.self) { try NumberStack(raw: path) }
    }
  }

  @Test func `that are cut off anywhere, or too long, are refused`() throws {
    let bytes = try Fixture.bytes("f4.npy")
    for count in 6..<bytes.count {
      try withFile(Array(bytes[..<count])) { path in
        #expect(throws: MediaError.self) { try NumberStack(numPy: path) }
      }
    }
    try withFile(bytes + [0]) { path in
      #expect(throws: MediaError.self) { try NumberStack(numPy: path) }
    }
  }

  @Test func `that shrink while they are read end in an error`() throws {
    let bytes = try Fixture.bytes("f4.npy")
    try withFile(bytes) { path in
      let stack = try #require(try NumberStack(numPy: path))
      try Files.write(Array(bytes.dropLast(4)), to: path)
      #expect(try stack.elements(0..<5) == [0, 1, 2, 3, 4])
      #expect(throws: MediaError.self) { try stack.elements(3..<6) }
    }
  }
}
