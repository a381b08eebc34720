import EspalierPasses
import EspalierPlan
import Testing

@testable import espalier

@Suite("What a detector's outputs count") struct ResultPartsTests {
  /// A format on an input of 64x32 pixels, with three classes.
  struct Case: CustomTestStringConvertible {
    let format: BoxFormat
    let shapes: [[Int]]
    let places: Int
    /// Output and element of a place's number: the box's four, then the object's, then those of the classes.
    let index: @Sendable (_ place: Int, _ number: Int) -> (output: Int, element: Int)?

    var testDescription: String { format.rawValue }
  }

  static let cases = [
    Case(format: .yolov8, shapes: [[1, 7, 6]], places: 6) { place, number in
      number == 4 ? nil : (0, (number > 4 ? number - 1 : number) * 6 + place)
    },
    Case(format: .yolov5, shapes: [[1, 6, 8]], places: 6) { (0, $0 * 8 + $1) },
    Case(format: .yolox, shapes: [[1, 42, 8]], places: 42) { (0, $0 * 8 + $1) },
    Case(format: .fastestdet, shapes: [[1, 8, 2, 3]], places: 6) { place, number in
      (0, (number == 4 ? 0 : number < 4 ? 1 + number : number) * 6 + place)
    },
    Case(format: .corners, shapes: [[1, 6, 4], [1, 6, 4]], places: 6) { place, number in
      number < 4 ? (0, place * 4 + number) : number == 4 ? nil : (1, place * 4 + number - 4)
    },
  ]

  /// Objects at two places, nothing elsewhere.
  private static func outputs(_ own: Case) -> [[Float]] {
    var outputs = own.shapes.map { [Float](repeating: 0, count: $0.reduce(1, *)) }
    for (place, scale) in [(1, Float(1)), (4, 2)] {
      for number in 0..<8 {
        guard let (output, element) = own.index(place, number) else { continue }
        outputs[output][element] = number < 4 ? scale * 0.1 * Float(number + 1) : number == 7 ? 0 : 0.9
      }
    }
    return outputs
  }

  @Test(arguments: cases) func `are boxes where something is, and how likely it is everywhere`(
    _ own: Case
  ) throws {
    let ports = DetectorPorts(path: "x", width: 64, height: 32, shapes: own.shapes)
    let results = try own.format.results(ports, priors: nil)
    let layout = try #require(results.layout(inputs: ports.inputs, outputs: ports.outputs))
    let outputs = Self.outputs(own)
    let importance = OutputScale(results.outputParts(layout), frames: [outputs]).importance(of: outputs)
    let hasObject = own.index(0, 4) != nil
    for place in 0..<own.places {
      let isObject = place == 1 || place == 4
      for number in 0..<8 {
        guard let (output, element) = own.index(place, number) else { continue }
        let counts = isObject || number == 4 || (number > 4 && !hasObject)
        #expect((importance[output][element] > 0) == counts, "place \(place), number \(number)")
      }
    }
    var other = outputs
    for (output, values) in importance.enumerated() {
      for (element, value) in values.enumerated() where value == 0 { other[output][element] += 0.05 }
    }
    let decoder = try BoxDecoder(results, ports, least: 0.3, overlap: 0.9)
    #expect(try decoder.boxes(other) == decoder.boxes(outputs))
    #expect(try decoder.boxes(outputs).count == 4)
  }
}
