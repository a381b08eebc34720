internal import CGradient

/// Changes to a frame by which some hundreds of frames become many: what the teacher makes of the changed frame is
/// asked anew, so that they may go further than the content survives.
public struct Augmentation: Sendable, Equatable {
  /// Whether half of the frames are mirrored left to right, where most of a classifier's answers survive it.
  public var flips = true
  /// The most that frames are moved, as a part of their height and width; edges are repeated.
  public var shift: Float = 0.1
  /// The most by which the logarithm of the size changes.
  public var zoom: Float = 0
  /// The most that frames are turned, in radians.
  public var rotation: Float = 0
  /// The most by which the logarithm of the contrast changes.
  public var contrast: Float = 0
  /// The most that is added to or taken from all elements, as a part of the frame's range.
  public var brightness: Float = 0.1
  /// The same for every channel by itself.
  public var tint: Float = 0
  /// The share of frames that become the weighted mean of themselves and another (Zhang et al. 2018, section 2).
  public var blends: Float = 0
  /// The share of frames in which a rectangle of another takes the place of what was there (Yun et al. 2019,
  /// section 3.1).
  public var patches: Float = 0

  public init() {}

  public static let none: Augmentation = {
    var none = Augmentation()
    (none.flips, none.shift, none.brightness) = (false, 0, 0)
    return none
  }()

  var mixes: Bool { blends > 0 || patches > 0 }

  /// - Parameter shape: `[N, C, H, W]`; others stay as they are.
  func apply(to frame: [Float], shape: [Int], _ random: inout TrainingRandom) -> [Float] {
    let place = Place(self, shape, &random)
    let (strength, light) = (2 * random.uniform() - 1, brightness * (2 * random.uniform() - 1))
    guard shape.count == 4, self != .none else { return frame }
    let channels = (0..<shape[1]).map { _ in light + tint * (2 * random.uniform() - 1) }
    let plane = shape[2] * shape[3]
    var result = place.isWhole ? place.moved(frame, shape) : place.resampled(frame, shape)
    let mean = result.reduce(0, +) / Float(max(result.count, 1))
    let range = (frame.max() ?? 0) - (frame.min() ?? 0)
    let factor = Float(gradient_exponential(Double(contrast * strength)))
    for index in result.indices {
      let added = channels[index / plane % channels.count] * range
      result[index] = factor == 1 ? result[index] + added : (result[index] - mean) * factor + mean + added
    }
    return result
  }

  /// - Parameter shape: `[N, C, H, W]`; others stay as they are.
  static func mirrored(_ frame: [Float], shape: [Int]) -> [Float] {
    guard shape.count == 4, let width = shape.last, width > 0 else { return frame }
    return stride(from: 0, to: frame.count, by: width).flatMap { frame[$0..<$0 + width].reversed() }
  }

  /// Two frames in one: no label would fit what comes out, but a teacher answers to it.
  ///
  /// - Parameter shape: `[N, C, H, W]`; frames of others are blended, but not patched.
  /// - Returns: `frame` itself for the share of frames that stay as they are.
  func mix(_ frame: [Float], with other: [Float], shape: [Int], _ random: inout TrainingRandom) -> [Float] {
    let (kind, weight, right, down) = (random.uniform(), random.uniform(), random.uniform(), random.uniform())
    if kind < blends { return zip(frame, other).map { weight * $0 + (1 - weight) * $1 } }
    guard kind < blends + patches, shape.count == 4 else { return frame }
    let (height, width) = (shape[2], shape[3])
    // Of the frame the part `weight` is left.
    let side = (1 - weight).squareRoot()
    let (rows, columns) = (Int((side * Float(height)).rounded()), Int((side * Float(width)).rounded()))
    let (top, left) = (Int(down * Float(height - rows + 1)), Int(right * Float(width - columns + 1)))
    var frame = frame
    for plane in 0..<shape[0] * shape[1] {
      for y in top..<top + rows {
        let row = (plane * height + y) * width + left
        frame.replaceSubrange(row..<row + columns, with: other[row..<row + columns])
      }
    }
    return frame
  }
}

/// Where the pixels of a changed frame come from.
private struct Place {
  let mirrors: Bool
  /// Of the frame's pixels, seen from the middle.
  let right: Float, down: Float
  /// The cosine and sine of the angle, times the size.
  let cosine: Float, sine: Float
  /// Whether every pixel is one of the frame's.
  let isWhole: Bool

  init(_ limits: Augmentation, _ shape: [Int], _ random: inout TrainingRandom) {
    mirrors = limits.flips && random.uniform() < 0.5
    let (x, y) = (2 * random.uniform() - 1, 2 * random.uniform() - 1)
    let (size, angle) = (2 * random.uniform() - 1, Double(limits.rotation * (2 * random.uniform() - 1)))
    let extent = shape.count == 4 ? (shape[2], shape[3]) : (0, 0)
    right = (x * limits.shift * Float(extent.1)).rounded()
    down = (y * limits.shift * Float(extent.0)).rounded()
    isWhole = limits.zoom == 0 && limits.rotation == 0
    let scale = gradient_exponential(Double(limits.zoom * size))
    cosine = Float(scale * gradient_cosine(angle))
    sine = Float(scale * gradient_cosine(angle - Double.pi / 2))
  }

  /// Whole pixels, mirrored and moved; edges are repeated.
  func moved(_ frame: [Float], _ shape: [Int]) -> [Float] {
    let (height, width) = (shape[2], shape[3])
    let columns = (0..<width).map { x in
      min(max((mirrors ? width - 1 - x : x) + Int(right), 0), width - 1)
    }
    return Self.planes(frame, shape) { source, target in
      for y in 0..<height {
        let row = min(max(y + Int(down), 0), height - 1) * width
        for x in 0..<width { target[y * width + x] = source[row + columns[x]] }
      }
    }
  }

  /// Turned and enlarged about the middle, between four pixels by their distances; edges are repeated.
  func resampled(_ frame: [Float], _ shape: [Int]) -> [Float] {
    let (height, width) = (shape[2], shape[3])
    let middle = (x: Float(width - 1) / 2, y: Float(height - 1) / 2)
    var taps: [(first: Int, second: Int, below: Int, x: Float, y: Float)] = []
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = ((Float(x) - middle.x) * (mirrors ? -1 : 1), Float(y) - middle.y)
        let column = min(max(cosine * u - sine * v + middle.x + right, 0), Float(width - 1))
        let row = min(max(sine * u + cosine * v + middle.y + down, 0), Float(height - 1))
        let (left, top) = (min(Int(column), max(width - 2, 0)), min(Int(row), max(height - 2, 0)))
        taps.append(
          (
            top * width + left, min(left + 1, width - 1) - left,
            min(top + 1, height - 1) * width - top * width,
            column - Float(left), row - Float(top)
          ))
      }
    }
    return Self.planes(frame, shape) { source, target in
      for (index, tap) in taps.enumerated() {
        let above = source + tap.first, below = above + tap.below
        let upper = above[0] + tap.x * (above[tap.second] - above[0])
        let lower = below[0] + tap.x * (below[tap.second] - below[0])
        target[index] = upper + tap.y * (lower - upper)
      }
    }
  }

  private static func planes(
    _ frame: [Float], _ shape: [Int],
    _ fill: (_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let plane = shape[2] * shape[3]
    return [Float](unsafeUninitializedCapacity: frame.count) { target, count in
      frame.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for start in stride(from: 0, to: shape[0] * shape[1] * plane, by: max(plane, 1)) {
          fill(from + start, to + start)
        }
      }
      count = frame.count
    }
  }
}
