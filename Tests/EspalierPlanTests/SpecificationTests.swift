import CEspalierKernels
import EspalierPlan
import Foundation
import PlanFixtures
import Testing

/// Reads a pack by the tables of `PackedFile.md` alone.
@Suite("The specification of the packed file") struct SpecificationTests {
  private let specification: Specification
  private let network = ResidualNetwork(rows: 3, channels: 20)
  private let bytes: [UInt8]

  init() throws {
    specification = try Specification()
    bytes = try PlanWriter.bytes(of: network.plan)
  }

  @Test(arguments: [
    ("Header", 64), ("Section entry", 32), ("PLAN header", 32), ("Call record", 16),
    ("Operand record", 16), ("PORT header", 16), ("Port record", 96), ("Certificate", 64),
    ("PROV header", 16), ("Provenance entry", 8), ("GOLD header", 32), ("Golden input", 16),
    ("Golden vector", 16), ("Golden output", 32),
    ("Signature", 128), ("Coded header", 32), ("Stream record", 16), ("Piece record", 12),
    ("LEVL header", 16),
    ("Level record", 32), ("PICT header", 16), ("Picture record", 64), ("WTCH header", 32),
    ("Watch record", 128), ("RSLT header", 64),
  ])
  func `leaves no byte of a record open`(name: String, byteCount: Int) throws {
    let fields = try specification.record(name).fields
    var end = 0
    for field in fields {
      #expect(field.offset == end, "\(name): \(field.name)")
      end = field.offset + field.width * field.count
    }
    #expect(end == byteCount)
  }

  @Test func `describes the header and finds every section`() throws {
    let header = try Reading(specification.record("Header"), bytes, at: 0)
    #expect(try header["magic"] == 0x0A1A_0A0D_5053_4589)
    #expect(try header["major version"] == 1)
    #expect(try header["packing class"] == 1)
    #expect(try header["bytes of the file"] == UInt64(bytes.count))
    #expect(try header["section alignment"] == 64)
    var unsigned = Array(bytes[..<Int(try header["bytes of header"])])
    unsigned.replaceSubrange(32..<36, with: [0, 0, 0, 0])
    #expect(try header["checksum"] == UInt64(espalier_crc32c(unsigned, unsigned.count)))
    let rows = try specification.table("Section entry", second: true)
    for (index, row) in rows.prefix(5).enumerated() {
      let entry = try section(index)
      let content = Array(bytes[Int(try entry["offset"])...].prefix(Int(try entry["bytes of"])))
      #expect(try entry["identifier"] == row[0].utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) })
      #expect(try entry["flags"] == (row[2] == "yes" ? 1 : 0))
      #expect(try entry["checksum"] == UInt64(espalier_crc32c(content, content.count)))
    }
  }

  @Test func `leads to every call`() throws {
    let plan = network.plan
    var position = Int(try section(0)["offset"])
    let header = try next("PLAN header", &position)
    #expect(try header["call count"] == UInt64(plan.calls.count))
    let records = try plan.calls.map { _ in try next("Call record", &position) }
    for (call, record) in zip(plan.calls, records) {
      #expect(try record["kernel family"] == UInt64(call.family))
      #expect(try record["flags"] == (call.needsBarrier ? 1 : 0))
      #expect(try record["operand count"] == UInt64(call.operands.count))
    }
    for operand in plan.calls.flatMap(\.operands) {
      let record = try next("Operand record", &position)
      #expect(try record["space"] == UInt64(operand.space.rawValue))
      #expect(try record["index"] == UInt64(operand.index))
      #expect(try record["offset"] == operand.offset)
    }
    for word in plan.calls.flatMap(\.parameters) {
      #expect(Reading.number(bytes, position, 4) == UInt64(word))
      position += 4
    }
    for (call, record) in zip(plan.calls, records) {
      #expect(text(Int(try record["name bytes"]), &position) == call.name)
    }
  }

  @Test func `leads to inputs, outputs, certificate and provenance`() throws {
    let plan = network.plan
    var position = Int(try section(1)["offset"])
    #expect(try next("PORT header", &position)["input count"] == 1)
    let records = try [plan.inputs[0], plan.outputs[0]].map { port in
      let record = try next("Port record", &position)
      #expect(try record["rank"] == 2)
      let end = position - 96 + 8
      #expect(Reading.number(bytes, end, 4) == 3 && Reading.number(bytes, end + 4, 4) == 20)
      return (port.name, record)
    }
    for (name, record) in records { #expect(text(Int(try record["name bytes"]), &position) == name) }
    let certificate = try Reading(
      specification.record("Certificate"), bytes, at: Int(try section(2)["offset"]))
    #expect(try certificate["arena bytes"] == UInt64(plan.arenaByteCount))
    #expect(try certificate["weights bytes"] == UInt64(plan.weights.count))
    #expect(try certificate["useful multiply-adds"] == 3 * 20 * 20)
    position = Int(try section(3)["offset"])
    #expect(try next("PROV header", &position)["entry count"] == 2)
    let entries = try plan.provenance.map { _ in try next("Provenance entry", &position) }
    for (expected, entry) in zip(plan.provenance, entries) {
      #expect(text(Int(try entry["key bytes"]), &position) == expected.key)
      #expect(text(Int(try entry["value bytes"]), &position) == expected.value)
    }
  }

  @Test func `lists the kernel families`() throws {
    var expected: [[String]] = []
    while let family = espalier_family_at(UInt32(expected.count))?.pointee {
      expected.append([
        "\(family.number)", String(cString: family.name), "\(family.operand_count)",
        hexadecimal(family.written_mask), hexadecimal(family.byte_mask), "\(family.parameter_bytes / 4)",
      ])
    }
    #expect(try specification.table("Kernel families") == expected)
  }

  private func hexadecimal(_ mask: UInt8) -> String {
    let digits = String(mask, radix: 16, uppercase: true)
    return "0x\(digits.count < 2 ? "0" : "")\(digits)"
  }

  @Test func `gives the reader's limits`() throws {
    let limits = PlanLimits()
    let expected: [UInt64] =
      [
        limits.sectionCount, limits.callCount, limits.operandCount, limits.parameterWordCount,
        limits.nameByteCount, limits.portCount, limits.portByteCount, limits.levelCount, limits.watchCount,
        limits.priorCount, limits.labelCount, limits.resultCount, limits.goldenElementCount,
        limits.provenanceEntryCount,
        limits.provenanceValueByteCount, limits.arenaByteCount,
        limits.scratchByteCount,
      ].map { UInt64($0) } + [limits.multiplyAdds]
    #expect(try specification.table("Limits").map { UInt64($0[1]) } == expected)
  }

  private func section(_ index: Int) throws -> Reading {
    try Reading(specification.record("Section entry"), bytes, at: 64 + 32 * index)
  }

  private func next(_ name: String, _ position: inout Int) throws -> Reading {
    let record = try specification.record(name)
    defer { position += record.byteCount }
    return Reading(record, bytes, at: position)
  }

  private func text(_ count: Int, _ position: inout Int) -> String {
    defer { position += count }
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }
}
