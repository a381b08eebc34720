internal import EspalierPlan

/// Where in a picture the network's input lies: picture = input · scale + offset, on each axis, in pixels.
public struct PictureMapping: Sendable, Equatable {
  public var scaleX: Float
  public var scaleY: Float
  public var offsetX: Float
  public var offsetY: Float
  /// The picture's extents.
  public var width: Int
  public var height: Int

  public init(scaleX: Float, scaleY: Float, offsetX: Float, offsetY: Float, width: Int, height: Int) {
    (self.scaleX, self.scaleY, self.offsetX, self.offsetY) = (scaleX, scaleY, offsetX, offsetY)
    (self.width, self.height) = (width, height)
  }

  /// The picture is the network's input itself.
  public init(inputWidth: Int, inputHeight: Int) {
    self.init(scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0, width: inputWidth, height: inputHeight)
  }

  /// The picture was stretched to the network's input.
  public init(width: Int, height: Int, stretchedTo input: (width: Int, height: Int)) {
    self.init(
      scaleX: Float(width) / Float(input.width), scaleY: Float(height) / Float(input.height), offsetX: 0,
      offsetY: 0, width: width, height: height)
  }

  /// A box whose edges are shares of the network's input, in pixels of the picture.
  public func box(_ box: DetectedBox, input: (width: Int, height: Int)) -> DetectedBox {
    func x(_ share: Float) -> Float { share * Float(input.width) * scaleX + offsetX }
    func y(_ share: Float) -> Float { share * Float(input.height) * scaleY + offsetY }
    return DetectedBox(
      category: box.category, score: box.score, left: x(box.left), top: y(box.top), right: x(box.right),
      bottom: y(box.bottom))
  }

  /// From the pixels of a mask that covers the picture to those of a network's output.
  func axes(
    from mask: MaskRoom, to output: ResultLayout.Mask, input: (width: Int, height: Int)
  ) -> (x: MaskAxis, y: MaskAxis) {
    let x = MaskAxis(
      step: Double(width) / Double(mask.width), scale: Double(scaleX), offset: Double(offsetX),
      ratio: Double(output.width) / Double(input.width), count: output.width)
    let y = MaskAxis(
      step: Double(height) / Double(mask.height), scale: Double(scaleY), offset: Double(offsetY),
      ratio: Double(output.height) / Double(input.height), count: output.height)
    return (x, y)
  }
}
