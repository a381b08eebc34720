import EspalierExport
import EspalierGraph
import EspalierImport
import EspalierOperators
import Testing

/// Functions of one element as ONNX: those that ONNX has, and those that take several nodes.
@Suite("Writing functions of one element") struct ExportedFunctionTests {
  private static let numbers: [Float] = [-4.75, -2, -0.5, -0.125, 0, 0.25, 0.875, 1, 2.5, 6.125]
  private static let truthValues: Set<ElementFunction.Kind> = [.not, .isNaN, .isInf, .bool]

  private static func function(_ kind: ElementFunction.Kind) -> ElementFunction {
    switch kind {
    case .clip: ElementFunction(.clip, alpha: -1, beta: 2)
    case .shrink: ElementFunction(.shrink, alpha: 0.5, beta: 0.25)
    case .selu: ElementFunction(.selu, alpha: 1.5, beta: 1.25)
    default: ElementFunction(kind, alpha: 0.75, beta: 0.375)
    }
  }

  /// Compositions round more often: 1e-6 is some 8 units in the last place.
  @Test(arguments: ElementFunction.Kind.allCases.filter { !truthValues.contains($0) })
  func `gives back the function`(kind: ElementFunction.Kind) throws {
    let function = Self.function(kind)
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [Self.numbers.count]))
    let y = try graph.append(Unary(function), name: "f", inputs: [x])[0]
    graph.appendOutput(y, name: "y")
    let bytes = try Exporter.bytes(of: graph, notes: .init(compiler: "c", version: "1"))
    let copy = try Importer.graph(of: try OnnxModel(bytes: bytes))
    let frame = Tensor(shape: [Self.numbers.count], floats: Self.numbers)
    let found = try Interpreter.run(copy, inputs: [frame])[0].floats
    for (number, value) in zip(Self.numbers, found) {
      let expected = function.apply(number)
      let isClose = value == expected || abs(value - expected) <= 1e-6 * max(1, abs(expected))
      #expect(
        isClose || (value.isNaN && expected.isNaN), "\(kind)(\(number)) became \(value), not \(expected)")
    }
  }

  @Test func `leaves out a bound that does not bind`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1]))
    let bounds: [(Float, Float)] = [(-.infinity, 1), (0, .infinity), (-.infinity, .infinity)]
    for (index, (low, high)) in bounds.enumerated() {
      let clip = Unary(ElementFunction(.clip, alpha: low, beta: high))
      graph.appendOutput(try graph.append(clip, name: "c\(index)", inputs: [x])[0], name: "y\(index)")
    }
    let builder = try Exporter.nodes(of: graph)
    #expect(builder.nodes.map(\.inputs) == [["x", "", "c0/max"], ["x", "c1/min"], ["x"]])
  }
}
