internal import EspalierMedia
internal import EspalierPlan

/// Where the frames of one input lie. What is in them is read when it is asked for, and no frame but those asked for.
struct FrameIndex {
  private struct File {
    let path: String
    /// The number of its first frame.
    let first: Int
    let count: Int
    /// Nil for a picture.
    let stack: NumberStack?
    /// All that the file holds, where it can be read only once.
    var held: [Float]?
  }

  let port: Plan.Port
  /// How many frames there are.
  let count: Int
  private let reader: FrameReader
  private let files: [File]
  /// Elements of one frame.
  private let size: Int

  /// - Throws: `CommandError` where a file's shape is not the input's, `MediaError`.
  init(_ paths: [String], for port: Plan.Port, reader: FrameReader) throws {
    let size = max(1, port.shape.reduce(1, *))
    var (files, count): ([File], Int) = ([], 0)
    for path in paths {
      let file = try Self.file(path, first: count, port, size, reader)
      files.append(file)
      count += file.count
    }
    (self.port, self.reader, self.files, self.size, self.count) = (port, reader, files, size, count)
  }

  private static func file(
    _ path: String, first: Int, _ port: Plan.Port, _ size: Int, _ reader: FrameReader
  ) throws -> File {
    guard !Files.isSpecial(path) else {
      let held = try reader.elements(of: path, for: port)
      return File(path: path, first: first, count: held.count / size, stack: nil, held: held)
    }
    let array = try NumberStack(numPy: path)
    guard let stack = try array ?? (FrameReader.isRawName(path) ? NumberStack(raw: path) : nil) else {
      return File(path: path, first: first, count: 1, stack: nil)
    }
    try reader.requireFrames(stack.shape, count: stack.count, path: path, for: port)
    return File(path: path, first: first, count: stack.count / size, stack: stack)
  }

  /// What each frame is called: a file's name, with a number where the file holds several.
  var names: [String] { (0..<count).map(name) }

  func name(of frame: Int) -> String {
    let file = files[place(of: frame)]
    let name = Files.name(file.path)
    return file.count == 1 ? name : "\(name)[\(frame - file.first)]"
  }

  /// The elements of one frame.
  ///
  /// - Throws: `CommandError`, `MediaError`.
  func elements(of frame: Int) throws -> [Float] {
    let file = files[place(of: frame)]
    let range = (frame - file.first) * size..<(frame - file.first + 1) * size
    if let held = file.held { return Array(held[range]) }
    guard let stack = file.stack else { return try reader.elements(of: file.path, for: port) }
    return try stack.elements(range)
  }

  /// Some of the frames, in the order in which they are named.
  ///
  /// - Throws: `CommandError`, `MediaError`.
  func frames(_ chosen: [Int]) throws -> InputFrames {
    var elements: [Float] = []
    elements.reserveCapacity(chosen.count * size)
    var progress = Progress("reading frames", total: chosen.count)
    for frame in chosen {
      elements += try self.elements(of: frame)
      progress.advance()
    }
    progress.finish()
    return InputFrames(
      name: port.name, frameCount: chosen.count, elements: elements, origins: chosen.map(name))
  }

  /// The last file whose first frame is not behind a frame.
  private func place(of frame: Int) -> Int {
    var (low, high) = (0, files.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if files[middle].first <= frame { low = middle } else { high = middle }
    }
    return low
  }
}
