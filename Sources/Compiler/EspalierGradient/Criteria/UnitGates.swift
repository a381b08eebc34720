internal import CGradient
internal import EspalierGraph
internal import EspalierPasses

/// Where the channels of a unit are made.
struct UnitGates {
  /// One channel of one layer's output.
  struct Gate {
    /// What the layer computes, and what was added to it from elsewhere.
    var sum: Slot
    var residual: Slot?
    var channel: Int
  }

  let unit: Int
  let gates: [Gate]

  /// Those of every unit that may be cut, by unit.
  static func all(of makers: [Node], _ map: ChannelMap, _ tape: Tape) -> [UnitGates] {
    var gates: [Int: [Gate]] = [:]
    for node in makers {
      guard let units = map.units[node.outputs[0]] else { continue }
      let sum = tape.sums[node.id]
      let output = sum?.sum ?? tape.slot(of: node.outputs[0])
      for (channel, unit) in units.enumerated() where map.makers[unit] != nil {
        gates[unit, default: []].append(
          Gate(sum: output, residual: sum?.residual, channel: channel))
      }
    }
    return gates.keys.sorted().map { UnitGates(unit: $0, gates: gates[$0] ?? []) }
  }

  /// `Σ a · ∂L/∂a` over all layers that make the unit.
  ///
  /// - Precondition: The tape ran forward and backward.
  func slope(_ memory: TapeMemory) -> Double {
    gates.reduce(0) { total, gate in
      let shape = gate.sum.shape
      let plane = shape.dropFirst(2).reduce(1, *)
      return (0..<shape[0]).reduce(total) { total, image in
        let start = (image * shape[1] + gate.channel) * plane
        let error = memory.error(gate.sum) + start
        let own = gradient_dot(plane, memory.value(gate.sum) + start, error)
        let added = gate.residual.map { gradient_dot(plane, memory.value($0) + start, error) } ?? 0
        return total + own - added
      }
    }
  }
}
