/// From the coordinates of a network's input back to those of the picture that it was made of.
///
/// Both count pixels from the left and upper edge: a pixel's middle is at one half.
public struct PictureTransform: Sendable, Equatable, BitwiseCopyable {
  public var scaleX: Float = 1
  public var scaleY: Float = 1
  public var offsetX: Float = 0
  public var offsetY: Float = 0
  /// The picture's extents; 0 where no picture was given.
  public var pictureWidth: Int32 = 0
  public var pictureHeight: Int32 = 0

  /// Leaves coordinates as they are.
  public static let identity = PictureTransform()

  public func x(_ x: Float) -> Float { x * scaleX + offsetX }
  public func y(_ y: Float) -> Float { y * scaleY + offsetY }
}
