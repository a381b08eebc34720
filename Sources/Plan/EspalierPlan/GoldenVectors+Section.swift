extension PlanWriter {
  /// The header, a record for each input, for each vector and for each output of each vector, then the kept elements.
  static func goldenSection(_ golden: Plan.GoldenVectors) -> [UInt8] {
    var section = ByteWriter()
    let outputs = golden.vectors.flatMap { $0.outputs }
    section.write(UInt32(golden.vectors.count))
    section.write(UInt32(golden.inputs.count))
    section.write(UInt32(outputs.count))
    section.write(UInt32(outputs.reduce(0) { $0 + $1.kept.count }))
    section.write(golden.weightsChecksum)
    section.writeZeros(PackFormat.goldenHeaderByteCount - section.bytes.count)
    for input in golden.inputs {
      section.write(input.least.bitPattern)
      section.write(input.largest.bitPattern)
      section.writeZeros(PackFormat.goldenInputByteCount - 8)
    }
    for vector in golden.vectors {
      section.write(vector.seed)
      section.writeZeros(PackFormat.goldenVectorByteCount - 8)
    }
    for output in outputs {
      section.write(output.digest)
      section.write(output.isPortable ? PackFormat.portableFlag : 0)
      section.write(output.tolerance.bitPattern)
      section.write(output.magnitude.bitPattern)
      section.write(UInt32(output.kept.count))
      section.writeZeros(PackFormat.goldenOutputByteCount - 20)
    }
    for output in outputs {
      for element in output.kept { section.write(element) }
    }
    return section.bytes
  }
}

extension PlanReader {
  static func readGoldenVectors(
    _ section: UnsafeRawBufferPointer, inputs: [Plan.Port], outputs: [Plan.Port], levelCount: Int,
    limits: PlanLimits
  ) throws(PlanError) -> Plan.GoldenVectors {
    var reader = unsafe ByteReader(section, part: .section(.goldenVectors))
    let counts = [
      try reader.read(UInt32.self), try reader.read(UInt32.self), try reader.read(UInt32.self),
    ]
    for (index, expected) in [levelCount, inputs.count, levelCount * outputs.count].enumerated()
    where UInt64(counts[index]) != UInt64(expected) {
      throw .invalid(.goldenCounts, index: index, found: UInt64(counts[index]))
    }
    let keptCount = UInt64(try reader.read(UInt32.self))
    let checksum = try reader.read(UInt32.self)
    try reader.skipReserved(PackFormat.goldenHeaderByteCount - reader.offset, index: 0)
    let records =
      levelCount * PackFormat.goldenVectorByteCount + inputs.count * PackFormat.goldenInputByteCount
      + levelCount * outputs.count * PackFormat.goldenOutputByteCount
    try reader.requireExactly(UInt64(records) + 4 * keptCount)
    var golden = Plan.GoldenVectors(inputs: [], vectors: [], weightsChecksum: checksum)
    for index in inputs.indices {
      let least = Float(bitPattern: try reader.read(UInt32.self))
      let largest = Float(bitPattern: try reader.read(UInt32.self))
      golden.inputs.append(Plan.GoldenVectors.Input(least: least, largest: largest))
      try reader.skipReserved(PackFormat.goldenInputByteCount - 8, index: index)
    }
    for index in 0..<levelCount {
      golden.vectors.append(Plan.GoldenVectors.Vector(seed: try reader.read(UInt64.self), outputs: []))
      try reader.skipReserved(PackFormat.goldenVectorByteCount - 8, index: index)
    }
    try readOutputs(&reader, of: outputs, into: &golden, limits: limits)
    try reader.requireExactly(0)
    try golden.require(inputs: inputs, outputs: outputs, levelCount: levelCount, within: limits)
    return golden
  }

  /// All output records, then what was kept of each.
  private static func readOutputs(
    _ reader: inout ByteReader, of ports: [Plan.Port], into golden: inout Plan.GoldenVectors,
    limits: PlanLimits
  ) throws(PlanError) {
    var counts: [Int] = []
    for vector in golden.vectors.indices {
      for index in ports.indices {
        let (output, count) = try readOutput(&reader, index: index)
        try PlanError.require(.goldenElements, UInt64(count), atMost: limits.goldenElementCount)
        golden.vectors[vector].outputs.append(output)
        counts.append(count)
      }
    }
    for vector in golden.vectors.indices {
      for index in ports.indices {
        for _ in 0..<counts[vector * ports.count + index] {
          golden.vectors[vector].outputs[index].kept.append(try reader.read(UInt32.self))
        }
      }
    }
  }

  /// - Returns: The output without its kept elements, and how many there are.
  private static func readOutput(
    _ reader: inout ByteReader, index: Int
  ) throws(PlanError) -> (Plan.GoldenVectors.Output, Int) {
    let digest = try reader.read(UInt32.self)
    let flags = try reader.read(UInt32.self)
    guard flags & ~PackFormat.portableFlag == 0 else {
      throw .invalid(.goldenFlags, index: index, found: UInt64(flags))
    }
    let tolerance = Float(bitPattern: try reader.read(UInt32.self))
    let magnitude = Float(bitPattern: try reader.read(UInt32.self))
    let count = Int(try reader.read(UInt32.self))
    try reader.skipReserved(PackFormat.goldenOutputByteCount - 20, index: index)
    let output = Plan.GoldenVectors.Output(
      digest: digest, isPortable: flags != 0, tolerance: tolerance, magnitude: magnitude, kept: [])
    return (output, count)
  }

  /// Verifies every checksum of a file anew: whether its bytes are still those that were written.
  ///
  /// - Throws: The first that is wrong.
  package static func requireChecksums(
    _ file: UnsafeRawBufferPointer, limits: PlanLimits = PlanLimits()
  ) throws(PlanError) {
    _ = try unsafe SectionTable(file, limits: limits)
  }
}
