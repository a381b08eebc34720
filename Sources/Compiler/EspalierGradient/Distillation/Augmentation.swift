/// Changes to a frame that its content survives.
public struct Augmentation: Sendable, Equatable {
  /// Whether half of the frames are mirrored left to right.
  public var flips: Bool
  /// The most that frames are moved, as a part of their height and width; edges are repeated.
  public var shift: Float
  /// The most that is added to or taken from all elements, as a part of the frame's range.
  public var brightness: Float

  public init(flips: Bool = true, shift: Float = 0.1, brightness: Float = 0.1) {
    (self.flips, self.shift, self.brightness) = (flips, shift, brightness)
  }

  public static let none = Augmentation(flips: false, shift: 0, brightness: 0)

  /// - Parameter shape: `[N, C, H, W]`; others stay as they are.
  func apply(to frame: [Float], shape: [Int], _ random: inout TrainingRandom) -> [Float] {
    let mirrored = flips && random.uniform() < 0.5
    let (right, down, light) = (random.uniform(), random.uniform(), random.uniform())
    guard shape.count == 4, self != .none else { return frame }
    let (height, width) = (shape[2], shape[3])
    let dx = Int(((2 * right - 1) * shift * Float(width)).rounded())
    let dy = Int(((2 * down - 1) * shift * Float(height)).rounded())
    let columns = (0..<width).map { x in
      min(max((mirrored ? width - 1 - x : x) + dx, 0), width - 1)
    }
    let range = brightness == 0 ? 0 : (frame.max() ?? 0) - (frame.min() ?? 0)
    let added = (2 * light - 1) * brightness * range
    return [Float](unsafeUninitializedCapacity: frame.count) { target, count in
      frame.withUnsafeBufferPointer { source in
        for plane in 0..<shape[0] * shape[1] {
          for y in 0..<height {
            let from = (plane * height + min(max(y + dy, 0), height - 1)) * width
            let to = (plane * height + y) * width
            for x in 0..<width { target[to + x] = source[from + columns[x]] + added }
          }
        }
      }
      count = frame.count
    }
  }
}
