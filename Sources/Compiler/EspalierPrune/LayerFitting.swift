internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// Fits the layers of a smaller network one after another to what the original computes on frames: each reads
/// what the fitted layers before it make, and shall give what the original's layer gives.
struct LayerFitting {
  typealias Schedule = RecoverySchedule

  let teacher: Graph
  let walk: FrameWalk
  /// Rows of all frames together, for each layer.
  let rowCount: Int
  /// Whose shortcut is taken from the original's sum: the smaller network's, so that the layer makes up for
  /// what the shortcut lacks, or the original's own.
  let subtractsOwnShortcut: Bool
  /// Layers whose filters have more inputs stay as they are.
  let inputLimit: Int
  /// Layers that need more rounds of others before them stay as they are.
  var roundLimit = Int.max
  /// Numbers that wait for the student at once.
  private static let targetLimit = 1 << 26

  private var rowsPerFrame: Int { max(1, (rowCount + walk.frameCount - 1) / walk.frameCount) }

  /// - Parameter fit: The layer with better weights, from what it reads and what it should give.
  func fitted(
    _ student: Graph, kept: KeptChannels, progress: (_ done: Int, _ total: Int) -> Void,
    fit: (LinearLayer, LayerMoments) -> LinearLayer
  ) throws -> Graph {
    let schedule = try Schedule(
      teacher: teacher, student: student, kept: kept, inputLimit: inputLimit)
    let all = Array(schedule.rounds.prefix(roundLimit))
    let stretches = stretches(all)
    let total = walk.frameCount * (stretches.count + all.count)
    var (result, done) = (student, 0)
    var (left, frontier): (Set<String>, Frontier?) = (Set(all.joined().map(\.name)), nil)
    func step() {
      done += 1
      progress(done, total)
    }
    for rounds in stretches {
      var targets = try targets(rounds.flatMap(\.self), finished: step)
      for round in rounds {
        let layers = try fitted(
          round, in: result, &targets, from: &frontier, keeping: result.frontier(before: left),
          finished: step, fit)
        left.subtract(round.map(\.name))
        do { result = try result.replacing(layers) } catch { throw RecoveryError.shape(error) }
      }
    }
    return result
  }

  /// Rounds whose targets fit into memory together.
  private func stretches(_ rounds: [[Schedule.Layer]]) -> [[[Schedule.Layer]]] {
    var (result, room): ([[[Schedule.Layer]]], Int) = ([], 0)
    for round in rounds {
      let size = round.reduce(0) { $0 + $1.kept.count * rowsPerFrame * walk.frameCount }
      if result.isEmpty || room < size {
        result.append([])
        room = Self.targetLimit
      }
      result[result.count - 1].append(round)
      room -= size
    }
    return result
  }

  /// What the original's layers give before their activations, row by row.
  private func targets(
    _ layers: [Schedule.Layer], finished: () -> Void
  ) throws -> [String: [Float]] {
    let opened = try teacher.opened(at: Set(layers.map(\.name)))
    let own = opened.graph.layers(named: layers.map(\.name), sums: opened.sums)
    let residuals = subtractsOwnShortcut ? [] : own.compactMap { $0?.residual }
    let sums = layers.compactMap { opened.sums[$0.name] }
    var rows = [[Float]](repeating: [], count: layers.count)
    try walk.run(opened.graph, observing: sums + residuals) { turn, frame, found in
      var residual = sums.count
      for (index, layer) in layers.enumerated() {
        guard let samples = own[index]?.samples else { continue }
        let places = samples.chosenPlaces(rowsPerFrame, turn: turn)
        let start = rows[index].count
        samples.appendOutputs(
          found[index], channels: layer.kept, of: layer.originalOutputs, at: places, to: &rows[index])
        if !subtractsOwnShortcut, own[index]?.residual != nil {
          rows[index].subtract(
            samples, found[residual], channels: layer.kept, of: layer.originalOutputs, at: places,
            from: start)
          residual += 1
        }
        guard rows[index].isFinite(from: start) else {
          throw ObservationError.notFinite(value: opened.graph[sums[index]].name, frame: frame)
        }
      }
      finished()
    }
    return Dictionary(uniqueKeysWithValues: zip(layers.map(\.name), rows))
  }

  /// - Parameters:
  ///   - targets: Those of this round's layers are taken out.
  ///   - frontier: Where the student is begun; `values` of all frames where they find room.
  private func fitted(
    _ round: [Schedule.Layer], in student: Graph, _ targets: inout [String: [Float]],
    from frontier: inout Frontier?, keeping values: [ValueID], finished: () -> Void,
    _ fit: (LinearLayer, LayerMoments) -> LinearLayer
  ) throws -> [String: LinearLayer] {
    let layers = student.layers(named: round.map(\.name), sums: [:]).compactMap(\.self)
    var rows = RoundRows(
      layers, wanted: round.map { targets.removeValue(forKey: $0.name) ?? [] },
      rowsPerFrame: rowsPerFrame, subtractsShortcut: subtractsOwnShortcut)
    var next = Frontier(values, of: student, frameCount: walk.frameCount)
    let observed = rows.observed + (next == nil ? [] : values)
    try walk.run(student, observing: observed, from: frontier) { turn, frame, found in
      next?.append(Array(found.suffix(values.count)))
      if let layer = rows.append(found, turn: turn) {
        throw ObservationError.notFinite(value: student[layers[layer].node.inputs[0]].name, frame: frame)
      }
      finished()
    }
    frontier = next ?? frontier
    return rows.fitted(by: fit)
  }
}

extension Graph {
  /// Layers by the names of their nodes; where an activation was taken out of one, the node in front of it.
  fileprivate func layers(named names: [String], sums: [String: ValueID]) -> [LinearLayer?] {
    let nodes = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
    return names.map { name in
      let node = sums[name].flatMap { producer(of: $0) } ?? nodes[name]
      return node.flatMap { LinearLayer($0, in: self) }
    }
  }
}

extension [Float] {
  /// Subtracts some channels of some places of a tensor of a layer's output shape from the rows from `start`.
  mutating func subtract(
    _ samples: InputSamples, _ elements: [Float], channels: [Int], of count: Int, at places: [Int],
    from start: Int
  ) {
    var rows: [Float] = []
    samples.appendOutputs(elements, channels: channels, of: count, at: places, to: &rows)
    for (index, element) in rows.enumerated() { self[start + index] -= element }
  }
}
