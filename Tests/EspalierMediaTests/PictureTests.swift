import EspalierMedia
import Testing

@Suite("Pictures") struct PictureTests {
  func pixels(_ name: String) throws -> [UInt8] { try Fixture.array(name).elements.map { UInt8($0) } }

  @Test(arguments: ["color.png", "gray.png", "palette.png"])
  func `PNG decodes to the pixels that Pillow sees`(name: String) throws {
    let picture = try Picture(contentsOf: Fixture.path(name))
    #expect((picture.width, picture.height) == (53, 37))
    #expect(picture.pixels == (try pixels("\(name).npy")))
  }

  @Test(arguments: ["alpha.png", "deep.png"])
  func `transparency is dropped and 16 bits are cut to 8`(name: String) throws {
    #expect(try Picture(contentsOf: Fixture.path(name)).pixels == (try pixels("color.png.npy")))
  }

  /// Decoders may round the inverse cosine transform and the colors differently by a step or two.
  @Test(arguments: ["color.jpg", "progressive.jpg", "gray.jpg"])
  func `JPEG decodes to the pixels that Pillow sees, within 2 steps`(name: String) throws {
    let picture = try Picture(contentsOf: Fixture.path(name))
    let differences = zip(picture.pixels, try pixels("\(name).npy")).map { abs(Int($0) - Int($1)) }
    #expect(differences.count == 53 * 37 * 3)
    #expect((differences.max() ?? 255) <= 2)
  }

  @Test func `a picture that is not in color or gray is refused`() throws {
    let error = #expect(throws: MediaError.self) { try Picture(contentsOf: Fixture.path("cmyk.jpg")) }
    #expect(try #require(error).description.contains("damaged JPEG picture"))
  }

  @Test func `a picture that is written as PNG reads back the same`() throws {
    let picture = try Picture(contentsOf: Fixture.path("color.png"))
    #expect(try Picture.decode(picture.encodePNG(), path: "x") == picture)
  }

  @Test func `a file that is no picture is refused by name`() {
    #expect(throws: MediaError.unknownFormat(path: "x", expected: "a JPEG or PNG picture")) {
      try Picture.decode(Array("GIF89a".utf8), path: "x")
    }
    #expect(throws: MediaError.unreadable(path: "/no/such.png", reason: "No such file or directory")) {
      try Picture(contentsOf: "/no/such.png")
    }
  }

  @Test(arguments: ["color.png", "color.jpg", "progressive.jpg", "gray.jpg"])
  func `a picture cut off anywhere is refused`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    // The last bytes of a PNG are a chunk that libpng need not see, those of a JPEG the end marker.
    for count in stride(from: 0, to: bytes.count - 16, by: 5) {
      #expect(throws: MediaError.self, "\(count) of \(bytes.count) bytes") {
        try Picture.decode(Array(bytes[..<count]), path: "x")
      }
    }
  }

  @Test(arguments: ["color.png", "deep.png", "color.jpg", "progressive.jpg"])
  func `a damaged picture gives an error or a picture, never a crash`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var random = SeededRandom(state: 6)
    for _ in 0..<1_000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let picture = try? Picture.decode(damaged, path: "x") {
        #expect(picture.pixels.count == picture.width * picture.height * 3)
      }
    }
  }
}

@Suite("Resizing pictures") struct ResizeTests {
  @Test(arguments: [(20, 11), (53, 90), (106, 74), (7, 37), (1, 1), (200, 3)])
  func `gives OpenCV's bytes`(width: Int, height: Int) throws {
    let picture = try Picture(contentsOf: Fixture.path("color.png"))
    let expected = try Fixture.array("resized-\(width)x\(height).npy").elements.map { UInt8($0) }
    #expect(picture.resized(width: width, height: height).pixels == expected)
  }

  @Test func `an exact half is the mean of four pixels, as in OpenCV`() throws {
    let picture = try Picture(contentsOf: Fixture.path("even.png"))
    let expected = try Fixture.array("halved-26x18.npy").elements.map { UInt8($0) }
    #expect(picture.resized(width: 26, height: 18).pixels == expected)
  }

  @Test func `the same size is the same picture`() throws {
    let picture = try Picture(contentsOf: Fixture.path("color.png"))
    #expect(picture.resized(width: 53, height: 37) == picture)
  }
}

@Suite("Preprocessing") struct PreprocessingTests {
  /// Two pixels side by side: (10, 20, 30) and (40, 50, 60).
  let picture = Picture(width: 2, height: 1, pixels: [10, 20, 30, 40, 50, 60])

  @Test func `without options the frame holds 0 to 255, channel by channel`() {
    let frame = Preprocessing().frame(of: picture, width: 2, height: 1)
    #expect(frame == FloatArray(shape: [1, 3, 1, 2], elements: [10, 40, 20, 50, 30, 60]))
  }

  @Test func `BGR turns the channels around`() {
    let frame = Preprocessing(order: .bgr).frame(of: picture, width: 2, height: 1)
    #expect(frame.elements == [30, 60, 20, 50, 10, 40])
  }

  @Test func `mean is subtracted, then scale divides, each in the input's own order`() {
    let preprocessing = Preprocessing(order: .bgr, mean: [10, 20, 30], scale: [2, 5, 10])
    #expect(preprocessing.frame(of: picture, width: 2, height: 1).elements == [10, 25, 0, 6, -2, 1])
  }

  @Test func `one channel is luminance`() {
    // 0.299 · 10 + 0.587 · 20 + 0.114 · 30 = 18.15; the second pixel is 30 brighter in every channel.
    let frame = Preprocessing().frame(of: picture, width: 2, height: 1, channels: 1)
    #expect(frame == FloatArray(shape: [1, 1, 1, 2], elements: [18, 48]))
  }
}

@Suite("Whole files") struct FilesTests {
  @Test func `a file that is replaced is replaced whole and leaves nothing beside it`() throws {
    try Fixture.withFolder { folder in
      let path = folder.appendingPathComponent("y.npz").path
      try Files.write([1, 2, 3], to: path)
      try Files.write([4], to: path)
      #expect(try Files.read(path) == [4])
      #expect(try Files.list(folder.path) { _ in true } == [path])
    }
  }

  @Test func `a folder that does not exist is named`() {
    #expect(throws: MediaError.unwritable(path: "/no/such/folder/y", reason: "No such file or directory")) {
      try Files.write([1], to: "/no/such/folder/y")
    }
  }

  @Test func `raw files are whole numbers of float32`() throws {
    #expect(try RawFile.decode(RawFile.encode([1, -2.5]), path: "x") == [1, -2.5])
    #expect(throws: MediaError.self) { try RawFile.decode([1, 2, 3], path: "x") }
  }
}
