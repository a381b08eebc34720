import EspalierMedia
import EspalierPlan
import Foundation
import Testing

@testable import espalier

@Suite("Arguments") struct ArgumentTests {
  @Test func `a shape is a name and its extents`() throws {
    let argument = try #require(ShapeArgument(argument: "images=1x3x224x320"))
    #expect((argument.name, argument.shape) == ("images", [1, 3, 224, 320]))
    #expect(ShapeArgument(argument: "a=b=2,5")?.name == "a=b")
    #expect(argument.text == "images=1x3x224x320")
    #expect(ShapeArgument(argument: "input:0:1x5")?.name == "input:0")
    #expect(ShapeArgument(argument: "a[1,5]") == ShapeArgument(argument: "a=1x5"))
  }

  @Test(arguments: [
    "", "x", "x=", "=1x3", "x=1x-3", "x=1x0", "x=1xa", "x[1,", "[1,2]", "x[]", ":1x2", "x=1xx2",
    "x=99999999999999999999",
  ])
  func `anything else is no shape`(text: String) {
    #expect(ShapeArgument(argument: text) == nil)
  }

  @Test(arguments: [("127.5", [127.5]), ("1,2,3", [1, 2, 3])] as [(String, [Float])])
  func `channel values are one or three numbers`(text: String, values: [Float]) {
    #expect(ChannelValues(argument: text)?.values == values)
  }

  @Test(arguments: ["", "1,2", "1,2,3,4", "a", "1,,3", "nan", "inf"])
  func `anything else is no channel value`(text: String) {
    #expect(ChannelValues(argument: text) == nil)
  }
}

@Suite("Frames from files") struct FrameReaderTests {
  let one = [Plan.Port(name: "x", shape: [1, 3, 2, 2])]
  let two = [Plan.Port(name: "a", shape: [1, 2]), Plan.Port(name: "b", shape: [3])]

  func reader(_ ports: [Plan.Port]) -> FrameReader {
    FrameReader(ports: ports, preprocessing: Preprocessing())
  }

  func withArray(_ shape: [Int], ending: String = "npy", _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).\(ending)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let elements = (0..<shape.reduce(1, *)).map(Float.init)
    let array = FloatArray(shape: shape, elements: elements)
    try Files.write(ending == "npy" ? NumPyFile.encode(array) : RawFile.encode(elements), to: path)
    try body(path)
  }

  @Test(arguments: [([1, 3, 2, 2], 1), ([5, 3, 2, 2], 5), ([3, 2, 2], 1)])
  func `a multiple of the model's batch is that many frames`(shape: [Int], count: Int) throws {
    try withArray(shape) { path in
      let frames = try reader(one).frames(for: [path])
      #expect(frames.map(\.frameCount) == [count])
      #expect(frames[0].elements == (0..<(count * 12)).map(Float.init))
    }
  }

  @Test(arguments: [[1, 3, 2, 3], [2, 2, 3], [12], [0, 3, 2, 2]])
  func `another shape is refused with both shapes`(shape: [Int]) throws {
    try withArray(shape) { path in
      let error = #expect(throws: CommandError.self) { try reader(one).frames(for: [path]) }
      let sentence = error?.description ?? ""
      #expect(sentence.contains("\(Format.shape(shape)), but the input 'x' is [1, 3, 2, 2]"))
    }
  }

  @Test func `raw floats are cut into frames`() throws {
    try withArray([24], ending: "bin") { path in
      let frames = try reader(one).frames(for: ["x=\(path)"])
      #expect(frames.map(\.frameCount) == [2])
    }
    try withArray([25], ending: "bin") { path in
      #expect(throws: CommandError.self) { try reader(one).frames(for: [path]) }
    }
  }

  @Test func `with several inputs every file has a name, and every input files`() throws {
    try withArray([1, 2]) { a in
      try withArray([3]) { b in
        let frames = try reader(two).frames(for: ["b=\(b)", "a=\(a)"])
        #expect(frames.map(\.name) == ["a", "b"])
        #expect(throws: UsageError.self) { try reader(two).frames(for: [a, b]) }
        #expect(throws: UsageError.self) { try reader(two).frames(for: ["a=\(a)"]) }
        #expect(throws: UsageError.self) { try reader(two).frames(for: ["a=\(a)", "b=\(b)", "c=\(b)"]) }
        #expect(throws: CommandError.self) { try reader(two).frames(for: ["a=\(a)", "b=\(b)", "b=\(b)"]) }
      }
    }
  }
}
