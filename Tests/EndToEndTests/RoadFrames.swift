import PlanFixtures

/// Made-up pictures of 32 x 32 that differ as those of a camera do: colors and brightness change smoothly over the
/// picture and from picture to picture, with a disc and some noise in each. In the traffic-sign network's units, -1 … 1.
struct RoadFrames {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func next() -> [Float] {
    var frame: [Float] = []
    let brightness = Float.random(in: -0.35...0.15, using: &random)
    let (x, y) = (Float.random(in: 10...22, using: &random), Float.random(in: 10...22, using: &random))
    let radius = Float.random(in: 6...12, using: &random)
    for _ in 0..<3 {
      let slope = (Float.random(in: -0.3...0.3, using: &random), Float.random(in: -0.3...0.3, using: &random))
      let disc = Float.random(in: -0.5...0.5, using: &random)
      for row in 0..<32 {
        for column in 0..<32 {
          let (dx, dy) = (Float(column) - x, Float(row) - y)
          var value = brightness + slope.0 * (Float(row) / 16 - 1) + slope.1 * (Float(column) / 16 - 1)
          if dx * dx + dy * dy < radius * radius { value += disc }
          value += Float.random(in: -0.05...0.05, using: &random)
          frame.append(min(1, max(-1, value)))
        }
      }
    }
    return frame
  }

  mutating func frames(_ count: Int) -> [[Float]] { (0..<count).map { _ in next() } }

  mutating func noise() -> [Float] { (0..<3072).map { _ in Float.random(in: -1...1, using: &random) } }
}
