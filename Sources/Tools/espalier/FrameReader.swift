internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

/// Frames for one input of a model, from files.
struct InputFrames {
  let name: String
  let frameCount: Int
  /// The frames one after another; `elements.count` is `frameCount` times the input's own.
  let elements: [Float]
  /// Where each frame is from: a file's name, with a number where the file holds several.
  var origins: [String] = []
  /// Where in its picture each frame lies; nil for what was no picture.
  var transforms: [PictureTransform?] = []
}

/// Reads `[NAME=]X.npy|PICTURE` arguments.
struct FrameReader {
  let ports: [Plan.Port]
  let preprocessing: Preprocessing
  /// For each input how pictures become it, where that is declared; empty: nothing is.
  var pictures: [PictureInput?] = []

  /// The frames for every input, in the model's order.
  ///
  /// - Throws: `UsageError` where an argument names no input or an input has no frames, `CommandError` where
  ///   a file's shape is not the input's, `MediaError`.
  func frames(for arguments: [String]) throws -> [InputFrames] {
    let frames = try zip(ports, try paths(for: arguments)).map { try read($1, for: $0) }
    try requireEqual(frames.map { ($0.name, $0.frameCount) })
    return frames
  }

  /// Where the frames of every input lie, in the model's order; what is in them is not read yet.
  ///
  /// - Throws: As `frames(for:)`.
  func indexes(for arguments: [String]) throws -> [FrameIndex] {
    let indexes = try zip(ports, try paths(for: arguments)).map { port, paths in
      try FrameIndex(paths, for: port, reader: self)
    }
    try requireEqual(indexes.map { ($0.port.name, $0.count) })
    return indexes
  }

  /// The files of every input.
  private func paths(for arguments: [String]) throws -> [[String]] {
    var paths: [[String]] = ports.map { _ in [] }
    for argument in arguments {
      let (port, path) = try resolve(argument)
      paths[port] += try expand(path)
    }
    for (port, paths) in zip(ports, paths) where paths.isEmpty {
      throw UsageError("input '\(port.name)' has no frames; give --input \(port.name)=FILE")
    }
    return paths
  }

  private func requireEqual(_ counts: [(name: String, count: Int)]) throws {
    guard Set(counts.map(\.count)).count == 1 else {
      let list = counts.map { "'\($0.name)' \($0.count)" }.joined(separator: ", ")
      throw CommandError("the inputs hold different numbers of frames: \(list)")
    }
  }

  /// Which input an argument is for, and the path in it.
  func resolve(_ argument: String) throws -> (port: Int, path: String) {
    for (index, port) in ports.enumerated() where argument.hasPrefix(port.name + "=") {
      return (index, String(argument.dropFirst(port.name.count + 1)))
    }
    if ports.count == 1, !looksNamed(argument) { return (0, argument) }
    let names = ports.map { "'\($0.name)'" }.joined(separator: ", ")
    if looksNamed(argument) {
      throw UsageError("--input \(argument): the model has no input of that name; it has \(names)")
    }
    throw UsageError("--input \(argument): say which of the inputs \(names) it is for: NAME=\(argument)")
  }

  /// Whether an argument is `NAME=FILE` rather than a file whose name has an equals sign in it.
  private func looksNamed(_ argument: String) -> Bool {
    guard let separator = argument.firstIndex(of: "=") else { return false }
    return !argument[..<separator].contains("/") && !Files.exists(argument)
  }

  /// A folder stands for the pictures and arrays in it.
  private func expand(_ path: String) throws -> [String] {
    guard Files.isFolder(path) else { return [path] }
    let found = try Files.list(path) { EspalierMedia.Picture.isPictureName($0) || $0.hasSuffix(".npy") }
    guard !found.isEmpty else { throw CommandError("'\(path)' holds no pictures and no .npy files") }
    return found
  }

  private func read(_ paths: [String], for port: Plan.Port) throws -> InputFrames {
    let size = port.shape.reduce(1, *)
    var elements: [Float] = []
    var origins: [String] = []
    var transforms: [PictureTransform?] = []
    var progress = Progress("reading frames", total: paths.count)
    for (index, path) in paths.enumerated() {
      let content = try content(of: path, for: port)
      let added = content.elements
      elements += added
      let count = size == 0 ? 1 : added.count / size
      let name = Files.name(path)
      transforms += [PictureTransform?](repeating: content.transform, count: count)
      origins += count == 1 ? [name] : (0..<count).map { "\(name)[\($0)]" }
      progress.update(index + 1)
    }
    progress.finish()
    return InputFrames(
      name: port.name, frameCount: origins.count, elements: elements, origins: origins,
      transforms: transforms)
  }

  /// The frames in one file, one after another.
  func elements(of path: String, for port: Plan.Port) throws -> [Float] {
    try content(of: path, for: port).elements
  }

  /// The frames in one file, and the extents of what it holds: a picture's own, else the input's.
  func content(
    of path: String, for port: Plan.Port
  ) throws -> (elements: [Float], width: Int, height: Int, transform: PictureTransform?) {
    let bytes = try Files.read(path)
    guard let elements = try numbers(in: bytes, path: path, for: port) else {
      let picture = try EspalierMedia.Picture.decode(bytes, path: path)
      let (elements, transform) = try frame(of: picture, for: port)
      return (elements, picture.width, picture.height, transform)
    }
    return (elements, port.shape.last ?? 1, port.shape.dropLast().last ?? 1, nil)
  }

  /// Nil where the file is to be a picture.
  private func numbers(in bytes: [UInt8], path: String, for port: Plan.Port) throws -> [Float]? {
    if NumPyFile.matches(bytes) {
      let array = try NumPyFile.decode(bytes, path: path)
      try requireFrames(array.shape, count: array.elements.count, path: path, for: port)
      return array.elements
    }
    if Self.isRawName(path) {
      let elements = try RawFile.decode(bytes, path: path)
      try requireFrames(nil, count: elements.count, path: path, for: port)
      return elements
    }
    return nil
  }

  static func isRawName(_ path: String) -> Bool {
    path.hasSuffix(".bin") || path.hasSuffix(".raw") || path.hasSuffix(".f32")
  }

  /// - Parameters:
  ///   - shape: Of the array in a file; nil where it states none.
  ///   - count: Of its elements.
  /// - Throws: `CommandError` where they are no whole number of frames.
  func requireFrames(_ shape: [Int]?, count: Int, path: String, for port: Plan.Port) throws {
    if let shape {
      guard holdsFrames(shape, of: port.shape) else {
        throw CommandError(
          """
          '\(path)' has the shape \(Format.shape(shape)), but the input '\(port.name)' is \
          \(Format.shape(port.shape)), or a multiple of it along the first axis
          """)
      }
      return
    }
    let size = port.shape.reduce(1, *)
    guard count > 0, count % size == 0 else {
      throw CommandError("'\(path)' holds \(count) values, but a frame of '\(port.name)' has \(size)")
    }
  }

  private func frame(
    of picture: EspalierMedia.Picture, for port: Plan.Port
  ) throws -> (elements: [Float], transform: PictureTransform) {
    if let index = ports.firstIndex(where: { $0.name == port.name }), index < pictures.count,
      let declared = pictures[index], let shape = PictureShape(port.shape)
    {
      let size = (width: picture.width, height: picture.height)
      return (
        try declared.tensor(of: picture, shape: shape), declared.transform(ofPicture: size, shape: shape)
      )
    }
    guard port.shape.count == 4, port.shape[0] == 1, [1, 3].contains(port.shape[1]) else {
      throw CommandError(
        """
        the input '\(port.name)' of shape \(Format.shape(port.shape)) takes no picture: that needs the shape \
        [1, 3, height, width]; give a .npy file
        """)
    }
    let elements = preprocessing.frame(
      of: picture, width: port.shape[3], height: port.shape[2], channels: port.shape[1]
    ).elements
    let transform = PictureTransform(
      width: picture.width, height: picture.height, stretchedTo: (port.shape[3], port.shape[2]))
    return (elements, transform)
  }

  /// Whether an array is one or more frames: a multiple along the first axis, or one without a batch axis.
  private func holdsFrames(_ shape: [Int], of frame: [Int]) -> Bool {
    if shape == frame { return true }
    if frame.first == 1, shape == Array(frame.dropFirst()) { return true }
    guard let first = frame.first, let found = shape.first, shape.dropFirst() == frame.dropFirst() else {
      return false
    }
    return first > 0 && found > 0 && found % first == 0
  }
}
