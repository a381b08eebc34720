/// Sets of channels that must be kept or cut together, as they are found (union-find).
struct ChannelUnits {
  private var parent: [Int] = []
  private var reasons: [Int: String] = [:]

  /// A new unit of one channel.
  mutating func make() -> Int {
    parent.append(parent.count)
    return parent.count - 1
  }

  mutating func make(_ count: Int, frozen reason: String? = nil) -> [Int] {
    (0..<count).map { _ in
      let unit = make()
      if let reason { reasons[unit] = reason }
      return unit
    }
  }

  /// The number by which the set of a unit is known.
  func root(_ unit: Int) -> Int {
    var unit = unit
    while parent[unit] != unit { unit = parent[unit] }
    return unit
  }

  /// Makes one set of two; a reason against cutting either holds for both.
  mutating func unite(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    guard a != b else { return }
    // The older unit names the set: results do not depend on the order of unions.
    let (kept, joined) = (min(a, b), max(a, b))
    parent[joined] = kept
    if let reason = reasons.removeValue(forKey: joined), reasons[kept] == nil { reasons[kept] = reason }
  }

  mutating func unite(_ a: [Int], _ b: [Int]) {
    for (x, y) in zip(a, b) { unite(x, y) }
  }

  /// Nothing of these sets may be cut; the first reason stays.
  mutating func freeze(_ units: [Int], _ reason: String) {
    for unit in units where reasons[root(unit)] == nil { reasons[root(unit)] = reason }
  }

  /// Why a unit may not be cut; nil where it may.
  func reason(_ unit: Int) -> String? { reasons[root(unit)] }
}
