internal import EspalierPlan

/// How pictures become an input, for `inspect`.
struct PictureFact: Encodable {
  let name: String
  let channels: String
  let fit: String
  let mean: [Float]
  let scale: [Float]
  let fill: Float
  let crop_share: Float
  /// As `compile --input` takes it.
  let text: String

  init(name: String, declared: PictureInput) {
    self.name = name
    channels = declared.channels.name
    fit = declared.fit.name
    mean = (0..<declared.channels.count).map { declared.mean[$0] }
    scale = (0..<declared.channels.count).map { declared.scale[$0] }
    fill = declared.fill
    crop_share = declared.cropShare
    text = declared.text
  }
}
