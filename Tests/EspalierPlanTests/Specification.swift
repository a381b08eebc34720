import Foundation
import Testing

/// The tables of `PackedFile.md`, by the heading above them.
struct Specification {
  /// One table row that describes a field.
  struct Field {
    let offset: Int
    /// Bytes of one element.
    let width: Int
    let count: Int
    let name: String
  }

  struct Record {
    let fields: [Field]

    var byteCount: Int { fields.last.map { $0.offset + $0.width * $0.count } ?? 0 }
  }

  private var tables: [String: [[[String]]]] = [:]

  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = root.appendingPathComponent("Sources/Plan/EspalierPlan/EspalierPlan.docc/PackedFile.md")
    var heading = ""
    var previous = ""
    for line in try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n") {
      defer { previous = line }
      if line.hasPrefix("#") { heading = line.drop { $0 == "#" || $0 == " " }.description }
      guard line.hasPrefix("|") else { continue }
      var found = tables[heading, default: []]
      if !previous.hasPrefix("|") { found.append([]) }
      let cells = line.split(separator: "|").map { cell in
        cell.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
      }
      found[found.count - 1].append(cells)
      tables[heading] = found
    }
  }

  /// The rows of the first table under a heading, or of the second; without the head.
  func table(_ heading: String, second: Bool = false) throws -> [[String]] {
    let found = try #require(tables[heading], "no table under '\(heading)'")
    return try Array(#require(found.dropFirst(second ? 1 : 0).first).dropFirst(2))
  }

  /// A table of offsets, types and fields.
  func record(_ heading: String) throws -> Record {
    let widths = ["u8": 1, "u16": 2, "u32": 4, "u64": 8, "f32": 4]
    return Record(
      fields: try table(heading).map { row in
        let type = row[1].components(separatedBy: " × ")
        return Field(
          offset: try #require(Int(row[0])), width: try #require(widths[type[0]]),
          count: type.count > 1 ? try #require(Int(type[1])) : 1, name: row[2])
      })
  }
}

/// The fields of one record in a file.
struct Reading {
  private let record: Specification.Record
  private let bytes: [UInt8]
  private let start: Int

  init(_ record: Specification.Record, _ bytes: [UInt8], at start: Int) {
    self.record = record
    self.bytes = bytes
    self.start = start
  }

  /// The field whose description begins so, as a number of up to 8 bytes.
  subscript(prefix: String) -> UInt64 {
    get throws {
      let field = try #require(record.fields.first { $0.name.hasPrefix(prefix) }, "no field '\(prefix)'")
      return Reading.number(bytes, start + field.offset, min(8, field.width * field.count))
    }
  }

  static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }
}
