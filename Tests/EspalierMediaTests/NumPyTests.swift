import EspalierMedia
import Testing

@Suite("Files of NumPy arrays") struct NumPyTests {
  @Test(arguments: ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
  func `every plain element type reads as float32`(name: String) throws {
    #expect(try Fixture.array("\(name).npy") == FloatArray(shape: [2, 3], elements: [0, 1, 2, 3, 4, 5]))
  }

  @Test func `signs, truth values and scalars keep their values`() throws {
    #expect(try Fixture.array("negative.npy").elements == [-3, -2, 7])
    #expect(try Fixture.array("bool.npy").elements == [1, 0, 1])
    #expect(try Fixture.array("scalar.npy") == FloatArray(shape: [], elements: [2.5]))
  }

  @Test func `half precision reads exactly, subnormal and infinite values included`() throws {
    let expected: [Float] = [0, -0.5, 65504, .infinity, 0x1p-24, -0x1p-14, 0.33325195]
    #expect(try Fixture.array("halves.npy").elements == expected)
  }

  @Test(arguments: [
    ("fortran.npy", "column by column"), ("big-endian.npy", "'>f4' is not supported"),
    ("complex.npy", "'<c8' is not supported"),
  ])
  func `arrays of other kinds are refused with advice`(name: String, sentence: String) throws {
    let error = #expect(throws: MediaError.self) { try Fixture.array(name) }
    #expect(try #require(error).description.contains(sentence))
  }

  @Test(arguments: [[], [0], [7], [1, 3, 2, 2]])
  func `what is written reads back the same, at an aligned start`(shape: [Int]) throws {
    let count = shape.reduce(1, *)
    let array = FloatArray(shape: shape, elements: (0..<count).map { Float($0) / 3 })
    let bytes = NumPyFile.encode(array)
    #expect((bytes.count - count * 4) % 64 == 0)
    #expect(try NumPyFile.decode(bytes, path: "x") == array)
  }

  @Test func `what NumPy writes and what is written here are the same bytes`() throws {
    let array = FloatArray(shape: [2, 3], elements: [0, 1, 2, 3, 4, 5])
    #expect(try Fixture.bytes("f4.npy") == NumPyFile.encode(array))
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1073741824, 4), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': [3], }",
    "{'descr': '<f4', 'fortran_order': False, }",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<f4', 'fortran_order': __import__('os'), 'shape': (3,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } junk",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
    "{", "", "{'descr': '", "{'shape': (",
  ])
  func `a hostile header is refused before anything is allocated`(header: String) {
    let text = Array(header.utf8)
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + [0, 0, 0, 0]
    #expect(throws: MediaError.self) { try NumPyFile.decode(bytes, path: "x") }
  }

  @Test func `a file cut off anywhere is refused`() throws {
    let bytes = try Fixture.bytes("f4.npy")
    for count in 0..<bytes.count {
      #expect(throws: MediaError.self) { try NumPyFile.decode(Array(bytes[..<count]), path: "x") }
    }
  }
}

@Suite("Archives of NumPy arrays") struct NumPyArchiveTests {
  let expected = [
    NumPyArchive.Entry(name: "probabilities", array: FloatArray(shape: [1, 2], elements: [0.25, 0.75])),
    NumPyArchive.Entry(name: "a/b:0", array: FloatArray(shape: [1000], elements: (0..<1000).map(Float.init))),
  ]

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func `stored and deflated archives of NumPy's read by name`(name: String) throws {
    #expect(try NumPyArchive.decode(try Fixture.bytes(name), path: name) == expected)
  }

  @Test func `what is written reads back the same and is the same each time`() throws {
    let bytes = try NumPyArchive.encode(expected, path: "y.npz")
    #expect(try NumPyArchive.decode(bytes, path: "y.npz") == expected)
    #expect(try NumPyArchive.encode(expected, path: "y.npz") == bytes)
  }

  @Test func `an empty archive is an archive`() throws {
    #expect(try NumPyArchive.decode(try NumPyArchive.encode([], path: "y"), path: "y") == [])
  }

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func `an archive cut off anywhere is refused`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: MediaError.self) { try NumPyArchive.decode(Array(bytes[..<count]), path: "x") }
    }
  }

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func `a damaged archive gives an error or the right arrays, never a crash`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var random = SeededRandom(state: 5)
    for _ in 0..<2_000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // A checksum guards the arrays, not the names and the dates.
      if let entries = try? NumPyArchive.decode(damaged, path: "x") {
        #expect(entries.map(\.array) == expected.map(\.array))
      }
    }
  }

  @Test func `an archive that announces gigabytes from a few bytes is refused`() throws {
    var bytes = try Fixture.bytes("deflated.npz")
    let directory = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    bytes.replaceSubrange((directory + 24)..<(directory + 28), with: [0, 0, 0, 0xF0])
    #expect(throws: MediaError.self) { try NumPyArchive.decode(bytes, path: "x") }
  }
}
