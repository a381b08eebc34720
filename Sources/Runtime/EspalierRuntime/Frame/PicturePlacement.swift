internal import EspalierPlan

/// Where a picture lies in an input: a rectangle that shows a window of the picture scaled.
struct PicturePlacement: Equatable {
  /// The rectangle, in the input.
  var left = 0
  var top = 0
  var width: Int
  var height: Int
  /// Extents of the whole picture when it has been scaled.
  var scaledWidth: Int
  var scaledHeight: Int
  /// What of it is cut off.
  var cutLeft = 0
  var cutTop = 0

  /// - Parameters:
  ///   - picture: Columns and rows.
  ///   - input: The same.
  init(_ declared: PictureInput, picture: (width: Int, height: Int), input: (width: Int, height: Int)) {
    (width, height, scaledWidth, scaledHeight) = (input.width, input.height, input.width, input.height)
    switch declared.fit {
    case .stretch: break
    case .letterbox, .letterboxTopLeft: letterbox(declared.fit, picture, input)
    case .crop: crop(declared.cropShare, picture, input)
    }
  }

  /// The largest size that fits: rounded half to even in the middle, down at the top left, as those who train with
  /// either do it. An odd border is smaller at the left and the top.
  private mutating func letterbox(
    _ fit: PictureInput.Fit, _ picture: (width: Int, height: Int), _ input: (width: Int, height: Int)
  ) {
    let isMiddle = fit == .letterbox
    if picture.width * input.height >= picture.height * input.width {
      height = Self.quotient(picture.height * input.width, picture.width, rounds: isMiddle)
      height = min(max(height, 1), input.height)
    } else {
      width = Self.quotient(picture.width * input.height, picture.height, rounds: isMiddle)
      width = min(max(width, 1), input.width)
    }
    (scaledWidth, scaledHeight) = (width, height)
    if isMiddle { (left, top) = ((input.width - width) / 2, (input.height - height) / 2) }
  }

  private static func quotient(_ a: Int, _ b: Int, rounds: Bool) -> Int {
    let (quotient, rest) = (a / b, a % b)
    guard rounds, rest * 2 > b || (rest * 2 == b && quotient % 2 == 1) else { return quotient }
    return quotient + 1
  }

  private mutating func crop(
    _ share: Float, _ picture: (width: Int, height: Int), _ input: (width: Int, height: Int)
  ) {
    let ratio = max(
      Double(input.width) / Double(picture.width), Double(input.height) / Double(picture.height))
    let factor = ratio / Double(share)
    scaledWidth = max(input.width, Self.bounded((Double(picture.width) * factor).rounded()))
    scaledHeight = max(input.height, Self.bounded((Double(picture.height) * factor).rounded()))
    (cutLeft, cutTop) = ((scaledWidth - input.width) / 2, (scaledHeight - input.height) / 2)
  }

  /// A share may be next to nothing.
  private static func bounded(_ extent: Double) -> Int { Int(min(extent, Double(1 << 40))) }

  /// Back to the picture.
  func transform(picture: (width: Int, height: Int)) -> PictureTransform {
    let scale = (
      x: Double(picture.width) / Double(scaledWidth), y: Double(picture.height) / Double(scaledHeight)
    )
    return PictureTransform(
      scaleX: Float(scale.x), scaleY: Float(scale.y), offsetX: Float(Double(cutLeft - left) * scale.x),
      offsetY: Float(Double(cutTop - top) * scale.y), pictureWidth: Int32(clamping: picture.width),
      pictureHeight: Int32(clamping: picture.height))
  }

  /// Fills the table of columns that `espalier_frame_parameters.h` describes. Positions and weights are those of
  /// OpenCV's INTER_LINEAR: pixel centers, 11 bits, beyond the edge the edge pixel alone.
  ///
  /// - Parameter table: Two numbers for each column of the input.
  func fillColumns(_ table: UnsafeMutableBufferPointer<Int32>, pictureWidth: Int) {
    let count = table.count / 2
    let scale = Double(pictureWidth) / Double(scaledWidth)
    for x in 0..<width {
      let tap = Tap(x + cutLeft, scale)
      let isInside = tap.first >= 0 && tap.first < pictureWidth - 1
      table[x] = Int32(truncatingIfNeeded: min(max(tap.first, 0), pictureWidth - 1))
      table[count + x] = isInside ? tap.weights : Tap.firstAlone
    }
  }

  /// The same for rows, whose weights stay as they are beyond the edge: both rows are then the same.
  ///
  /// - Parameter table: Three numbers for each row of the input.
  func fillRows(_ table: UnsafeMutableBufferPointer<Int32>, pictureHeight: Int) {
    let count = table.count / 3
    let scale = Double(pictureHeight) / Double(scaledHeight)
    for y in 0..<height {
      let tap = Tap(y + cutTop, scale)
      table[y] = Int32(truncatingIfNeeded: min(max(tap.first, 0), pictureHeight - 1))
      table[count + y] = Int32(truncatingIfNeeded: min(max(tap.first + 1, 0), pictureHeight - 1))
      table[2 * count + y] = tap.weights
    }
  }
}

/// Two neighboring pixels and their weights, in 2048ths, the second's in the upper 16 bits.
private struct Tap {
  let first: Int
  let weights: Int32

  static let firstAlone: Int32 = 2048

  init(_ index: Int, _ scale: Double) {
    let position = Float((Double(index) + 0.5) * scale - 0.5)
    first = Int(position.rounded(.down))
    let fraction = position - Float(first)
    weights = Tap.weight(1 - fraction) | Tap.weight(fraction) << 16
  }

  private static func weight(_ fraction: Float) -> Int32 {
    Int32((fraction * 2048).rounded(.toNearestOrEven))
  }
}
