internal import EspalierGradient
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve

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

  mutating func collect(_ frames: FrameGroup, threads: Int) throws {
    for collection in [TensorCollection.weights, .biases] where collections.contains(collection) {
      for (tensor, elements) in network.constants(collection) { append(tensor, [elements]) }
    }
    var values: [(value: ValueID, collection: TensorCollection)] = []
    if collections.contains(.activations) { values += network.activations.map { ($0, .activations) } }
    if collections.contains(.outputs) { values += network.outputs.map { ($0, .outputs) } }
    let execute = try GraphRunner(network.graph.observing(values.map(\.value)), threads: threads)
    try observe(values.map { network.tensor($0.value, $0.collection) }, frames) { try execute.run($0) }
    if collections.contains(.gradients) { try collectGradients(frames) }
  }

  /// How a loss depends on everything that has a name.
  private mutating func collectGradients(_ frames: FrameGroup) throws {
    let tape = try LossGradients(network.graph, of: network.differentiated)
    loss = tape.loss.rawValue
    try observe(tape.values.map { network.tensor($0, .gradients) }, frames) { tape.gradients($0).gradients }
  }

  /// Two rounds over the frames: reductions, then histograms over the ranges that were found.
  private mutating func observe(
    _ found: [ObservedTensor], _ frames: FrameGroup, _ execute: Observer.Execute
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
    var bar = Progress("observing", total: 2 * frames.frames.count)
    defer { bar.finish() }
    for frame in frames.frames.indices {
      for (offset, elements) in try execute(frames.elements(frame)).enumerated() {
        tensors[first + offset].add(elements)
        if keepsTensors { kept[first + offset, default: []] += elements }
      }
      bar.advance()
    }
    for frame in frames.frames.indices {
      for (offset, elements) in try execute(frames.elements(frame)).enumerated() {
        tensors[first + offset].count(elements)
      }
      bar.advance()
    }
  }

  /// A tensor whose frames are all known.
  private mutating func append(_ tensor: ObservedTensor, _ frames: [[Float]]) {
    var tensor = tensor
    for elements in frames { tensor.add(elements) }
    for elements in frames { tensor.count(elements) }
    if keepsTensors { kept[tensors.count] = frames.flatMap { $0 } }
    tensors.append(tensor)
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
      append(ObservedTensor(name: parts[1], collection: collection, shape: shape), frames)
    }
  }
}
