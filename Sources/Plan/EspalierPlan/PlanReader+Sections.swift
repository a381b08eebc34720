extension PlanReader {
  /// Inputs and outputs.
  static func readPorts(
    _ section: UnsafeRawBufferPointer, limits: PlanLimits
  ) throws(PlanError) -> ([Plan.Port], [Plan.Port]) {
    var reader = unsafe ByteReader(section, part: .section(.ports))
    let inputCount = UInt64(try reader.read(UInt32.self))
    let outputCount = UInt64(try reader.read(UInt32.self))
    try PlanError.require(.ports, inputCount + outputCount, atMost: limits.portCount)
    let nameByteCount = UInt64(try reader.read(UInt32.self))
    try reader.skipReserved(4, index: 0)
    let count = Int(inputCount + outputCount)
    try reader.requireExactly(UInt64(count * PackFormat.portByteCount) + nameByteCount)
    var ports: [Plan.Port] = []
    var nameByteCounts: [Int] = []
    for index in 0..<count {
      let (shape, nameBytes) = try readPort(&reader, index: index, limits: limits)
      ports.append(Plan.Port(name: "", shape: shape))
      nameByteCounts.append(nameBytes)
    }
    for index in 0..<count { ports[index].name = try reader.readText(nameByteCounts[index], index: index) }
    try reader.requireExactly(0)
    return (Array(ports[..<Int(inputCount)]), Array(ports[Int(inputCount)...]))
  }

  /// - Returns: The shape, and how many bytes the name has.
  private static func readPort(
    _ reader: inout ByteReader, index: Int, limits: PlanLimits
  ) throws(PlanError) -> ([Int], Int) {
    for field: PlanError.Field in [.elementType, .pixelFormat, .layout] {
      let value = try reader.read(UInt8.self)
      guard value == 0 else { throw .invalid(field, index: index, found: UInt64(value)) }
    }
    let rank = try reader.read(UInt8.self)
    guard rank <= PackFormat.portRankLimit else { throw .invalid(.rank, index: index, found: UInt64(rank)) }
    let nameBytes = try reader.read(UInt32.self)
    try PlanError.require(.nameBytes, UInt64(nameBytes), atMost: limits.nameByteCount)
    var port = Plan.Port(name: "", shape: [])
    for axis in 0..<PackFormat.portRankLimit {
      let extent = try reader.read(UInt32.self)
      if axis < Int(rank) {
        port.shape.append(Int(extent))
      } else if extent != 0 {
        throw .invalid(.extent, index: index, found: UInt64(extent))
      }
    }
    try port.require(index: index, within: limits)
    try reader.skipReserved(
      PackFormat.portByteCount - 8 - 4 * PackFormat.portRankLimit, index: index)
    return (port.shape, Int(nameBytes))
  }

  static func readCertificate(
    _ section: UnsafeRawBufferPointer, limits: PlanLimits
  ) throws(PlanError) -> ResourceCertificate {
    var reader = unsafe ByteReader(section, part: .section(.certificate))
    try reader.requireExactly(UInt64(PackFormat.certificateByteCount))
    var certificate = ResourceCertificate()
    certificate.arenaByteCount = try reader.read(UInt64.self)
    try PlanError.require(.arenaBytes, certificate.arenaByteCount, atMost: limits.arenaByteCount)
    certificate.scratchByteCount = try reader.read(UInt64.self)
    certificate.weightsByteCount = try reader.read(UInt64.self)
    certificate.multiplyAdds = try reader.read(UInt64.self)
    guard certificate.multiplyAdds <= limits.multiplyAdds else {
      throw .limitExceeded(
        .multiplyAdds, limit: limits.multiplyAdds, found: certificate.multiplyAdds)
    }
    certificate.checkpointMultiplyAdds = try reader.read(UInt64.self)
    certificate.checkpointByteCount = try reader.read(UInt64.self)
    try reader.skipReserved(reader.remaining, index: 0)
    return certificate
  }

  static func readProvenance(
    _ section: UnsafeRawBufferPointer, limits: PlanLimits
  ) throws(PlanError) -> [Plan.Provenance] {
    var reader = unsafe ByteReader(section, part: .section(.provenance))
    let count = try reader.read(UInt32.self)
    try PlanError.require(.provenanceEntries, UInt64(count), atMost: limits.provenanceEntryCount)
    try reader.skipReserved(PackFormat.provenanceHeaderByteCount - reader.offset, index: 0)
    try reader.requireRemaining(UInt64(count) * UInt64(PackFormat.provenanceEntryByteCount))
    var sizes: [(key: Int, value: Int)] = []
    for _ in 0..<count {
      let (key, value) = (try reader.read(UInt32.self), try reader.read(UInt32.self))
      try PlanError.require(.nameBytes, UInt64(key), atMost: limits.nameByteCount)
      try PlanError.require(.provenanceBytes, UInt64(value), atMost: limits.provenanceValueByteCount)
      sizes.append((Int(key), Int(value)))
    }
    var entries: [Plan.Provenance] = []
    for (index, size) in sizes.enumerated() {
      let key = try reader.readText(size.key, index: index)
      entries.append(Plan.Provenance(key: key, value: try reader.readText(size.value, index: index)))
    }
    try reader.requireExactly(0)
    return entries
  }
}
