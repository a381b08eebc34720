public import CEspalier
internal import EspalierPlan
internal import EspalierRuntime

@c @implementation
public func espalier_model_picture_input(
  _ model: OpaquePointer!, _ index: Int, _ input: UnsafeMutablePointer<espalier_picture_input>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  do throws(Failure) {
    guard let model else { throw Failure("espalier_model_picture_input: the model is NULL") }
    let declared = ModelHandle.from(model).model.pictureInputs
    guard declared.indices.contains(index) else {
      throw Failure(
        "espalier_model_picture_input: the model has \(declared.count) inputs, not one of index \(index)")
    }
    guard let declared = declared[index] else { throw Failure(.picture(index: index, .undeclared)) }
    try SizedStructure.write(espalier_picture_input(declared), to: input, named: "the picture input")
    return ESPALIER_OK
  } catch let failure {
    return failure.report(to: error)
  }
}

@c @implementation
public func espalier_session_set_picture_input(
  _ session: OpaquePointer!, _ index: Int, _ input: UnsafePointer<espalier_picture_input>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_set_picture_input", error) { handle throws(Failure) in
    let declared = try PictureInput(SizedStructure.pictureInput(input))
    do throws(SessionError) {
      try handle.session.setPictureInput(declared, at: index)
    } catch {
      throw Failure(error)
    }
  }
}

@c @implementation
public func espalier_session_run_pictures(
  _ session: OpaquePointer!, _ pictures: UnsafePointer<espalier_picture>!, _ pictureCount: Int,
  _ outputs: UnsafePointer<UnsafeMutablePointer<Float>?>!, _ outputCount: Int,
  _ frame: UnsafePointer<espalier_frame>!, _ verdict: UnsafeMutablePointer<espalier_verdict>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_run_pictures", error) { handle throws(Failure) in
    guard pictures != nil || pictureCount == 0, outputs != nil || outputCount == 0, outputCount >= 0 else {
      throw Failure("espalier_session_run_pictures: the list of pictures or outputs is NULL")
    }
    guard pictureCount == handle.pictures.count else {
      throw Failure(.portCount(.input, expected: handle.pictures.count, found: pictureCount))
    }
    for index in 0..<pictureCount {
      let picture = try Picture(SizedStructure.picture(pictures + index))
      handle.pictures.initializeElement(at: index, to: picture)
    }
    let wanted = try SizedStructure.frame(frame)
    let found: FrameVerdict
    do throws(SessionError) {
      found = try handle.session.run(
        pictures: UnsafeBufferPointer(handle.pictures),
        outputs: UnsafeBufferPointer(start: outputs, count: outputCount), deadline: Deadline(wanted),
        frame: FrameStamp(wanted))
    } catch {
      throw Failure(error)
    }
    try SizedStructure.write(espalier_verdict(found), to: verdict, named: "the verdict")
  }
}

extension Picture {
  fileprivate init(_ picture: espalier_picture) throws(Failure) {
    guard let number = UInt8(exactly: picture.format.rawValue), let format = PixelFormat(rawValue: number)
    else {
      throw Failure("there is no pixel format \(picture.format.rawValue)")
    }
    guard let number = UInt8(exactly: picture.color.rawValue), let color = PixelColor(rawValue: number) else {
      throw Failure("there is no color \(picture.color.rawValue)")
    }
    self.init(
      format: format, color: color, width: Int(picture.width), height: Int(picture.height),
      planes: picture.planes, strides: picture.strides)
  }
}

extension PictureInput {
  fileprivate init(_ input: espalier_picture_input) throws(Failure) {
    guard let number = UInt8(exactly: input.channels.rawValue), let channels = Channels(rawValue: number)
    else {
      throw Failure("there are no channels \(input.channels.rawValue)")
    }
    guard let number = UInt8(exactly: input.fit.rawValue), let fit = Fit(rawValue: number) else {
      throw Failure("there is no fit \(input.fit.rawValue)")
    }
    self.init(
      channels: channels, fit: fit, mean: SIMD3(input.mean.0, input.mean.1, input.mean.2),
      scale: SIMD3(input.scale.0, input.scale.1, input.scale.2), fill: input.fill, cropShare: input.crop_share
    )
  }
}

extension espalier_picture_input {
  fileprivate init(_ declared: PictureInput) {
    self.init()
    channels = espalier_channels(UInt32(declared.channels.rawValue))
    fit = espalier_fit(UInt32(declared.fit.rawValue))
    mean = (declared.mean[0], declared.mean[1], declared.mean[2])
    scale = (declared.scale[0], declared.scale[1], declared.scale[2])
    fill = declared.fill
    crop_share = declared.cropShare
  }
}
