internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

extension PictureInput {
  /// The input that a decoded picture becomes.
  ///
  /// - Throws: `PictureFault`.
  func tensor(of picture: EspalierMedia.Picture, shape: PictureShape) throws -> [Float] {
    try picture.pixels.withUnsafeBytes { pixels in
      try tensor(
        of: EspalierRuntime.Picture(
          format: .rgb8, width: picture.width, height: picture.height, pixels: pixels.baseAddress,
          stride: picture.width * 3), shape: shape)
    }
  }
}
