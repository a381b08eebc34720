internal import EspalierGradient
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve

/// Which of the two rounds over the frames are done here.
enum ObservationRound {
  case both
  /// Reductions and ranges, by a shard of the frames.
  case reductions(Shard)
  /// Histograms, by a shard of the frames, over the ranges of all.
  case histograms(Shard, ObservationRanges)

  fileprivate var reduces: Bool { if case .histograms = self { false } else { true } }
  fileprivate var counts: Bool { if case .reductions = self { false } else { true } }

  /// Of several shards the first alone looks at what is the same for all frames.
  fileprivate var looksAtConstants: Bool {
    switch self {
    case .both: true
    case .reductions(let shard), .histograms(let shard, _): shard.isFirst
    }
  }
}

/// Gathers what frames show of a network's tensors.
struct ObservationCollector {
  let network: ObservedNetwork
  let collections: Set<TensorCollection>
  /// Whether the elements are kept, not their reductions alone.
  let keepsTensors: Bool
  private(set) var tensors: [ObservedTensor] = []
  /// What gradients are those of; nil where none were computed here.
  private(set) var loss: String?
  /// By place in `tensors` the elements of all frames, one after another.
  private(set) var kept: [Int: [Float]] = [:]

  /// More numbers than this are not kept: 4 GiB.
  private static let elementLimit = FloatArray.elementLimit

  init(network: ObservedNetwork, collections: Set<TensorCollection>, keepsTensors: Bool) {
    (self.network, self.collections, self.keepsTensors) = (network, collections, keepsTensors)
  }

  mutating func collect(_ frames: FrameGroup, threads: Int, _ round: ObservationRound = .both) throws {
    for collection in [TensorCollection.weights, .biases] where collections.contains(collection) {
      for (tensor, elements) in network.constants(collection) {
        try append(tensor, round.looksAtConstants ? [elements] : [], round)
      }
    }
    var values: [(value: ValueID, collection: TensorCollection)] = []
    if collections.contains(.activations) { values += network.activations.map { ($0, .activations) } }
    if collections.contains(.outputs) { values += network.outputs.map { ($0, .outputs) } }
    let execute = try GraphRunner(network.graph.observing(values.map(\.value)), threads: threads)
    try observe(values.map { network.tensor($0.value, $0.collection) }, frames, round) {
      try execute.run($0)
    }
    if collections.contains(.gradients) { try collectGradients(frames, round) }
  }

  /// How a loss depends on everything that has a name.
  private mutating func collectGradients(_ frames: FrameGroup, _ round: ObservationRound) throws {
    let tape = try LossGradients(network.graph, of: network.differentiated)
    loss = tape.loss.rawValue
    try observe(tape.values.map { network.tensor($0, .gradients) }, frames, round) {
      tape.gradients($0).gradients
    }
  }

  /// Two rounds over the frames: reductions, then histograms over the ranges that were found.
  private mutating func observe(
    _ found: [ObservedTensor], _ frames: FrameGroup, _ round: ObservationRound, _ execute: Observer.Execute
  ) throws {
    guard !found.isEmpty else { return }
    let first = tensors.count
    tensors += found
    let elementCount = found.reduce(0) { $0 + $1.shape.reduce(1, *) } * frames.frames.count
    guard !keepsTensors || elementCount <= Self.elementLimit else {
      throw CommandError(
        """
        --save-tensors would keep \(Format.count(elementCount)) numbers, more than \
        \(Format.count(Self.elementLimit)); take fewer with --include, --collections or --every
        """)
    }
    let rounds = (round.reduces ? 1 : 0) + (round.counts ? 1 : 0)
    var bar = Progress("observing", total: rounds * frames.frames.count)
    defer { bar.finish() }
    for frame in frames.frames.indices where round.reduces {
      for (offset, elements) in try execute(frames.elements(frame)).enumerated() {
        tensors[first + offset].add(elements)
        if keepsTensors { kept[first + offset, default: []] += elements }
      }
      bar.advance()
    }
    for place in first..<tensors.count { try Self.prepare(&tensors[place], place, round) }
    for frame in frames.frames.indices where round.counts {
      for (offset, elements) in try execute(frames.elements(frame)).enumerated() {
        tensors[first + offset].count(elements)
      }
      bar.advance()
    }
  }

  /// A tensor whose frames are all known.
  private mutating func append(
    _ tensor: ObservedTensor, _ frames: [[Float]], _ round: ObservationRound = .both
  ) throws {
    var tensor = tensor
    for elements in frames where round.reduces { tensor.add(elements) }
    try Self.prepare(&tensor, tensors.count, round)
    for elements in frames where round.counts { tensor.count(elements) }
    if keepsTensors { kept[tensors.count] = frames.flatMap { $0 } }
    tensors.append(tensor)
  }

  /// Gives a tensor the range of all shards, where it is not that of the frames that are looked at here.
  ///
  /// - Throws: `CommandError` where the ranges are of other tensors.
  private static func prepare(
    _ tensor: inout ObservedTensor, _ place: Int, _ round: ObservationRound
  ) throws {
    guard case .histograms(_, let ranges) = round else { return }
    guard ranges.tensors.indices.contains(place), ranges.tensors[place].name == tensor.name,
      ranges.tensors[place].collection == tensor.collection, let range = ranges.range(of: place)
    else { throw CommandError("--ranges: they hold no range of '\(tensor.name)'; merge the parts again") }
    tensor.prepareHistogram(over: range)
  }

  /// Tensors that were computed elsewhere: arrays `COLLECTION/NAME` whose first axis is the frame.
  ///
  /// They take the place of a tensor of the same name and collection.
  mutating func add(_ archive: [UInt8], path: String) throws {
    for entry in try NumPyArchive.decode(archive, path: path) {
      let parts = entry.name.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2, let collection = TensorCollection(rawValue: parts[0]) else {
        let names = TensorCollection.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandError(
          "'\(path)': array '\(entry.name)' is named after no collection; expected one of \(names), '/', a name"
        )
      }
      guard collections.contains(collection) || collection == .gradients, network.patterns.matches(parts[1]),
        let count = entry.array.shape.first, count > 0
      else { continue }
      // One frame is [1, …] of a batch of one.
      let shape = [1] + entry.array.shape.dropFirst()
      let size = entry.array.elements.count / count
      let frames = (0..<count).map { Array(entry.array.elements[$0 * size..<($0 + 1) * size]) }
      if let place = tensors.firstIndex(where: { $0.name == parts[1] && $0.collection == collection }) {
        tensors.remove(at: place)
        kept = Dictionary(
          uniqueKeysWithValues: kept.compactMap { key, value in
            key == place ? nil : (key > place ? key - 1 : key, value)
          })
      }
      try append(ObservedTensor(name: parts[1], collection: collection, shape: shape), frames)
    }
  }
}
