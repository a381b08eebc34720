extension PlanReader {
  /// What a call record says; operands, parameters and name follow elsewhere.
  private struct CallRecord {
    let family: UInt16
    let needsBarrier: Bool
    let operandCount: Int
    let parameterWordCount: Int
    let nameByteCount: Int
  }

  static func readCalls(
    _ section: UnsafeRawBufferPointer, limits: PlanLimits
  ) throws(PlanError) -> [Plan.Call] {
    var reader = unsafe ByteReader(section, part: .section(.plan))
    let callCount = try reader.read(UInt32.self)
    try PlanError.require(.calls, UInt64(callCount), atMost: limits.callCount)
    let operandCount = UInt64(try reader.read(UInt32.self))
    let wordCount = UInt64(try reader.read(UInt32.self))
    let nameByteCount = UInt64(try reader.read(UInt32.self))
    try reader.skipReserved(PackFormat.planHeaderByteCount - reader.offset, index: 0)
    try reader.requireExactly(
      UInt64(callCount) * UInt64(PackFormat.callByteCount)
        + operandCount * UInt64(PackFormat.operandByteCount) + wordCount * 4 + nameByteCount)
    let records = try readRecords(&reader, count: Int(callCount), limits: limits)
    try requireSum(operandCount, of: records.map { $0.operandCount })
    try requireSum(wordCount, of: records.map { $0.parameterWordCount })
    try requireSum(nameByteCount, of: records.map { $0.nameByteCount })
    return try assemble(records, &reader)
  }

  private static func readRecords(
    _ reader: inout ByteReader, count: Int, limits: PlanLimits
  ) throws(PlanError) -> [CallRecord] {
    var records: [CallRecord] = []
    records.reserveCapacity(count)
    for index in 0..<count {
      let family = try reader.read(UInt16.self)
      let flags = try reader.read(UInt8.self)
      guard flags & ~PackFormat.barrierFlag == 0 else {
        throw .invalid(.callFlags, index: index, found: UInt64(flags))
      }
      let operandCount = try reader.read(UInt8.self)
      try PlanError.require(.operands, UInt64(operandCount), atMost: limits.operandCount)
      let words = try reader.read(UInt32.self)
      try PlanError.require(.parameterWords, UInt64(words), atMost: limits.parameterWordCount)
      let nameBytes = try reader.read(UInt32.self)
      try PlanError.require(.nameBytes, UInt64(nameBytes), atMost: limits.nameByteCount)
      try reader.skipReserved(4, index: index)
      records.append(
        CallRecord(
          family: family, needsBarrier: flags & PackFormat.barrierFlag != 0,
          operandCount: Int(operandCount), parameterWordCount: Int(words), nameByteCount: Int(nameBytes)))
    }
    return records
  }

  private static func requireSum(_ expected: UInt64, of counts: [Int]) throws(PlanError) {
    let found = counts.reduce(0) { $0 + UInt64($1) }
    guard found == expected else {
      throw .truncated(.section(.plan), expected: found, found: expected)
    }
  }

  private static func assemble(
    _ records: [CallRecord], _ reader: inout ByteReader
  ) throws(PlanError) -> [Plan.Call] {
    var calls: [Plan.Call] = []
    calls.reserveCapacity(records.count)
    for (index, record) in records.enumerated() {
      var operands: [Plan.Operand] = []
      operands.reserveCapacity(record.operandCount)
      for _ in 0..<record.operandCount { operands.append(try readOperand(&reader, call: index)) }
      calls.append(
        Plan.Call(
          family: record.family, needsBarrier: record.needsBarrier, operands: operands, parameters: [],
          name: ""))
    }
    for (index, record) in records.enumerated() {
      calls[index].parameters.reserveCapacity(record.parameterWordCount)
      for _ in 0..<record.parameterWordCount {
        calls[index].parameters.append(try reader.read(UInt32.self))
      }
    }
    for (index, record) in records.enumerated() {
      calls[index].name = try reader.readText(record.nameByteCount, index: index)
    }
    return calls
  }

  static func readOperand(
    _ reader: inout ByteReader, call: Int
  ) throws(PlanError) -> Plan.Operand {
    let code = try reader.read(UInt32.self)
    let index = try reader.read(UInt32.self)
    let offset = try reader.read(UInt64.self)
    guard let space = Plan.Space(rawValue: code) else {
      throw .invalid(.operandSpace, index: call, found: UInt64(code))
    }
    guard index == 0 || space == .input || space == .output else {
      throw .invalid(.operandIndex, index: call, found: UInt64(index))
    }
    return Plan.Operand(space, index: index, offset: offset)
  }
}
