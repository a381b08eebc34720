/// Detectors that give corners and classes apart: `[1, N, 4]` left, top, right, bottom as shares, and `[1, N, C]`
/// likelihoods of classes, of which the first is the background.
///
/// Source: UltraFace and PyTorch's SSD exports.
struct Corners: BoxDecoder {
  private let places: Int
  private let classes: Int
  /// Which outputs hold them.
  private let corners: Int
  private let likelihoods: Int

  init(_ ports: DetectorPorts) throws {
    let shapes = ports.shapes
    guard shapes.count == 2, shapes.allSatisfy({ $0.count == 3 && $0[0] == 1 }),
      shapes[0][1] == shapes[1][1], let corners = shapes.firstIndex(where: { $0[2] == 4 }),
      shapes[1 - corners][2] >= 2
    else { throw ports.mismatch(.corners, "[1, N, 4] and [1, N, C]") }
    (self.corners, likelihoods) = (corners, 1 - corners)
    (places, classes) = (shapes[corners][1], shapes[1 - corners][2])
  }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    let (edges, scores) = (outputs[corners], outputs[likelihoods])
    var found: [Box] = []
    for place in 0..<places {
      for category in 1..<classes where scores[place * classes + category] > least {
        found.append(
          Box(
            category: category - 1, score: scores[place * classes + category], left: edges[place * 4],
            top: edges[place * 4 + 1], right: edges[place * 4 + 2], bottom: edges[place * 4 + 3]))
      }
    }
    return found
  }
}
