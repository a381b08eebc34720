extension PlanWriter {
  /// The header, a record for each watched tensor, their parameter words, then their names.
  static func watchSection(_ watches: [Plan.Watch]) -> [UInt8] {
    var section = ByteWriter()
    section.write(UInt32(watches.count))
    section.write(UInt32(watches.reduce(0) { $0 + $1.statistics.parameters.count }))
    section.write(UInt32(watches.reduce(0) { $0 + $1.statistics.name.utf8.count }))
    section.writeZeros(PackFormat.watchHeaderByteCount - section.bytes.count)
    for watch in watches { write(watch, to: &section) }
    for watch in watches {
      for word in watch.statistics.parameters { section.write(word) }
    }
    for watch in watches { section.write(watch.statistics.name) }
    return section.bytes
  }

  private static func write(_ watch: Plan.Watch, to section: inout ByteWriter) {
    let start = section.bytes.count
    section.write(UInt32(watch.call))
    section.write(watch.statistics.family)
    section.write(watch.digest == nil ? 0 : PackFormat.digestFlag)
    section.write(watch.zeroPoint)
    section.write(UInt32(watch.statistics.parameters.count))
    section.write(UInt32(watch.statistics.name.utf8.count))
    for operand in watch.statistics.operands {
      section.write(operand.space.rawValue)
      section.write(operand.index)
      section.write(operand.offset)
    }
    section.write(watch.scale.bitPattern)
    if let digest = watch.digest {
      section.write(UInt32(digest.frameCount))
      for number in digest.numbers { section.write(number.bitPattern) }
    }
    section.writeZeros(PackFormat.watchByteCount - (section.bytes.count - start))
  }
}

extension TensorDigest {
  /// In the order of the file.
  fileprivate var numbers: [Float] {
    [
      mean, standardDeviation, least, largest, frameMeans.lowerBound, frameMeans.upperBound,
      frameDeviations.lowerBound, frameDeviations.upperBound, saturatedShare,
    ]
  }
}

extension PlanReader {
  /// What a record says; parameters and name follow elsewhere.
  private struct WatchRecord {
    var watch: Plan.Watch
    let parameterWordCount: Int
    let nameByteCount: Int
  }

  /// - Parameters:
  ///   - calls: Those of the plan.
  ///   - resources: What they need, in the same order.
  static func readWatches(
    _ section: UnsafeRawBufferPointer, calls: [CallResources], limits: PlanLimits
  ) throws(PlanError) -> [Plan.Watch] {
    var reader = unsafe ByteReader(section, part: .section(.watches))
    let count = try reader.read(UInt32.self)
    try PlanError.require(.watches, UInt64(count), atMost: limits.watchCount)
    let wordCount = UInt64(try reader.read(UInt32.self))
    let nameByteCount = UInt64(try reader.read(UInt32.self))
    try reader.skipReserved(PackFormat.watchHeaderByteCount - reader.offset, index: 0)
    try reader.requireExactly(
      UInt64(count) * UInt64(PackFormat.watchByteCount) + wordCount * 4 + nameByteCount)
    var records: [WatchRecord] = []
    for index in 0..<Int(count) { records.append(try readWatch(&reader, index: index, limits: limits)) }
    var watches: [Plan.Watch] = []
    for record in records {
      var watch = record.watch
      for _ in 0..<record.parameterWordCount {
        watch.statistics.parameters.append(try reader.read(UInt32.self))
      }
      watches.append(watch)
    }
    for (index, record) in records.enumerated() {
      watches[index].statistics.name = try reader.readText(record.nameByteCount, index: index)
    }
    try reader.requireExactly(0)
    let arenaEnd = calls.reduce(0) { max($0, $1.arenaEnd) }
    try watches.require(callCount: calls.count, arenaEnd: arenaEnd, within: limits)
    return watches
  }

  private static func readWatch(
    _ reader: inout ByteReader, index: Int, limits: PlanLimits
  ) throws(PlanError) -> WatchRecord {
    let start = reader.offset
    let call = Int(try reader.read(UInt32.self))
    let family = try reader.read(UInt16.self)
    let flags = try reader.read(UInt8.self)
    guard flags & ~PackFormat.digestFlag == 0 else {
      throw .invalid(.watchFlags, index: index, found: UInt64(flags))
    }
    let zeroPoint = try reader.read(UInt8.self)
    let words = try reader.read(UInt32.self)
    try PlanError.require(.parameterWords, UInt64(words), atMost: limits.parameterWordCount)
    let nameBytes = try reader.read(UInt32.self)
    try PlanError.require(.nameBytes, UInt64(nameBytes), atMost: limits.nameByteCount)
    let operands = [try readOperand(&reader, call: index), try readOperand(&reader, call: index)]
    let scale = Float(bitPattern: try reader.read(UInt32.self))
    var digest: TensorDigest?
    if flags & PackFormat.digestFlag != 0 { digest = try readDigest(&reader, index: index) }
    try reader.skipReserved(PackFormat.watchByteCount - (reader.offset - start), index: index)
    let statistics = Plan.Call(family: family, operands: operands, parameters: [], name: "")
    return WatchRecord(
      watch: Plan.Watch(
        call: call, statistics: statistics, scale: scale, zeroPoint: zeroPoint, digest: digest),
      parameterWordCount: Int(words), nameByteCount: Int(nameBytes))
  }

  private static func readDigest(
    _ reader: inout ByteReader, index: Int
  ) throws(PlanError) -> TensorDigest {
    let frameCount = Int(try reader.read(UInt32.self))
    var numbers: [Float] = []
    for _ in 0..<9 { numbers.append(Float(bitPattern: try reader.read(UInt32.self))) }
    // A range of NaNs or of ends in the wrong order would be the end of the program.
    guard numbers[4] <= numbers[5], numbers[6] <= numbers[7] else {
      throw .invalid(.watchDigest, index: index, found: 0)
    }
    return TensorDigest(
      mean: numbers[0], standardDeviation: numbers[1], least: numbers[2], largest: numbers[3],
      frameMeans: numbers[4]...numbers[5], frameDeviations: numbers[6]...numbers[7],
      saturatedShare: numbers[8], frameCount: frameCount)
  }
}
