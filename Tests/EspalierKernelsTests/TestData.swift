import EspalierKernels
import Testing

extension SeededGenerator {
  mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &self)] }
}

/// A strided view of an operand, and how many elements the operand needs to hold it.
struct TestView {
  var stride: [Int]
  var base = 0
  var elementCount: Int

  /// Row by row without gaps.
  init(contiguous extent: [Int]) {
    stride = extent
    var step = 1
    for i in extent.indices.reversed() {
      stride[i] = step
      step *= extent[i]
    }
    elementCount = step
  }

  /// Axes in any order, with gaps, running backwards or (if allowed) broadcast.
  init(random extent: [Int], broadcast: Bool, using generator: inout SeededGenerator) {
    stride = extent
    var step = 1
    var order = Array(extent.indices)
    if Bool.random(using: &generator) { order.shuffle(using: &generator) }
    for axis in order.reversed() {
      if broadcast && Int.random(in: 0..<4, using: &generator) == 0 {
        stride[axis] = 0
        continue
      }
      let backwards = Int.random(in: 0..<6, using: &generator) == 0
      stride[axis] = backwards ? -step : step
      if backwards { base += (extent[axis] - 1) * step }
      step *= extent[axis]
      if Int.random(in: 0..<4, using: &generator) == 0 { step += Int.random(in: 1...5, using: &generator) }
    }
    elementCount = step
  }

  func offset(_ index: [Int]) -> Int { zip(index, stride).reduce(base) { $0 + $1.0 * $1.1 } }

  var axes: SixAxes { sixAxes(stride, fill: 0) }
}

/// Calls `body` with every index of `extent`, the last axis fastest.
func forEachIndex(_ extent: [Int], _ body: ([Int]) -> Void) {
  if extent.contains(0) { return }
  var index = [Int](repeating: 0, count: extent.count)
  while true {
    body(index)
    var axis = extent.count - 1
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < extent[axis] { break }
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

/// How many indexes these axes have.
func indexCount(_ axes: SixAxes...) -> Double {
  axes.reduce(1) {
    $0 * Double($1.0) * Double($1.1) * Double($1.2) * Double($1.3) * Double($1.4) * Double($1.5)
  }
}

/// Shapes around the vector widths 8 and 16 and the tiles made of them, in 1 to 6 axes.
let testExtents: [[Int]] = [
  [1], [7], [8], [17], [33], [20_011], [3, 5], [16, 16], [31, 33], [3, 224], [5, 1, 9], [2, 3, 40],
  [2, 17, 9, 3], [1, 48, 13, 11], [2, 3, 2, 5, 7], [2, 1, 3, 2, 4, 19],
]

/// Checks every element: within `tolerance` of the expected value, relative to the larger of it and `floor`.
func expectClose(
  _ actual: [Float], _ expected: [Double], tolerance: Double, floor: Double = 1,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(actual.count) elements instead of \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  for (i, (a, e)) in zip(actual, expected).enumerated() {
    let same = a.isNaN ? e.isNaN : Double(a) == e || Float(e) == a
    if same || abs(Double(a) - e) <= tolerance * max(abs(e), floor) { continue }
    Issue.record("element \(i) is \(a) instead of \(e) \(comment())", sourceLocation: sourceLocation)
    return
  }
}
