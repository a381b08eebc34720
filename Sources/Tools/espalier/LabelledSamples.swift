internal import EspalierMedia
internal import EspalierPlan

/// Frames with the classes that they belong to.
struct LabelledSamples {
  private enum Source {
    case files([String])
    case frames(FrameIndex)
  }

  private let source: Source
  private let labels: [Int]
  private let reader: FrameReader

  var count: Int { labels.count }

  /// - Parameters:
  ///   - data: A folder, of folders where `labels` is nil, or a `.npy` file.
  ///   - labels: A table; nil: folders are classes.
  /// - Throws: `CommandError` where frames and labels do not fit each other, `MediaError`.
  init(data: String, labels: String?, classes: Labels?, reader: FrameReader) throws {
    self.reader = reader
    guard reader.ports.count == 1 else { throw CommandError("eval takes models with one input") }
    guard let labels else {
      let found = try Self.folders(in: data, classes)
      (source, self.labels) = (.files(found.map(\.path)), found.map(\.label))
      return
    }
    let table = try LabelTable(path: labels, classes: classes)
    if Files.isFolder(data) {
      let rows = try table.named()
      (source, self.labels) = (.files(rows.map { "\(data)/\($0.name)" }), rows.map(\.label))
    } else {
      let frames = try reader.indexes(for: [data])[0]
      guard frames.count == table.rows.count else {
        throw CommandError(
          "'\(data)' holds \(frames.count) frames, but '\(labels)' labels \(table.rows.count)")
      }
      (source, self.labels) = (.frames(frames), table.rows.map(\.label))
    }
  }

  func sample(_ index: Int) throws -> (frame: [Float], label: Int) {
    switch source {
    case .files(let paths):
      let elements = try reader.elements(of: paths[index], for: reader.ports[0])
      guard elements.count == reader.ports[0].shape.reduce(1, *) else {
        throw CommandError("'\(paths[index])' holds several frames; one label stands for one frame")
      }
      return (elements, labels[index])
    case .frames(let frames): return (try frames.elements(of: index), labels[index])
    }
  }

  /// Of what the frames are called and the classes that they belong to.
  var digest: String {
    let names =
      switch source {
      case .files(let paths): paths.map(Files.name)
      case .frames(let frames): frames.names
      }
    let lines = zip(names, labels).map { "\($0)\t\($1)\n" }
    return SHA256.hexDigest(of: Array(lines.joined().utf8))
  }

  /// Every picture with the class that its folder's name is: a number, a name in `classes`, or else the
  /// folder's place among all.
  private static func folders(
    in path: String, _ classes: Labels?
  ) throws -> [(path: String, label: Int)] {
    let folders = try Files.list(path) { Files.isFolder("\(path)/\($0)") }
    guard !folders.isEmpty else {
      throw CommandError("'\(path)' holds no folders whose names are classes; give --labels FILE.csv")
    }
    let names = folders.map(Files.name)
    let areNumbers = names.allSatisfy { Int($0) != nil }
    var samples: [(path: String, label: Int)] = []
    for (place, folder) in folders.enumerated() {
      var label = areNumbers ? Int(names[place]) ?? place : place
      if !areNumbers, let classes {
        guard let known = classes.names.firstIndex(of: names[place]) else {
          throw CommandError("folder '\(folder)' is no class out of --classes")
        }
        label = known
      }
      let files = try Files.list(folder) { Picture.isPictureName($0) || $0.hasSuffix(".npy") }
      samples += files.map { ($0, label) }
    }
    guard !samples.isEmpty else { throw CommandError("the folders in '\(path)' hold no pictures") }
    return samples
  }
}

/// A table of classes: comma-separated, with or without a line of headings.
struct LabelTable {
  struct Row: Equatable {
    var name: String?
    var label: Int
  }

  let rows: [Row]
  private let path: String

  /// - Throws: `CommandError` that names the line at fault, `MediaError`.
  init(path: String, classes: Labels?) throws {
    try self.init(text: String(decoding: try Files.read(path), as: UTF8.self), path: path, classes: classes)
  }

  init(text: String, path: String, classes: Labels?) throws {
    self.path = path
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map { Self.trimmed($0) }
    }
    guard let first = lines.first, !lines.isEmpty else { throw CommandError("'\(path)' is an empty table") }
    func label(_ text: String?) -> Int? {
      guard let text else { return nil }
      return Int(text) ?? classes?.names.firstIndex(of: text)
    }
    let headings = ["label", "class", "class_index", "class_id", "classid", "index"]
    let heading = first.firstIndex { headings.contains($0.lowercased()) }
    let column = heading ?? (first.count > 1 ? 1 : 0)
    let isHeading = heading != nil || label(first[column]) == nil
    rows = try lines.enumerated().dropFirst(isHeading ? 1 : 0).map { number, cells in
      guard column < cells.count, let label = label(cells[column]) else {
        throw CommandError("'\(path)', line \(number + 1): no class in column \(column + 1)")
      }
      let name = cells.indices.first { $0 != column }.map { cells[$0] }
      return Row(name: name, label: label)
    }
    guard !rows.isEmpty else { throw CommandError("'\(path)' holds no rows") }
  }

  /// - Throws: `CommandError` where the table names no files.
  func named() throws -> [(name: String, label: Int)] {
    try rows.map { row in
      guard let name = row.name else {
        throw CommandError("'\(path)' holds classes alone; beside a folder it also names the files")
      }
      return (name, row.label)
    }
  }

  private static func trimmed(_ cell: Substring) -> String {
    var cell = cell
    while let last = cell.last, last == " " || last == "\"" || last == "\r" { cell.removeLast() }
    while let first = cell.first, first == " " || first == "\"" { cell.removeFirst() }
    return String(cell)
  }
}
