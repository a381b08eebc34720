extension PlanWriter {
  /// The header, then a record for each input that takes pictures.
  static func pictureSection(_ pictures: [PictureInput?]) -> [UInt8] {
    var section = ByteWriter()
    section.write(UInt32(pictures.reduce(0) { $0 + ($1 == nil ? 0 : 1) }))
    section.writeZeros(PackFormat.pictureHeaderByteCount - section.bytes.count)
    for (index, picture) in pictures.enumerated() {
      guard let picture else { continue }
      let start = section.bytes.count
      section.write(UInt32(index))
      section.write(picture.channels.rawValue)
      section.write(picture.fit.rawValue)
      section.writeZeros(2)
      for channel in 0..<3 { section.write(picture.mean[channel].bitPattern) }
      for channel in 0..<3 { section.write(picture.scale[channel].bitPattern) }
      section.write(picture.fill.bitPattern)
      section.write(picture.cropShare.bitPattern)
      section.writeZeros(PackFormat.pictureByteCount - (section.bytes.count - start))
    }
    return section.bytes
  }
}

extension PlanReader {
  /// - Returns: For each input how it takes pictures; nil where it does not.
  static func readPictures(
    _ section: UnsafeRawBufferPointer, inputs: [Plan.Port], limits: PlanLimits
  ) throws(PlanError) -> [PictureInput?] {
    var reader = unsafe ByteReader(section, part: .section(.pictures))
    let count = try reader.read(UInt32.self)
    try PlanError.require(.ports, UInt64(count), atMost: limits.portCount)
    try reader.skipReserved(PackFormat.pictureHeaderByteCount - reader.offset, index: 0)
    try reader.requireExactly(UInt64(count) * UInt64(PackFormat.pictureByteCount))
    var pictures: [PictureInput?] = inputs.map { _ in nil }
    var next = 0
    for index in 0..<Int(count) {
      let input = Int(try reader.read(UInt32.self))
      guard input >= next, input < inputs.count else {
        throw .invalid(.pictureInput, index: index, found: UInt64(input))
      }
      next = input + 1
      pictures[input] = try readPicture(&reader, index: index)
    }
    try pictures.require(for: inputs)
    return pictures
  }

  private static func readPicture(
    _ reader: inout ByteReader, index: Int
  ) throws(PlanError) -> PictureInput {
    let start = reader.remaining
    let (channels, fit) = (try reader.read(UInt8.self), try reader.read(UInt8.self))
    var picture = PictureInput()
    guard let known = PictureInput.Channels(rawValue: channels) else {
      throw .invalid(.pictureChannels, index: index, found: UInt64(channels))
    }
    guard let knownFit = PictureInput.Fit(rawValue: fit) else {
      throw .invalid(.pictureFit, index: index, found: UInt64(fit))
    }
    (picture.channels, picture.fit) = (known, knownFit)
    try reader.skipReserved(2, index: index)
    for channel in 0..<3 { picture.mean[channel] = Float(bitPattern: try reader.read(UInt32.self)) }
    for channel in 0..<3 { picture.scale[channel] = Float(bitPattern: try reader.read(UInt32.self)) }
    picture.fill = Float(bitPattern: try reader.read(UInt32.self))
    picture.cropShare = Float(bitPattern: try reader.read(UInt32.self))
    try reader.skipReserved(PackFormat.pictureByteCount - 4 - (start - reader.remaining), index: index)
    return picture
  }
}

extension [PictureInput?] {
  /// - Throws: `invalid` for the first input that is no picture, has other channels or numbers without meaning.
  func require(for inputs: [Plan.Port]) throws(PlanError) {
    guard isEmpty || count == inputs.count else {
      throw .invalid(.pictureInput, index: 0, found: UInt64(count))
    }
    for (index, picture) in enumerated() {
      guard let picture else { continue }
      guard let shape = PictureShape(inputs[index].shape) else {
        throw .invalid(.pictureInput, index: index, found: UInt64(index))
      }
      guard shape.channels == picture.channels.count else {
        throw .invalid(.pictureChannels, index: index, found: UInt64(picture.channels.rawValue))
      }
      guard picture.fault == nil else { throw .invalid(.pictureNumbers, index: index, found: UInt64(index)) }
    }
  }
}
