internal import CLAPACK
internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// Ranks units by what the layers that read them lose once the other inputs make up for them as best they can.
///
/// With the covariance H of a layer's inputs, taking out the inputs J costs `Σ_m w_mJᵀ ([H⁻¹]_JJ)⁻¹ w_mJ`; then
/// the weights that stay take over, and H⁻¹ becomes that of the inputs that stay. The unit that costs least, all
/// layers together, goes first, and so on to the last.
///
/// Source: Hassibi & Stork 1993 (optimal brain surgeon), by blocks; Frantar & Alistarh 2022 (OBC) for layers.
struct BrainSurgeon {
  let graph: Graph
  let map: ChannelMap
  let walk: FrameWalk
  /// What is added to the diagonal of H, as a share of its mean: as `LeastSquares` does it.
  var ridge = 0.01
  /// Of layers whose filters have more inputs the contribution is counted in place of the loss.
  var inputLimit = 8_192
  /// Numbers that the moments of layers observed at once may have.
  private static let momentLimit = 1 << 26

  /// The loss at which each unit goes, as a share of the variance of what its layers give: a number that grows
  /// from one unit of a group to the next.
  func scores(progress: (Int, Int) -> Void) throws -> [Int: Double] {
    let all = UnitConsumers(graph, map).all
    let consumers = all.filter { $0.layer.inputsPerGroup <= inputLimit }
    let large = UnitConsumers(all: all.filter { $0.layer.inputsPerGroup > inputLimit })
    let known = large.all.isEmpty ? [:] : try large.contributions(walk, graph) { _, _ in }
    let groups = map.groups
    let readers = groups.map { group in
      let units = Set(group.units)
      return consumers.indices.filter { consumers[$0].units.contains(where: units.contains) }
    }
    let batches = batches(groups.indices.map { (group: $0, readers: readers[$0]) }, consumers)
    let total = batches.count * walk.frameCount + groups.count
    var (scores, done): ([Int: Double], Int) = ([:], 0)
    func step() {
      done += 1
      progress(done, total)
    }
    for batch in batches {
      let needed = Set(batch.flatMap { readers[$0] }).sorted()
      let moments = try moments(needed.map { consumers[$0] }, finished: step)
      let seen = Dictionary(uniqueKeysWithValues: zip(needed, moments))
      for group in batch {
        let eliminations = readers[group].flatMap { reader in
          seen[reader].map {
            Elimination.all(consumers[reader], $0, units: Set(groups[group].units), ridge: ridge)
          } ?? []
        }
        scores.merge(Self.order(groups[group].units, eliminations, known)) { _, new in new }
        step()
      }
    }
    return scores
  }

  /// Groups whose layers' moments fit into memory together.
  private func batches(
    _ groups: [(group: Int, readers: [Int])], _ consumers: [UnitConsumers.Consumer]
  ) -> [[Int]] {
    var (result, held): ([[Int]], Set<Int>) = ([], [])
    var room = 0
    for (group, readers) in groups {
      func size(_ indices: Set<Int>) -> Int {
        indices.reduce(0) { sum, index in
          let size = consumers[index].layer.inputsPerGroup
          return sum + consumers[index].layer.groups * size * size
        }
      }
      let more = size(Set(readers).subtracting(held))
      if result.isEmpty || room < more {
        result.append([])
        held = []
        room = Self.momentLimit - size(Set(readers))
      } else {
        room -= more
      }
      held.formUnion(readers)
      result[result.count - 1].append(group)
    }
    return result
  }

  private func moments(
    _ consumers: [UnitConsumers.Consumer], finished: () -> Void
  ) throws -> [LayerMoments] {
    var moments = consumers.map {
      LayerMoments(groups: $0.layer.groups, inputs: $0.layer.inputsPerGroup, outputs: 0)
    }
    let perFrame = max(1, (UnitConsumers.places + walk.frameCount - 1) / walk.frameCount)
    try walk.run(graph, observing: consumers.map { $0.layer.node.inputs[0] }) { turn, frame, found in
      for (index, consumer) in consumers.enumerated() {
        let (samples, first) = (consumer.layer.samples, moments[index].rows.count)
        samples.append(
          found[index], at: samples.chosenPlaces(perFrame, turn: turn), to: &moments[index].rows)
        guard moments[index].rows.isFinite(from: first) else {
          throw ObservationError.notFinite(value: graph[consumer.layer.node.inputs[0]].name, frame: frame)
        }
        moments[index].flushIfFull()
      }
      finished()
    }
    for index in moments.indices { moments[index].flush() }
    return moments
  }

  /// Takes out unit after unit.
  ///
  /// - Parameter known: What each unit costs beside that.
  private static func order(
    _ units: [Int], _ eliminations: [Elimination], _ known: [Int: Double]
  ) -> [Int: Double] {
    var (left, eliminations) = (units, eliminations)
    var (scores, last): ([Int: Double], Double) = ([:], 0)
    while !left.isEmpty {
      let losses = left.map { unit in eliminations.reduce(known[unit] ?? 0) { $0 + $1.loss(of: unit) } }
      guard let least = losses.indices.min(by: { losses[$0] < losses[$1] }) else { break }
      let unit = left.remove(at: least)
      // The order is what counts: scores tell it even where a later unit costs less than an earlier one did.
      last = scores.isEmpty ? losses[least] : max(losses[least], last.nextUp)
      scores[unit] = last
      for index in eliminations.indices { eliminations[index].remove(unit) }
    }
    return scores
  }
}
