public import EspalierGraph

/// A piece of memory that the plan names before it has an address.
public enum Buffer: Hashable, Sendable {
  /// Working memory number `index`; `Place` gives it an offset in the arena.
  case arena(Int)
  /// The pack's weights, counted in units of 4 bytes: float32 and tables of int32.
  case weights
  /// The same section counted in bytes.
  case weightBytes
  /// The caller's buffer of a graph input.
  case input(Int)
  /// The caller's buffer of a graph output.
  case output(Int)
}

extension Buffer {
  /// Whether its content is known when a pack is loaded.
  public var isConstant: Bool { self == .weights || self == .weightBytes }
}

/// A strided window onto a buffer of float32 or of bytes: what a value looks like to kernels.
///
/// Slices, transposes, splits and most reshapes only make another view; no data moves.
public struct View: Hashable, Sendable {
  public var buffer: Buffer
  /// Elements from the buffer's start to index (0, …, 0).
  public var base: Int
  /// The extents, axis by axis, in ONNX's order (N, C, H, W for feature maps).
  public var shape: Shape
  /// Elements between neighbors along each axis; negative where the view runs backwards, 0 where it repeats.
  public var strides: [Int]

  public init(_ buffer: Buffer, base: Int = 0, shape: Shape, strides: [Int]) {
    precondition(shape.count == strides.count)
    self.buffer = buffer
    self.base = base
    self.shape = shape
    self.strides = strides
  }

  public var rank: Int { shape.count }

  /// The lowest element that the view reaches, counted from the buffer's start.
  public var lowest: Int {
    zip(shape, strides).reduce(base) { $1.1 < 0 ? $0 + ($1.0 - 1) * $1.1 : $0 }
  }

  /// Whether elements lie row by row without gaps.
  public var isRowMajor: Bool {
    zip(zip(shape, strides), shape.rowMajorStrides).allSatisfy { $0.0 == 1 || $0.1 == $1 }
  }
}

// MARK: - Windows onto a window

extension View {
  /// Axis `i` of the result is axis `permutation[i]` of this view.
  public func transposed(_ permutation: [Int]) -> View {
    View(buffer, base: base, shape: permutation.map { shape[$0] }, strides: permutation.map { strides[$0] })
  }

  /// `count` indices of one axis from `start` on, `step` apart (negative: backwards).
  public func sliced(axis: Int, start: Int, count: Int, step: Int = 1) -> View {
    var view = self
    view.base += start * strides[axis]
    view.shape[axis] = count
    view.strides[axis] *= step
    return view
  }

  /// This view read as if it had the broadcast shape `target`.
  ///
  /// - Precondition: The shape broadcasts to `target`.
  public func broadcast(to target: Shape) -> View {
    let lead = target.count - rank
    return View(
      buffer, base: base, shape: target,
      strides: target.indices.map { axis in
        axis < lead || (shape[axis - lead] == 1 && target[axis] != 1) ? 0 : strides[axis - lead]
      })
  }

  /// The same elements in row-major order under another shape, or nil where only a copy can give that.
  ///
  /// - Precondition: Both shapes have the same number of elements.
  public func reshaped(to target: Shape) -> View? {
    precondition(shape.elementCount == target.elementCount)
    if target.contains(0) { return View(buffer, base: base, shape: target, strides: target.rowMajorStrides) }
    let groups = mergedAxes
    var strides: [Int] = []
    var group = 0
    var left = groups.first?.extent ?? 1
    for extent in target {
      if extent == 1 {
        strides.append(0)
        continue
      }
      while left == 1, group + 1 < groups.count {
        group += 1
        left = groups[group].extent
      }
      guard left % extent == 0 else { return nil }
      left /= extent
      strides.append(groups[group].stride * left)
    }
    return View(buffer, base: base, shape: target, strides: strides)
  }

  /// The view's axes without those of extent 1, neighbors that run on into each other merged.
  private var mergedAxes: [(extent: Int, stride: Int)] {
    var axes: [(extent: Int, stride: Int)] = []
    for (extent, stride) in zip(shape, strides) where extent != 1 {
      if let last = axes.last, last.stride == extent * stride {
        axes[axes.count - 1] = (last.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    return axes
  }
}

/// Zeros around an image that a kernel may read.
public struct Halo: Hashable, Sendable {
  public var top, left, bottom, right: Int

  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  public static let none = Halo()

  /// The smallest halo that serves both.
  public func union(_ other: Halo) -> Halo {
    Halo(
      top: max(top, other.top), left: max(left, other.left), bottom: max(bottom, other.bottom),
      right: max(right, other.right))
  }

  public func contains(_ other: Halo) -> Bool { union(other) == self }
}

/// A view of a feature map as image kernels read it: NHWC, channels next to each other.
public struct Image: Hashable, Sendable {
  public var view: View

  /// Nil where the view is no feature map (rank 4), its channels do not lie next to each other or an axis
  /// runs backwards.
  public init?(_ view: View) {
    guard view.rank == 4, view.strides[1] == 1 || view.shape[1] == 1,
      zip(view.shape, view.strides).allSatisfy({ $0 == 1 || $1 >= 0 })
    else { return nil }
    self.view = view
  }

  public var batch: Int { view.shape[0] }
  public var channels: Int { view.shape[1] }
  public var height: Int { view.shape[2] }
  public var width: Int { view.shape[3] }
  public var strideN: Int { view.strides[0] }
  public var strideH: Int { view.strides[2] }
  public var strideW: Int { view.strides[3] }

  /// The same image with its first element moved out to the corner of a halo.
  ///
  /// - Precondition: The buffer has that halo.
  public func corner(of halo: Halo) -> View {
    var corner = view
    corner.base -= halo.top * strideH + halo.left * strideW
    return corner
  }
}
