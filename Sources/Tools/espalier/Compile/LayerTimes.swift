internal import EspalierGraph

/// How long a network and each of its layers take, before and after what `compile` did to it.
struct LayerTimes {
  struct Layer {
    let name: String
    /// Microseconds; nil where there is no such layer.
    var before: Double?
    var after: Double?
  }

  /// Rounds of timing end after so long, but for the first two.
  private static let longest = Duration.seconds(4)
  private static let mostRounds = 20

  /// Nil where the network was not changed.
  let before: PackTime?
  let after: PackTime
  /// In the order of execution.
  let layers: [Layer]

  /// - Parameters:
  ///   - original: What the result is held against; nil: nothing.
  init(of pack: [UInt8], against original: Graph?, _ timer: GraphTimer) throws {
    let old = try original.map { try timer.pack($0) }
    // In turns, the fastest round of each: what else the processor does comes and goes.
    var (least, leastBefore) = (try timer.time(pack), try old.map { try timer.time($0) })
    let start = ContinuousClock.now
    for round in 1..<Self.mostRounds where round == 1 || ContinuousClock.now - start < Self.longest {
      least = least.faster(try timer.time(pack))
      if let old, let known = leastBefore { leastBefore = known.faster(try timer.time(old)) }
    }
    (before, after) = (leastBefore, least)
    var layers = try (old.map { try timer.layerTimes($0) } ?? []).map {
      Layer(name: Self.plain($0.layer), before: $0.microseconds)
    }
    var places = Dictionary(layers.indices.map { (layers[$0].name, $0) }, uniquingKeysWith: { $1 })
    for (layer, microseconds) in try timer.layerTimes(pack) {
      let name = Self.plain(layer)
      if let place = places[name] {
        layers[place].after = (layers[place].after ?? 0) + microseconds
      } else {
        places[name] = layers.count
        layers.append(Layer(name: name, after: microseconds))
      }
    }
    self.layers = layers
  }

  /// What quantization calls the part of a layer before its activation bears the layer's own name.
  private static func plain(_ name: String) -> String {
    name.hasSuffix("/sum") ? String(name.dropLast(4)) : name
  }
}
