import EspalierGraph
import EspalierPasses
import PlanFixtures

/// Networks in the ways in which channels meet.
enum PruneStructures {
  static let all = basic + joined + moved

  private static let basic: [(name: String, text: String)] = [
    (
      "a chain",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[8, 3, 3, 3] random 1
      %b = constant float32[8] random 2
      %t = \(Text.conv("x", "w", "b", pad: 1, activation: "relu", hasBias: true))
      %v = constant float32[5, 8, 1, 1] random 3
      %y = \(Text.conv("t", "v"))
      output %y
      """
    ),
    (
      "residual blocks",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[8, 3, 3, 3] random 1
      %s = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %a = constant float32[6, 8, 3, 3] random 2
      %t = \(Text.conv("s", "a", pad: 1, activation: "relu"))
      %b = constant float32[8, 6, 3, 3] random 3
      %u = \(Text.conv("t", "b", pad: 1))
      %sum = \(Text.binary("add", "u", "s"))
      %c = constant float32[8, 8, 1, 1] random 4
      %z = \(Text.conv("sum", "c", "sum", activation: "relu", hasResidual: true))
      %d = constant float32[4, 8, 1, 1] random 5
      %y = \(Text.conv("z", "d"))
      output %y
      """
    ),
    (
      "an inverted residual with squeeze and excitation",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[6, 3, 1, 1] random 1
      %s = \(Text.conv("x", "w"))
      %e = constant float32[12, 6, 1, 1] random 2
      %t = \(Text.conv("s", "e", activation: "relu"))
      %k = constant float32[12, 1, 3, 3] random 3
      %d = \(Text.conv("t", "k", pad: 1, groups: 12, activation: "relu"))
      %m = \(Text.reduce("mean", "d", [2, 3]))
      %f = constant float32[4, 12, 1, 1] random 4
      %q = \(Text.conv("m", "f", activation: "relu"))
      %g = constant float32[12, 4, 1, 1] random 5
      %h = \(Text.conv("q", "g", activation: "sigmoid"))
      %n = \(Text.binary("multiply", "d", "h"))
      %p = constant float32[6, 12, 1, 1] random 6
      %r = \(Text.conv("n", "p"))
      %sum = \(Text.binary("add", "r", "s"))
      %o = constant float32[3, 6, 1, 1] random 7
      %y = \(Text.conv("sum", "o"))
      output %y
      """
    ),
    (
      "concatenation, the same twice too, and slopes",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[5, 3, 1, 1] random 1
      %a = \(Text.conv("x", "w"))
      %v = constant float32[7, 3, 1, 1] random 2
      %b = \(Text.conv("x", "v"))
      %t = \(Text.concat("a", "b", "a", axis: 1))
      %gamma = constant float32[17] random 3
      %beta = constant float32[17] random 4
      %mean = constant float32[17] random 5
      %var = constant float32[17] [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]
      %n = BatchNormalization(%t, %gamma, %beta, %mean, %var) {epsilon = 0.00001}
      %slope = constant float32[17, 1, 1] random 6
      %p = \(Text.binary("prelu", "n", "slope"))
      %c = constant float32[4, 17, 3, 3] random 7
      %y = \(Text.conv("p", "c", pad: 1))
      output %y
      """
    ),
    (
      "a split and a slice of channels",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[12, 3, 1, 1] random 1
      %s = \(Text.conv("x", "w", activation: "relu"))
      %a, %b = Split(%s) {axis = 1, sizes = [5, 7]}
      %k = constant float32[7, 7, 3, 3] random 2
      %t = \(Text.conv("b", "k", pad: 1))
      %c = \(Text.slice("s", [(1, 3, 12, 2), (2, 0, 6, 1)]))
      %u = \(Text.concat("a", "t", "c", axis: 1))
      %v = constant float32[4, 17, 1, 1] random 3
      %y = \(Text.conv("u", "v"))
      output %y
      """
    ),
    (
      "groups, and channels shuffled among them",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[12, 3, 1, 1] random 1
      %s = \(Text.conv("x", "w", activation: "relu"))
      %g = constant float32[12, 4, 3, 3] random 2
      %t = \(Text.conv("s", "g", pad: 1, groups: 3, activation: "relu"))
      %u = ChannelShuffle(%t) {groups = 3}
      %h = constant float32[24, 1, 3, 3] random 3
      %m = \(Text.conv("u", "h", pad: 1, groups: 12))
      %v = constant float32[4, 24, 1, 1] random 4
      %y = \(Text.conv("m", "v"))
      output %y
      """
    ),
    (
      "pixels of channels, a transposed convolution and a matrix product",
      """
      input %x : float32[1, 3, 4, 4]
      %w = constant float32[16, 3, 1, 1] random 1
      %s = \(Text.conv("x", "w", activation: "relu"))
      %d = DepthToSpace(%s) {blockSize = 2, mode = "DCR"}
      %k = constant float32[4, 6, 2, 2] random 2
      %t = \(Text.transposedConv("d", "k"))
      %z = SpaceToDepth(%t) {blockSize = 2}
      %v = constant float32[5, 24, 1, 1] random 3
      %a = \(Text.conv("z", "v"))
      %f = Flatten(%a) {axis = 1}
      %g = constant float32[320, 9] random 4
      %h = \(Text.gemm("f", "g"))
      %i = constant float32[3, 9] random 5
      %j = constant float32[3] random 6
      %y = \(Text.gemm("h", "i", "j", transposesB: true))
      output %y
      """
    ),
  ]
}

extension PruneStructures {
  /// Streams that split and meet again.
  private static let joined: [(name: String, text: String)] = [
    (
      "dense blocks: every layer reads all before it",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[6, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %v = constant float32[4, 6, 3, 3] random 2
      %b = \(Text.conv("a", "v", pad: 1, activation: "relu"))
      %ab = \(Text.concat("a", "b", axis: 1))
      %u = constant float32[4, 10, 3, 3] random 3
      %c = \(Text.conv("ab", "u", pad: 1, activation: "relu"))
      %abc = \(Text.concat("ab", "c", axis: 1))
      %t = constant float32[5, 14, 1, 1] random 4
      %y = \(Text.conv("abc", "t"))
      output %y
      """
    ),
    (
      "a cross stage partial block: split, bottlenecks with shortcuts, all of it concatenated",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[12, 3, 1, 1] random 1
      %s = \(Text.conv("x", "w", activation: "silu"))
      %a, %b = Split(%s) {axis = 1, sizes = [6, 6]}
      %v = constant float32[6, 6, 3, 3] random 2
      %c = \(Text.conv("b", "v", pad: 1, activation: "silu"))
      %u = constant float32[6, 6, 3, 3] random 3
      %d = \(Text.conv("c", "u", pad: 1, activation: "silu"))
      %e = \(Text.binary("add", "b", "d"))
      %t = \(Text.concat("a", "b", "e", axis: 1))
      %k = constant float32[8, 18, 1, 1] random 4
      %z = \(Text.conv("t", "k"))
      %o = constant float32[3, 8, 1, 1] random 5
      %y = \(Text.conv("z", "o"))
      output %y
      """
    ),
    (
      "a feature pyramid: lateral layers, and coarse maps made larger and added",
      """
      input %x : float32[1, 3, 8, 8]
      %w = constant float32[6, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %v = constant float32[10, 6, 3, 3] random 2
      %b = \(Text.conv("a", "v", stride: 2, pad: 1, activation: "relu"))
      %l = constant float32[7, 6, 1, 1] random 3
      %la = \(Text.conv("a", "l"))
      %m = constant float32[7, 10, 1, 1] random 4
      %lb = \(Text.conv("b", "m"))
      %up = \(Text.doubled("lb"))
      %sum = \(Text.binary("add", "la", "up"))
      %o = constant float32[4, 7, 3, 3] random 5
      %y = \(Text.conv("sum", "o", pad: 1))
      %p = constant float32[4, 7, 3, 3] random 6
      %z = \(Text.conv("lb", "p", pad: 1))
      output %y
      output %z
      """
    ),
    (
      "a U: down by pooling, up by transposed convolution, skipped maps concatenated",
      """
      input %x : float32[1, 3, 8, 8]
      %w = constant float32[6, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %p = \(Text.maxPool("a", kernel: 2))
      %v = constant float32[9, 6, 3, 3] random 2
      %b = \(Text.conv("p", "v", pad: 1, activation: "relu"))
      %k = constant float32[9, 5, 2, 2] random 3
      %bias = constant float32[5] random 4
      %u = \(Text.transposedConv("b", "k", "bias"))
      %t = \(Text.concat("a", "u", axis: 1))
      %o = constant float32[6, 11, 3, 3] random 5
      %c = \(Text.conv("t", "o", pad: 1, activation: "relu"))
      %q = constant float32[2, 6, 1, 1] random 6
      %y = \(Text.conv("c", "q"))
      output %y
      """
    ),
    (
      "a shortcut that zeros make wider",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[4, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %v = constant float32[9, 4, 3, 3] random 2
      %b = \(Text.conv("a", "v", stride: 2, pad: 1))
      %s = \(Text.slice("a", [(2, 0, 6, 2), (3, 0, 6, 2)]))
      %p = \(Text.pad("s", [0, 2, 0, 0], [0, 3, 0, 0]))
      %sum = \(Text.binary("add", "b", "p"))
      %r = \(Text.unary("relu", "sum"))
      %o = constant float32[5, 9, 3, 3] random 3
      %y = \(Text.conv("r", "o", pad: 1))
      output %y
      """
    ),
    (
      "a residual that is constant",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[8, 3, 3, 3] random 1
      %r = constant float32[1, 8, 6, 6] random 2
      %a = \(Text.conv("x", "w", "r", pad: 1, activation: "relu", hasResidual: true))
      %o = constant float32[5, 8, 1, 1] random 3
      %y = \(Text.conv("a", "o"))
      output %y
      """
    ),
  ]

  /// Channels that are moved, chosen, joined and normalized.
  private static let moved: [(name: String, text: String)] = [
    (
      "channels gathered, some of them twice",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[8, 3, 1, 1] random 1
      %a = \(Text.conv("x", "w", activation: "relu"))
      %g = Gather(%a) {axis = 1, table = {shape = [6], indices = [7, 0, 3, 3, -2, 1]}}
      %r = Gather(%g) {axis = 2, table = {shape = [3], indices = [5, 0, 2]}}
      %o = constant float32[4, 6, 3, 3] random 2
      %y = \(Text.conv("r", "o", pad: 1))
      output %y
      """
    ),
    (
      "rows of several maps one after another, as detectors join their heads",
      """
      input %x : float32[1, 3, 8, 8]
      %w = constant float32[6, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %v = constant float32[6, 6, 3, 3] random 2
      %b = \(Text.conv("a", "v", stride: 2, pad: 1))
      %fa = \(Text.reshape("a", [1, 6, 64]))
      %fb = \(Text.reshape("b", [0, 0, -1]))
      %k = constant float32[1, 6, 5] random 3
      %t = \(Text.concat("fa", "fb", "k", axis: 2))
      %m = \(Text.reshape("t", [1, 6, 17, 5]))
      %o = constant float32[4, 6, 1, 1] random 4
      %y = \(Text.conv("m", "o"))
      output %y
      """
    ),
    (
      "normalizations that stay",
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[6, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1))
      %gamma = constant float32[6] random 2
      %beta = constant float32[6] random 3
      %n = InstanceNormalization(%a, %gamma, %beta) {epsilon = 0.001}
      %scale = constant float32[6] random 4
      %l = LayerNormalization(%n, %scale) {axis = 3, epsilon = 0.001, centers = true, hasBias = false, \
      outputCount = 1}
      %m = MeanVarianceNormalization(%l) {axes = [2, 3], epsilon = 0.001}
      %s = Softmax(%m) {kind = "plain", axis = 3, flattens = false}
      %o = constant float32[4, 6, 3, 3] random 5
      %y = \(Text.conv("s", "o", pad: 1))
      output %y
      """
    ),
    (
      "pixels of channels, the channel number outside, and a grouped transposed convolution",
      """
      input %x : float32[1, 3, 4, 4]
      %w = constant float32[24, 3, 1, 1] random 1
      %a = \(Text.conv("x", "w", activation: "relu"))
      %d = DepthToSpace(%a) {blockSize = 2, mode = "CRD"}
      %k = constant float32[6, 3, 2, 2] random 2
      %t = \(Text.transposedConv("d", "k", groups: 2))
      %m = constant float32[6, 2, 2, 2] random 3
      %u = \(Text.transposedConv("t", "m", groups: 6))
      %o = constant float32[4, 12, 1, 1] random 4
      %y = \(Text.conv("u", "o"))
      output %y
      """
    ),
    (
      "a gate that is stretched over the map, and a classifier behind a mean",
      """
      input %x : float32[2, 3, 6, 6]
      %w = constant float32[8, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %m = \(Text.reduce("mean", "a", [2, 3]))
      %f = constant float32[8, 8, 1, 1] random 2
      %q = \(Text.conv("m", "f", activation: "hardSwish"))
      %e = Expand(%q) {shape = [2, 8, 6, 6]}
      %n = \(Text.binary("multiply", "a", "e"))
      %p = \(Text.reduce("mean", "n", [2, 3], keepsAxes: false))
      %h = constant float32[8, 7] random 3
      %i = \(Text.gemm("p", "h"))
      %j = constant float32[7, 5] random 4
      %k = constant float32[1, 5] random 5
      %y = \(Text.gemm("i", "j", "k"))
      output %y
      """
    ),
  ]
}

extension ChannelMap {
  /// A share of every group at random, at least one channel staying in each tensor.
  func randomCut(of graph: Graph, share: Double, seed: UInt64) -> Set<Int> {
    var generator = SeededGenerator(seed: seed)
    var cut: Set<Int> = []
    for group in groups {
      let count = min(group.units.count - 1, Int((Double(group.units.count) * share).rounded(.up)))
      cut.formUnion(group.units.shuffled(using: &generator).prefix(count))
    }
    for value in graph.nodes.flatMap(\.outputs) where kept(value, cutting: cut)?.isEmpty ?? false {
      if let unit = units[value]?.first { cut.remove(unit) }
    }
    return cut
  }
}
