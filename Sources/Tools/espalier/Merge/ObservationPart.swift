internal import EspalierMedia
internal import EspalierObserve
internal import Foundation

/// What a shard of `observe` showed in its first round.
struct ReductionsPart: Codable {
  struct Tensor: Codable {
    let name: String
    let collection: TensorCollection
    let shape: [Int]
    /// The bits of the number that the tensor is bounded by.
    let bound: UInt32?
    /// For each frame the eight numbers of a `ReducedTensor`, in double precision.
    let frames: Data
    /// Of each channel the least and the largest element, in float32.
    let ranges: Data
    let atBound: Int
  }

  let model: String
  let loss: String?
  let reductions: [Reduction]
  let tensors: [Tensor]

  init(model: String, loss: String?, reductions: [Reduction], tensors: [ObservedTensor]) {
    (self.model, self.loss, self.reductions) = (model, loss, reductions)
    self.tensors = tensors.map(Tensor.init)
  }

  /// All shards together.
  struct Merged {
    let model: String
    let loss: String?
    let reductions: [Reduction]
    var tensors: [ObservedTensor]
  }

  /// - Throws: `MergeError`.
  static func merged(_ set: PartSet) throws(MergeError) -> Merged {
    var merged: Merged?
    for file in set.files {
      let part = try file.content(ReductionsPart.self)
      let tensors = try part.tensors.map { tensor throws(MergeError) in
        guard let tensor = tensor.observed(file.header) else {
          throw .unsound(path: file.path, problem: "'\(tensor.name)' has numbers that no frames give")
        }
        return tensor
      }
      guard var whole = merged else {
        merged = Merged(model: part.model, loss: part.loss, reductions: part.reductions, tensors: tensors)
        continue
      }
      guard whole.tensors.elementsEqual(tensors, by: { $0.isSame(as: $1) }), whole.loss == part.loss,
        whole.reductions == part.reductions
      else { throw .unsound(path: file.path, problem: "its tensors are not those of '\(set.files[0].path)'") }
      // One after another, so that no copy of what is there already is made.
      merged = nil
      for place in tensors.indices { whole.tensors[place].join(tensors[place]) }
      merged = whole
    }
    guard let merged else { throw .noFirstRound }
    return merged
  }
}

extension ReductionsPart.Tensor {
  /// No tensor has more elements, nor channels.
  private static var elementLimit: Int { FloatArray.elementLimit }

  init(_ tensor: ObservedTensor) {
    (name, collection, shape) = (tensor.name, tensor.collection, tensor.shape)
    bound = tensor.bound?.bitPattern
    frames = PackedNumbers.data(tensor.frames.flatMap(\.numbers))
    ranges = PackedNumbers.data(tensor.channelRanges.flatMap { [$0.least, $0.largest] })
    atBound = tensor.atBound.count
  }

  /// Nil where the numbers are none that the frames of a shard give.
  func observed(_ header: PartHeader) -> ObservedTensor? {
    let count = collection.isConstant ? (header.shard == 1 ? 1 : 0) : header.frameCount ?? 0
    let channels = ObservedTensor.channelCount(collection, shape)
    guard shape.allSatisfy({ (0...Self.elementLimit).contains($0) }),
      let elements = FloatArray.checkedCount(shape),
      let numbers = PackedNumbers.numbers(frames, Double.self, count: count * ReducedTensor.numberCount),
      let ends = PackedNumbers.numbers(ranges, Float.self, count: 2 * channels)
    else { return nil }
    let reduced = (0..<count).compactMap { frame in
      let first = frame * ReducedTensor.numberCount
      return ReducedTensor(numbers[first..<first + ReducedTensor.numberCount], elementCount: elements)
    }
    let pairs = (0..<channels).map { (least: ends[2 * $0], largest: ends[2 * $0 + 1]) }
    let seen = bound == nil ? 0 : count * elements
    guard reduced.count == count, pairs.allSatisfy(Self.isRange), (0...seen).contains(atBound) else {
      return nil
    }
    return ObservedTensor(
      name: name, collection: collection, shape: shape, bound: bound.map { Float(bitPattern: $0) },
      frames: reduced, channelRanges: pairs, atBound: (atBound, seen))
  }

  /// Two ends, or what stands for no finite number at all.
  static func isRange(_ range: (least: Float, largest: Float)) -> Bool {
    (range.least.isFinite && range.largest.isFinite && range.least <= range.largest)
      || (range.least == .infinity && range.largest == -.infinity)
  }
}

extension TensorCollection {
  /// Whether its tensors are the same whatever the frames.
  var isConstant: Bool { self == .weights || self == .biases }
}

extension ObservedTensor {
  /// Whether both are of one tensor, each over frames of its own.
  func isSame(as other: ObservedTensor) -> Bool {
    name == other.name && collection == other.collection && shape == other.shape
      && bound?.bitPattern == other.bound?.bitPattern
  }
}
