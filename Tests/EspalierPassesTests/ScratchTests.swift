import EspalierGraph
import EspalierOperators
import Testing
@testable import EspalierPasses
@Suite struct Scratch { @Test func p() throws {
  var g = Graph()
  let x = g.appendInput(name: "x", type: TensorType(.float32, [1, 4, 6, 6]))
  let w = g.appendConstant(name: "w", Tensor(shape: [4, 4, 3, 3], floats: (0..<144).map { Float($0) }))
  let c = try g.append(Conv(pads: [1, 1, 1, 1]), name: "c", inputs: [x, w])[0]
  let r = try g.append(Unary(.relu), name: "r", inputs: [c])[0]
  let a = try g.append(Binary(.add), name: "a", inputs: [r, x])[0]
  let t = try g.append(Transpose(permutation: [0, 2, 3, 1]), name: "t", inputs: [a])[0]
  let s = try g.append(Slice([.init(axis: 2, start: 0, end: 6, step: 2)]), name: "s", inputs: [a])[0]
  let rr = try g.append(Reduce(.mean, axes: [2,3]), name: "m", inputs: [s])[0]
  let b = try g.append(BatchNormalization(epsilon: 1e-5), name: "b", inputs: [a, w, w, w, w]).first
  g.appendOutput(t, name: "t"); g.appendOutput(rr, name: "m")
  _ = b
  print(g.text())
}}
