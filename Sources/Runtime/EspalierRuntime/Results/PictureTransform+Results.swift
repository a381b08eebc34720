public import EspalierPlan

extension PictureTransform {
  /// The picture is the network's input itself.
  public init(inputWidth: Int, inputHeight: Int) {
    self.init(pictureWidth: Int32(clamping: inputWidth), pictureHeight: Int32(clamping: inputHeight))
  }

  /// The picture was stretched to the network's input.
  public init(width: Int, height: Int, stretchedTo input: (width: Int, height: Int)) {
    self.init(
      scaleX: Float(width) / Float(input.width), scaleY: Float(height) / Float(input.height),
      pictureWidth: Int32(clamping: width), pictureHeight: Int32(clamping: height))
  }

  /// A box whose edges are shares of the network's input, in pixels of the picture.
  public func box(_ box: DetectedBox, input: (width: Int, height: Int)) -> DetectedBox {
    let (width, height) = (Float(input.width), Float(input.height))
    return DetectedBox(
      category: box.category, score: box.score, left: x(box.left * width), top: y(box.top * height),
      right: x(box.right * width), bottom: y(box.bottom * height))
  }

  /// From the pixels of a mask that covers the picture to those of a network's output.
  func axes(
    from mask: MaskRoom, to output: ResultLayout.Mask, input: (width: Int, height: Int)
  ) -> (x: MaskAxis, y: MaskAxis) {
    let x = MaskAxis(
      step: Double(pictureWidth) / Double(mask.width), scale: Double(scaleX), offset: Double(offsetX),
      ratio: Double(output.width) / Double(input.width), count: output.width)
    let y = MaskAxis(
      step: Double(pictureHeight) / Double(mask.height), scale: Double(scaleY), offset: Double(offsetY),
      ratio: Double(output.height) / Double(input.height), count: output.height)
    return (x, y)
  }
}

extension PictureInput {
  /// From an input's coordinates to those of a picture that becomes it.
  public func transform(
    ofPicture size: (width: Int, height: Int), shape: PictureShape
  ) -> PictureTransform {
    PicturePlacement(self, picture: size, input: (shape.width, shape.height)).transform(picture: size)
  }
}
