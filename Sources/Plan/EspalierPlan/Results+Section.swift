extension PlanWriter {
  /// The header, the outputs, the priors, how long each label is, then the labels.
  static func resultSection(_ results: Plan.Results) -> [UInt8] {
    var section = ByteWriter()
    section.write(results.form.rawValue)
    section.write(results.appliesSoftmax ? PackFormat.softmaxFlag : 0)
    section.writeZeros(2)
    section.write(UInt32(results.outputs.count))
    section.write(UInt32(results.priors.count / 8))
    section.write(UInt32(results.labels.count))
    section.write(UInt32(results.classOffset))
    section.write(results.scoreThreshold.bitPattern)
    section.write(results.overlapThreshold.bitPattern)
    section.write(UInt32(results.capacity))
    section.writeZeros(PackFormat.resultHeaderByteCount - section.bytes.count)
    for output in results.outputs { section.write(UInt32(output)) }
    for number in results.priors { section.write(number.bitPattern) }
    for label in results.labels { section.write(UInt32(label.utf8.count)) }
    for label in results.labels { section.write(label) }
    return section.bytes
  }
}

extension PlanReader {
  static func readResults(
    _ section: UnsafeRawBufferPointer, inputs: [Plan.Port], outputs: [Plan.Port], limits: PlanLimits
  ) throws(PlanError) -> Plan.Results {
    var reader = unsafe ByteReader(section, part: .section(.results))
    let number = try reader.read(UInt8.self)
    guard let form = Plan.Results.Form(rawValue: number) else {
      throw .invalid(.resultForm, index: 0, found: UInt64(number))
    }
    let flags = try reader.read(UInt8.self)
    guard flags & ~PackFormat.softmaxFlag == 0 else {
      throw .invalid(.resultFlags, index: 0, found: UInt64(flags))
    }
    try reader.skipReserved(2, index: 0)
    let outputCount = try reader.read(UInt32.self)
    try PlanError.require(.ports, UInt64(outputCount), atMost: limits.portCount)
    let priorCount = try reader.read(UInt32.self)
    try PlanError.require(.priors, UInt64(priorCount), atMost: limits.priorCount)
    let labelCount = try reader.read(UInt32.self)
    try PlanError.require(.labels, UInt64(labelCount), atMost: limits.labelCount)
    var results = Plan.Results(form, outputs: [])
    results.appliesSoftmax = flags & PackFormat.softmaxFlag != 0
    results.classOffset = Int(try reader.read(UInt32.self))
    results.scoreThreshold = Float(bitPattern: try reader.read(UInt32.self))
    results.overlapThreshold = Float(bitPattern: try reader.read(UInt32.self))
    results.capacity = Int(try reader.read(UInt32.self))
    try reader.skipReserved(PackFormat.resultHeaderByteCount - reader.offset, index: 0)
    try reader.requireRemaining(
      4 * UInt64(outputCount) + 32 * UInt64(priorCount) + 4 * UInt64(labelCount))
    for _ in 0..<outputCount { results.outputs.append(Int(try reader.read(UInt32.self))) }
    for _ in 0..<8 * priorCount { results.priors.append(Float(bitPattern: try reader.read(UInt32.self))) }
    var sizes: [Int] = []
    for _ in 0..<labelCount {
      let size = try reader.read(UInt32.self)
      try PlanError.require(.nameBytes, UInt64(size), atMost: limits.nameByteCount)
      sizes.append(Int(size))
    }
    for (index, size) in sizes.enumerated() {
      results.labels.append(try reader.readText(size, index: index))
    }
    try reader.requireExactly(0)
    try results.require(inputs: inputs, outputs: outputs, within: limits)
    return results
  }
}

extension Plan.Results {
  /// - Throws: `limitExceeded`, or `invalid` for numbers without meaning and for outputs of other shapes than the
  ///   form's.
  func require(inputs: [Plan.Port], outputs ports: [Plan.Port], within limits: PlanLimits) throws(PlanError) {
    try PlanError.require(.priors, UInt64(priors.count / 8), atMost: limits.priorCount)
    try PlanError.require(.labels, UInt64(labels.count), atMost: limits.labelCount)
    for threshold in [scoreThreshold, overlapThreshold] where !(threshold >= 0 && threshold <= 1) {
      throw .invalid(.resultThreshold, index: 0, found: UInt64(threshold.bitPattern))
    }
    guard capacity > 0 else { throw .invalid(.resultCapacity, index: 0, found: UInt64(clamping: capacity)) }
    try PlanError.require(.results, UInt64(capacity), atMost: limits.resultCount)
    guard classOffset >= 0, classOffset <= limits.labelCount else {
      throw .invalid(.classOffset, index: 0, found: UInt64(bitPattern: Int64(classOffset)))
    }
    guard form == .ssd || priors.isEmpty else {
      throw .invalid(.prior, index: 0, found: UInt64(priors.count / 8))
    }
    for (index, number) in priors.enumerated() where !number.isFinite {
      throw .invalid(.prior, index: index / 4, found: UInt64(number.bitPattern))
    }
    guard layout(inputs: inputs, outputs: ports) != nil else {
      throw .invalid(.resultOutputs, index: 0, found: UInt64(form.rawValue))
    }
  }
}
