internal import EspalierMedia
internal import EspalierRuntime

/// What a model says about a number of frames.
struct FrameResults {
  let frameCount: Int
  /// Where each frame is from.
  let origins: [String]
  /// Where in its picture each frame lies; nil for what was no picture.
  let transforms: [PictureTransform?]
  /// One entry for each output; the frames stacked along the first axis.
  let outputs: [NumPyArchive.Entry]
  /// The shape of each output for one frame.
  let frameShapes: [[Int]]
  /// Milliseconds of each frame, without reading and decoding.
  let times: [Double]
  /// What became of each frame where there was a deadline; empty where there was none.
  let verdicts: [FrameVerdict]
  /// What watching found out; nil where nothing was watched.
  let watching: WatchReport?
  /// Prometheus text of the session.
  let metrics: [UInt8]

  /// - Parameters:
  ///   - deadline: For each frame, from its inputs being ready. Outputs of frames that were not computed to
  ///     the end are NaN.
  ///   - watchInterval: Tensors are looked at in one of so many frames; nil: in none.
  init(
    model: Model, frames: [InputFrames], threads: Int, deadline: Deadline = .none, watchInterval: Int? = nil
  ) throws {
    let count = frames.first?.frameCount ?? 1
    var runner = try FrameRunner(model, threads: threads)
    var collected: [[Float]] = model.outputs.map { port in
      var elements: [Float] = []
      elements.reserveCapacity(port.shape.reduce(count, *))
      return elements
    }
    var times: [Double] = []
    var verdicts: [FrameVerdict] = []
    if deadline != .none { _ = try runner.prepare() }
    let log = AlarmLog()
    if let watchInterval { try runner.watch(every: watchInterval) { log.add($0) } }
    var progress = Progress("running frames", total: count)
    for frame in 0..<count {
      runner.load(frames, frame: frame)
      let start = ContinuousClock.now
      let stamp = FrameStamp(sequence: UInt64(frame), captured: .now)
      let verdict = try runner.run(deadline: deadline, frame: stamp)
      times.append((ContinuousClock.now - start).milliseconds)
      if deadline != .none { verdicts.append(verdict) }
      for index in collected.indices {
        let output = runner.output(index)
        collected[index] += verdict.isComplete ? output : [Float](repeating: .nan, count: output.count)
      }
      progress.update(frame + 1)
    }
    progress.finish()
    watching = watchInterval.map {
      WatchReport(every: $0, model, watchedFrames: runner.watchedFrameCount, log.alarms)
    }
    metrics = runner.metrics()
    self.times = times
    self.verdicts = verdicts
    frameCount = count
    origins = frames.first?.origins ?? []
    transforms = frames.first?.transforms ?? []
    frameShapes = model.outputs.map(\.shape)
    outputs = zip(model.outputs, collected).map { port, elements in
      let shape =
        port.shape.isEmpty ? (count == 1 ? [] : [count]) : [port.shape[0] * count] + port.shape.dropFirst()
      return NumPyArchive.Entry(name: port.name, array: FloatArray(shape: shape, elements: elements))
    }
  }

  var facts: [RunSummary.Output] {
    outputs.map { entry in
      let elements = entry.array.elements
      let sum = elements.reduce(0.0) { $0 + Double($1) }
      return RunSummary.Output(
        name: entry.name, shape: entry.array.shape, min: elements.min() ?? 0, max: elements.max() ?? 0,
        mean: elements.isEmpty ? 0 : Float(sum / Double(elements.count)))
    }
  }
}

/// A file of outputs; its ending says of what kind.
struct OutputFile {
  private enum Kind: String { case npz, npy, json, bin }

  private let path: String
  private let kind: Kind

  /// Nil where the ending is none of `.npz`, `.npy`, `.json`, `.bin`.
  init?(path: String) {
    guard let dot = path.lastIndex(of: "."),
      let kind = Kind(rawValue: String(path[path.index(after: dot)...]))
    else { return nil }
    self.path = path
    self.kind = kind
  }

  /// - Throws: `UsageError` for several outputs in one .npy file, `MediaError`.
  func write(_ outputs: [NumPyArchive.Entry]) throws {
    switch kind {
    case .npz: try Files.write(try NumPyArchive.encode(outputs, path: path), to: path)
    case .npy:
      guard outputs.count == 1 else {
        throw UsageError("--output \(path): the model has \(outputs.count) outputs; use .npz")
      }
      try Files.write(NumPyFile.encode(outputs[0].array), to: path)
    case .bin: try Files.write(outputs.flatMap { RawFile.encode($0.array.elements) }, to: path)
    case .json: try Files.write(try Console.jsonBytes(JSONOutputs(outputs)), to: path)
    }
  }

  private struct JSONOutputs: Encodable {
    struct Values: Encodable {
      let shape: [Int]
      let data: [Float]
    }

    let outputs: [String: Values]

    init(_ entries: [NumPyArchive.Entry]) {
      outputs = Dictionary(
        entries.map { ($0.name, Values(shape: $0.array.shape, data: $0.array.elements)) },
        uniquingKeysWith: { first, _ in first })
    }
  }
}
