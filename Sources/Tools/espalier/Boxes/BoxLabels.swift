internal import EspalierMedia
internal import Foundation

/// Boxes that people drew, frame by frame.
struct BoxLabels {
  enum Unit { case pixels, shares }

  struct Frame {
    /// The file that it is about; nil where frames are numbered.
    var name: String?
    var boxes: [ExpectedBox]
  }

  /// What the boxes' edges are counted in.
  let unit: Unit
  let frames: [Frame]

  /// - Parameters:
  ///   - path: A table (.csv), a COCO file (.json), or a folder of YOLO's .txt files.
  ///   - classes: The names of the model's classes; nil: labels are their places.
  /// - Throws: `CommandError` that says what is at fault where, `MediaError`.
  init(path: String, classes: Labels?) throws {
    if Files.isFolder(path) {
      (unit, frames) = (.shares, try YoloLabels(folder: path, classes: classes).frames)
      return
    }
    let bytes = try Files.read(path)
    unit = .pixels
    frames =
      path.hasSuffix(".json")
      ? try CocoLabels(bytes, path: path, classes: classes).frames
      : try BoxTable(text: String(decoding: bytes, as: UTF8.self), path: path, classes: classes).frames
    guard !frames.isEmpty else { throw CommandError("'\(path)' names no pictures") }
  }
}

/// The place of a class among those of the model.
private struct ClassFinder {
  let path: String
  let classes: Labels?

  /// - Parameter place: Of a class without a name.
  func place(named name: String, else place: Int?) throws -> Int {
    guard let classes else {
      guard let place = place ?? Int(name) else {
        throw CommandError("'\(path)': class '\(name)' is no number; give --classes FILE with the names")
      }
      return place
    }
    guard let found = classes.names.firstIndex(of: name) ?? Int(name) else {
      throw CommandError("'\(path)': class '\(name)' is none of --classes")
    }
    return found
  }
}

/// A comma-separated table of files, classes and corners in pixels, with or without a line of headings. A line
/// without corners names a picture without boxes.
struct BoxTable {
  let frames: [BoxLabels.Frame]

  private static let headings: [[String]] = [
    ["file", "filename", "image", "frame", "name"], ["class", "label", "category", "class_name"],
    ["left", "xmin", "x0"], ["top", "ymin", "y0"], ["right", "xmax"], ["bottom", "ymax"],
  ]

  init(text: String, path: String, classes: Labels?) throws {
    let lines = text.split(whereSeparator: \.isNewline).map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"\r"))
      }
    }
    let first = (lines.first ?? []).map { $0.lowercased() }
    let named = Self.headings.map { names in first.firstIndex { names.contains($0) } }
    let hasHeadings = named.allSatisfy { $0 != nil }
    let columns = hasHeadings ? named.compactMap { $0 } : Array(0..<6)
    let finder = ClassFinder(path: path, classes: classes)
    var (names, boxes): ([String], [String: [ExpectedBox]]) = ([], [:])
    for (number, cells) in lines.enumerated().dropFirst(hasHeadings ? 1 : 0) {
      func cell(_ column: Int) -> String { columns[column] < cells.count ? cells[columns[column]] : "" }
      if boxes[cell(0)] == nil {
        names.append(cell(0))
        boxes[cell(0)] = []
      }
      if (1..<6).allSatisfy({ cell($0).isEmpty }) { continue }
      let edges = (2..<6).compactMap { Float(cell($0)) }
      guard edges.count == 4, edges.allSatisfy(\.isFinite), edges[0] < edges[2], edges[1] < edges[3] else {
        throw CommandError(
          "'\(path)', line \(number + 1): expected file, class, left, top, right, bottom")
      }
      let category = try finder.place(named: cell(1), else: nil)
      boxes[cell(0)]?.append(
        ExpectedBox(
          box: Box(
            category: category, score: 1, left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])))
    }
    frames = names.map { BoxLabels.Frame(name: $0, boxes: boxes[$0] ?? []) }
  }
}

/// COCO's `instances` files: boxes by left, top, width and height in pixels.
struct CocoLabels {
  private struct Contents: Decodable {
    struct Image: Decodable {
      let id: Int
      let file_name: String
    }
    struct Annotation: Decodable {
      let image_id: Int
      let category_id: Int
      let bbox: [Float]
      let iscrowd: Int?
    }
    struct Category: Decodable {
      let id: Int
      let name: String
    }
    let images: [Image]
    let annotations: [Annotation]
    let categories: [Category]
  }

  let frames: [BoxLabels.Frame]

  init(_ bytes: [UInt8], path: String, classes: Labels?) throws {
    guard let contents = try? JSONDecoder().decode(Contents.self, from: Data(bytes)) else {
      throw CommandError("'\(path)' is no COCO file: that has images, annotations and categories")
    }
    let finder = ClassFinder(path: path, classes: classes)
    var places: [Int: Int] = [:]
    for (place, category) in contents.categories.sorted(by: { $0.id < $1.id }).enumerated() {
      places[category.id] = try finder.place(named: category.name, else: place)
    }
    var boxes: [Int: [ExpectedBox]] = [:]
    for (number, annotation) in contents.annotations.enumerated() {
      let edges = annotation.bbox
      guard let place = places[annotation.category_id], edges.count == 4, edges.allSatisfy(\.isFinite),
        edges[2] >= 0, edges[3] >= 0
      else {
        throw CommandError("'\(path)': annotation \(number) has no category or no box of 4 numbers")
      }
      let box = Box(
        category: place, score: 1, left: edges[0], top: edges[1], right: edges[0] + edges[2],
        bottom: edges[1] + edges[3])
      boxes[annotation.image_id, default: []].append(
        ExpectedBox(box: box, isCrowd: annotation.iscrowd == 1))
    }
    frames = contents.images.map { BoxLabels.Frame(name: $0.file_name, boxes: boxes[$0.id] ?? []) }
  }
}

/// A folder with a file for each picture: lines of class, center and sides in shares of the picture.
struct YoloLabels {
  let frames: [BoxLabels.Frame]

  init(folder: String, classes: Labels?) throws {
    let files = try Files.list(folder) { $0.hasSuffix(".txt") && $0 != "classes.txt" }
    guard !files.isEmpty else { throw CommandError("'\(folder)' holds no .txt files of boxes") }
    let listed = ["\(folder)/classes.txt", "\(folder)/../classes.txt"].first(where: Files.exists)
    let names = classes == nil ? nil : try listed.map(Labels.init(path:))
    frames = try files.map { file in
      let finder = ClassFinder(path: file, classes: names == nil ? nil : classes)
      let lines = String(decoding: try Files.read(file), as: UTF8.self).split(whereSeparator: \.isNewline)
      let boxes = try lines.enumerated().map { number, line in
        let cells = line.split(separator: " ")
        let numbers = cells.dropFirst().compactMap { Float($0) }
        guard cells.count == 5, numbers.count == 4, numbers.allSatisfy(\.isFinite),
          let own = Int(cells[0]), own >= 0
        else {
          throw CommandError("'\(file)', line \(number + 1): expected class, center x, y, width, height")
        }
        let category = try finder.place(named: names?[own] ?? "\(own)", else: own)
        return ExpectedBox(
          box: Box(
            category: category, score: 1, center: (numbers[0], numbers[1]), sides: (numbers[2], numbers[3])))
      }
      return BoxLabels.Frame(name: String(Files.name(file).dropLast(4)), boxes: boxes)
    }
  }
}
