extension PlanWriter {
  /// The header, call records, operand records, parameter words and names.
  static func planParts(_ calls: [Plan.Call]) -> [[UInt8]] {
    var section = ByteWriter()
    section.write(UInt32(calls.count))
    section.write(UInt32(calls.reduce(0) { $0 + $1.operands.count }))
    section.write(UInt32(calls.reduce(0) { $0 + $1.parameters.count }))
    section.write(UInt32(calls.reduce(0) { $0 + $1.name.utf8.count }))
    section.writeZeros(PackFormat.planHeaderByteCount - section.bytes.count)
    var (records, operands, words, names) = (ByteWriter(), ByteWriter(), ByteWriter(), ByteWriter())
    for call in calls {
      records.write(call.family)
      records.write(call.needsBarrier ? PackFormat.barrierFlag : 0)
      records.write(UInt8(call.operands.count))
      records.write(UInt32(call.parameters.count))
      records.write(UInt32(call.name.utf8.count))
      records.write(UInt32(0))
    }
    for call in calls {
      for operand in call.operands {
        operands.write(operand.space.rawValue)
        operands.write(operand.index)
        operands.write(operand.offset)
      }
    }
    for call in calls {
      for word in call.parameters { words.write(word) }
    }
    for call in calls { names.write(call.name) }
    return [section.bytes, records.bytes, operands.bytes, words.bytes, names.bytes]
  }

  /// Inputs, then outputs, then their names.
  static func portSection(inputs: [Plan.Port], outputs: [Plan.Port]) -> [UInt8] {
    var section = ByteWriter()
    let ports = inputs + outputs
    section.write(UInt32(inputs.count))
    section.write(UInt32(outputs.count))
    section.write(UInt32(ports.reduce(0) { $0 + $1.name.utf8.count }))
    section.write(UInt32(0))
    for port in ports {
      section.write(UInt8(0))  // float32
      section.write(UInt8(0))  // no pixel format
      section.write(UInt8(0))  // row by row
      section.write(UInt8(port.shape.count))
      section.write(UInt32(port.name.utf8.count))
      for axis in 0..<PackFormat.portRankLimit {
        section.write(UInt32(axis < port.shape.count ? port.shape[axis] : 0))
      }
      section.writeZeros(PackFormat.portByteCount - 8 - 4 * PackFormat.portRankLimit)
    }
    for port in ports { section.write(port.name) }
    return section.bytes
  }

  static func certificateSection(_ certificate: ResourceCertificate) -> [UInt8] {
    var section = ByteWriter()
    section.write(certificate.arenaByteCount)
    section.write(certificate.scratchByteCount)
    section.write(certificate.weightsByteCount)
    section.write(certificate.multiplyAdds)
    section.write(certificate.checkpointMultiplyAdds)
    section.write(certificate.checkpointByteCount)
    section.writeZeros(PackFormat.certificateByteCount - section.bytes.count)
    return section.bytes
  }

  static func provenanceSection(_ provenance: [Plan.Provenance]) -> [UInt8] {
    var section = ByteWriter()
    section.write(UInt32(provenance.count))
    section.writeZeros(PackFormat.provenanceHeaderByteCount - section.bytes.count)
    for entry in provenance {
      section.write(UInt32(entry.key.utf8.count))
      section.write(UInt32(entry.value.utf8.count))
    }
    for entry in provenance {
      section.write(entry.key)
      section.write(entry.value)
    }
    return section.bytes
  }
}
