internal import Foundation

/// FastestDet: `[1, 5 + C, H, W]`, of each cell how likely an object is, where its center is from the cell's
/// corner, the logistic function's argument of its sides, and how likely each class is.
///
/// Source: `handle_preds` of the repository dog-qiuqiu/FastestDet.
struct FastestDetCells: BoxDecoder {
  private let classes: Int
  private let rows: Int
  private let columns: Int

  init(_ ports: DetectorPorts) throws {
    let shape = try ports.only(.fastestdet, "[1, 5+C, H, W]") { $0.count == 4 && $0[0] == 1 && $0[1] > 5 }
    (classes, rows, columns) = (shape[1] - 5, shape[2], shape[3])
  }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    let values = outputs[0]
    var found: [Box] = []
    for cell in 0..<rows * columns {
      func value(_ plane: Int) -> Float { values[plane * rows * columns + cell] }
      let object = pow(value(0), 0.6)
      for category in 0..<classes {
        let score = object * pow(value(5 + category), 0.4)
        guard score > least else { continue }
        found.append(
          Box(
            category: category, score: score,
            center: (
              (tanh(value(1)) + Float(cell % columns)) / Float(columns),
              (tanh(value(2)) + Float(cell / columns)) / Float(rows)
            ),
            sides: (Self.logistic(value(3)), Self.logistic(value(4)))))
      }
    }
    return found
  }

  private static func logistic(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
}
