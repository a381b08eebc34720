import EspalierGraph
import EspalierOperators
import Testing

/// Random views next to the plain list of memory positions that they must stand for.
@Suite("A view") struct ViewTests {
  /// A view and, element by element in row-major order, where its elements lie.
  struct Model {
    var view: View
    var positions: Tensor
  }

  static let seeds = Array(UInt64(1)...60)

  private func positions(of view: View) -> Tensor {
    var found: [Int64] = []
    forEachIndex(of: view.shape) { index, _ in
      found.append(Int64(zip(index, view.strides).reduce(view.base) { $0 + $1.0 * $1.1 }))
    }
    return Tensor(shape: view.shape, integers: found)
  }

  /// A row-major tensor or an NHWC image of random extents.
  private func start(_ generator: inout SeededGenerator) -> Model {
    let rank = Int.random(in: 1...5, using: &generator)
    let shape = (0..<rank).map { _ in Int.random(in: 1...4, using: &generator) }
    var view = View(.arena(0), base: 100, shape: shape, strides: shape.rowMajorStrides)
    if rank == 4, Bool.random(using: &generator) {
      let pixel = shape[1] + 3
      view.strides = [shape[2] * (shape[3] + 2) * pixel, 1, (shape[3] + 2) * pixel, pixel]
    }
    return Model(view: view, positions: positions(of: view))
  }

  /// One random window onto a window, on both sides.
  private func step(_ model: inout Model, _ generator: inout SeededGenerator) throws {
    let (view, shape) = (model.view, model.view.shape)
    switch Int.random(in: 0..<3, using: &generator) {
    case 0:
      let permutation = Array(shape.indices).shuffled(using: &generator)
      model.view = view.transposed(permutation)
      model.positions = try Transpose(permutation: permutation).evaluate([model.positions])[0]
    case 1:
      let axis = Int.random(in: shape.indices, using: &generator)
      let from = Int.random(in: 0..<shape[axis], using: &generator)
      let to = Int.random(in: 0..<shape[axis], using: &generator)
      let step = (from <= to ? 1 : -1) * Int.random(in: 1...2, using: &generator)
      let count = abs(to - from) / abs(step) + 1
      model.view = view.sliced(axis: axis, start: from, count: count, step: step)
      let indices = (0..<count).map { from + $0 * step }
      let gather = Gather(axis: axis, table: Gather.Table(shape: [count], indices: indices))
      model.positions = try gather.evaluate([model.positions])[0]
    default:
      let target = [Int.random(in: 1...3, using: &generator)] + shape.map { $0 == 1 ? 2 : $0 }
      guard target.count <= 6 else { return }
      model.view = view.broadcast(to: target)
      let strides = shape.strides(broadcastTo: target)
      var offsets: [Int?] = []
      forEachIndex(of: target) { index, _ in
        offsets.append(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 })
      }
      model.positions = model.positions.gathered(offsets, shape: target)
    }
  }

  private func randomModel(_ generator: inout SeededGenerator) throws -> Model {
    var model = start(&generator)
    for _ in 0..<Int.random(in: 0...4, using: &generator) { try step(&model, &generator) }
    return model
  }

  @Test(arguments: seeds)
  func `stands for the elements that transposing, slicing and broadcasting name`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let model = try randomModel(&generator)
    #expect(positions(of: model.view) == model.positions)
    #expect(model.view.lowest == model.positions.integers.min().map(Int.init))
  }

  /// A random shape of `count` elements.
  private func factors(of count: Int, _ generator: inout SeededGenerator) -> Shape {
    var (left, shape) = (count, Shape())
    while left > 1 {
      let divisors = (2...left).filter { left % $0 == 0 }
      let chosen = divisors[Int.random(in: divisors.indices, using: &generator)]
      shape.append(chosen)
      left /= chosen
      if Int.random(in: 0..<4, using: &generator) == 0 { shape.append(1) }
    }
    return shape
  }

  /// The view of `shape` that these positions allow, found by trying: nil where no strides give them.
  private func stridedView(_ positions: [Int64], _ shape: Shape) -> Bool {
    let row = shape.rowMajorStrides
    let strides = shape.indices.map { shape[$0] > 1 ? positions[row[$0]] - positions[0] : 0 }
    var fits = true
    forEachIndex(of: shape) { index, position in
      let expected = zip(index, strides).reduce(positions[0]) { $0 + Int64($1.0) * $1.1 }
      fits = fits && positions[position] == expected
    }
    return fits
  }

  @Test(arguments: seeds)
  func `takes another shape exactly where strides can express it`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let model = try randomModel(&generator)
      let shape = factors(of: model.view.shape.elementCount, &generator)
      let reshaped = model.view.reshaped(to: shape)
      #expect((reshaped != nil) == stridedView(model.positions.integers, shape))
      if let reshaped { #expect(positions(of: reshaped) == model.positions.reshaped(to: shape)) }
    }
  }

  @Test func `without elements takes every shape without elements`() {
    let view = View(.arena(0), base: 7, shape: [2, 0, 3], strides: [3, 3, 1])
    #expect(view.reshaped(to: [0, 5])?.shape == [0, 5])
  }

  /// The axes that kernels get must visit the same pairs of elements as the views do, in whatever order.
  @Test(arguments: seeds)
  func `pairs the same elements with another view when axes are merged`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let source = try randomModel(&generator).view
    let shape = source.shape
    guard shape.count <= 6 else { return }
    let order = Array(shape.indices).shuffled(using: &generator)
    let inverse = shape.indices.map { axis in order.firstIndex(of: axis) ?? 0 }
    let memory = order.map { shape[$0] }
    let target = View(.arena(1), shape: memory, strides: memory.rowMajorStrides).transposed(inverse)
    let merged = try #require(try Lowering(Graph()).mergedAxes([target, source]))
    func pairs(_ shape: Shape, _ a: [Int], _ b: [Int]) -> Set<[Int]> {
      var found = Set<[Int]>()
      forEachIndex(of: shape) { index, _ in
        found.insert([
          zip(index, a).reduce(target.base) { $0 + $1.0 * $1.1 },
          zip(index, b).reduce(source.base) { $0 + $1.0 * $1.1 },
        ])
      }
      return found
    }
    let found = pairs(merged.extent, merged.strides[0], merged.strides[1])
    #expect(found == pairs(shape, target.strides, source.strides))
    #expect(merged.extent.elementCount == shape.elementCount)
    #expect(zip(merged.strides[0], merged.strides[0].dropFirst()).allSatisfy { abs($0) >= abs($1) })
  }

  @Test func `of contiguous memory merges into one axis`() throws {
    let view = View(.arena(0), shape: [2, 3, 4], strides: [12, 4, 1])
    let merged = try #require(try Lowering(Graph()).mergedAxes([view, view]))
    #expect(merged.extent == [24])
  }
}
