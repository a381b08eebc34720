internal import Foundation

/// YOLOv5 and YOLOv7: `[1, N, 5 + C]`, of each of N places the center and sides in pixels of the input, how likely
/// an object is there, and how likely each class then is.
///
/// Source: Ultralytics' YOLOv5 `Detect` head as it exports to ONNX.
struct YoloRows: BoxDecoder {
  private let ports: DetectorPorts
  private let rows: DetectorRows

  init(_ ports: DetectorPorts) throws {
    self.ports = ports
    rows = DetectorRows(try ports.only(.yolov5, "[1, N, 5+C]", fits: DetectorRows.fit))
  }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    let (width, height) = (Float(ports.width), Float(ports.height))
    return rows.boxes(outputs[0], least: least) { _, row in
      ((row[0] / width, row[1] / height), (row[2] / width, row[3] / height))
    }
  }
}

/// YOLOX without its decoding: `[1, N, 5 + C]`, rows of cells of 8, then 16, then 32 pixels, the center counted
/// from the cell's corner in cells, the sides' logarithms in cells.
///
/// Source: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", and `demo_postprocess` of its repository.
struct YoloCells: BoxDecoder {
  private let ports: DetectorPorts
  private let rows: DetectorRows
  /// Of every row the cell's corner and edge in pixels.
  private let cells: [(x: Float, y: Float, edge: Float)]

  init(_ ports: DetectorPorts) throws {
    self.ports = ports
    rows = DetectorRows(try ports.only(.yolox, "[1, N, 5+C]", fits: DetectorRows.fit))
    var cells: [(x: Float, y: Float, edge: Float)] = []
    for edge in [8, 16, 32] {
      for y in 0..<ports.height / edge {
        for x in 0..<ports.width / edge { cells.append((Float(x), Float(y), Float(edge))) }
      }
    }
    guard cells.count == rows.count else {
      throw ports.mismatch(
        .yolox, "[1, \(cells.count), 5+C] for an input of \(ports.width)x\(ports.height) pixels")
    }
    self.cells = cells
  }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    let (width, height) = (Float(ports.width), Float(ports.height))
    return rows.boxes(outputs[0], least: least) { place, row in
      let cell = cells[place]
      return (
        ((row[0] + cell.x) * cell.edge / width, (row[1] + cell.y) * cell.edge / height),
        (exp(row[2]) * cell.edge / width, exp(row[3]) * cell.edge / height)
      )
    }
  }
}

/// Rows of four numbers of a place, the likelihood of an object, and of each class.
struct DetectorRows {
  let count: Int
  private let classes: Int

  static func fit(_ shape: [Int]) -> Bool { shape.count == 3 && shape[0] == 1 && shape[2] > 5 }

  init(_ shape: [Int]) { (count, classes) = (shape[1], shape[2] - 5) }

  /// - Parameter place: From a row's number and its first four elements to center and sides.
  func boxes(
    _ values: [Float], least: Float,
    _ place: (Int, ArraySlice<Float>) -> (center: (x: Float, y: Float), sides: (x: Float, y: Float))
  ) -> [Box] {
    var found: [Box] = []
    for row in 0..<count {
      let start = row * (5 + classes)
      let object = values[start + 4]
      guard object > least else { continue }
      for category in 0..<classes where object * values[start + 5 + category] > least {
        let at = place(row, ArraySlice(Array(values[start..<start + 4])))
        found.append(
          Box(
            category: category, score: object * values[start + 5 + category], center: at.center,
            sides: at.sides))
      }
    }
    return found
  }
}
