internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

/// Frames with the boxes that people drew in them, if any did.
struct BoxSamples {
  private enum Source {
    case files([String])
    case frames(FrameIndex)
  }

  private let source: Source
  private let labels: BoxLabels?
  private let reader: FrameReader
  let count: Int

  /// - Parameters:
  ///   - data: A folder of pictures or arrays, or a file of frames.
  ///   - labels: Beside a folder, the frames whose pictures they name are those that count.
  /// - Throws: `CommandError` where frames and labels do not fit each other, `MediaError`.
  init(data: String, labels: BoxLabels?, path: String?, reader: FrameReader) throws {
    (self.labels, self.reader) = (labels, reader)
    if Files.isFolder(data) {
      let files = try Self.files(in: data, labels)
      (source, count) = (.files(files), files.count)
    } else {
      let frames = try reader.indexes(for: [data])[0]
      guard labels == nil || labels?.frames.count == frames.count else {
        throw CommandError(
          """
          '\(data)' holds \(frames.count) frames, but '\(path ?? "")' is about \
          \(labels?.frames.count ?? 0)
          """)
      }
      (source, count) = (.frames(frames), frames.count)
    }
  }

  private static func files(in folder: String, _ labels: BoxLabels?) throws -> [String] {
    let found = try Files.list(folder) { EspalierMedia.Picture.isPictureName($0) || $0.hasSuffix(".npy") }
    guard let labels else {
      guard !found.isEmpty else { throw CommandError("'\(folder)' holds no pictures and no .npy files") }
      return found
    }
    // YOLO's files are named as the pictures are, but for the ending.
    let stems = Dictionary(
      found.map {
        ($0.split(separator: "/").last?.split(separator: ".").dropLast().joined(separator: "."), $0)
      },
      uniquingKeysWith: { first, _ in first })
    return try labels.frames.map { frame in
      let name = frame.name ?? ""
      let path = "\(folder)/\(name)"
      if !Files.isFolder(path), Files.exists(path) { return path }
      guard let path = stems[name] else {
        throw CommandError("'\(folder)' holds no picture '\(name)', which has labels")
      }
      return path
    }
  }

  /// A frame and its boxes in shares of it; nil where there are no labels.
  func sample(_ index: Int) throws -> (frame: [Float], expected: [ExpectedBox]?) {
    switch source {
    case .files(let paths):
      let port = reader.ports[0]
      let content = try reader.content(of: paths[index], for: port)
      guard content.elements.count == port.shape.reduce(1, *) else {
        throw CommandError("'\(paths[index])' holds several frames; labels are for one frame each")
      }
      let boxes = expected(index, width: content.width, height: content.height)
      return (content.elements, boxes.map { content.transform?.onInput($0, of: port.shape) ?? $0 })
    case .frames(let frames):
      let shape = reader.ports[0].shape
      return (
        try frames.elements(of: index),
        expected(index, width: shape.last ?? 1, height: shape.dropLast().last ?? 1)
      )
    }
  }

  /// Of what the frames are called and the boxes that are expected in them.
  var digest: String {
    let names =
      switch source {
      case .files(let paths): paths.map(Files.name)
      case .frames(let frames): frames.names
      }
    let lines = names.enumerated().map { place, name in
      let boxes = labels?.frames[place].boxes.map { expected in
        let edges = [expected.box.left, expected.box.top, expected.box.right, expected.box.bottom]
        return "\(expected.box.category) \(edges) \(expected.isCrowd)"
      }
      return "\(name)\t\(boxes?.joined(separator: "\t") ?? "unlabelled")\n"
    }
    return SHA256.hexDigest(of: Array(lines.joined().utf8))
  }

  private func expected(_ index: Int, width: Int, height: Int) -> [ExpectedBox]? {
    guard let labels else { return nil }
    guard labels.unit == .pixels else { return labels.frames[index].boxes }
    return labels.frames[index].boxes.map { expected in
      var expected = expected
      expected.box.left /= Float(width)
      expected.box.right /= Float(width)
      expected.box.top /= Float(height)
      expected.box.bottom /= Float(height)
      return expected
    }
  }
}

extension PictureTransform {
  /// Boxes in shares of a picture, in shares of the network's input; the same where the picture is stretched to it.
  fileprivate func onInput(_ expected: [ExpectedBox], of shape: [Int]) -> [ExpectedBox] {
    guard let input = PictureShape(shape) else { return expected }
    let size = (width: Float(pictureWidth), height: Float(pictureHeight))
    let isStretched =
      offsetX == 0 && offsetY == 0 && abs(size.width / scaleX - Float(input.width)) < 0.01
      && abs(size.height / scaleY - Float(input.height)) < 0.01
    guard !isStretched else { return expected }
    func x(_ share: Float) -> Float { (share * size.width - offsetX) / scaleX / Float(input.width) }
    func y(_ share: Float) -> Float { (share * size.height - offsetY) / scaleY / Float(input.height) }
    return expected.map { expected in
      var expected = expected
      (expected.box.left, expected.box.right) = (x(expected.box.left), x(expected.box.right))
      (expected.box.top, expected.box.bottom) = (y(expected.box.top), y(expected.box.bottom))
      return expected
    }
  }
}
