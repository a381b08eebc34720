/// YOLOv8 and its successors: `[1, 4 + C, N]`, of each of N places the center and sides in pixels of the input
/// and how likely each class is.
///
/// Source: Ultralytics' `Detect` head as it exports to ONNX.
struct YoloColumns: BoxDecoder {
  private let ports: DetectorPorts
  private let places: Int
  private let classes: Int

  init(_ ports: DetectorPorts) throws {
    let shape = try ports.only(.yolov8, "[1, 4+C, N]") { $0.count == 3 && $0[0] == 1 && $0[1] > 4 }
    (self.ports, places, classes) = (ports, shape[2], shape[1] - 4)
  }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    let values = outputs[0]
    let (width, height) = (Float(ports.width), Float(ports.height))
    var found: [Box] = []
    for place in 0..<places {
      func value(_ row: Int) -> Float { values[row * places + place] }
      for category in 0..<classes where value(4 + category) > least {
        found.append(
          Box(
            category: category, score: value(4 + category), center: (value(0) / width, value(1) / height),
            sides: (value(2) / width, value(3) / height)))
      }
    }
    return found
  }
}
