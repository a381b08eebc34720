import PlanFixtures

/// Makes one damaged packed file of a sound one, its checksums mended, the same for the same seed.
struct PackDamage {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// Numbers that break arithmetic: extremes, powers of two and their neighbors.
  private static let absurd: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 65, 255, 256, 4095, 4096, 65_535, 65_536, 1 << 24, 0x7FFF_FFFE,
    0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFC0, 0xFFFF_FFFF, 1 << 32, 1 << 40, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF,
    1 << 63, .max - 63, .max,
  ]

  mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
    switch below(16) {
    case 0: return cut(bytes)
    case 1: return splice(bytes)
    default: return damageFields(bytes)
    }
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(limit, 1), using: &random) }

  /// Shortened; half of the time the header says so.
  private mutating func cut(_ bytes: [UInt8]) -> [UInt8] {
    let cut = Array(bytes[..<below(bytes.count)])
    guard cut.count >= 64, below(2) == 0 else { return cut }
    var editor = PackEditor(cut)
    editor.write(UInt64(cut.count), at: 24, width: 8)
    editor.mendChecksums()
    return editor.bytes
  }

  /// A piece overwritten by another one.
  private mutating func splice(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    let count = below(min(256, bytes.count))
    let (source, target) = (below(bytes.count - count), below(bytes.count - count))
    for index in 0..<count { result[target + index] = bytes[source + index] }
    var editor = PackEditor(result)
    if below(4) > 0, editor.sectionCount <= 64 { editor.mendChecksums() }
    return editor.bytes
  }

  /// One to three fields of header, section table and sections; mostly of the plan.
  private mutating func damageFields(_ bytes: [UInt8]) -> [UInt8] {
    var editor = PackEditor(bytes)
    let names = [
      "PLAN", "PLAN", "PLAN", "PLAN", "WGHT", "WGHT", "CPLN", "CWGT", "CWGT", "PORT", "CERT", "PROV", "GOLD",
    ]
    let sections = names.compactMap { editor.section($0) }.filter { !$0.isEmpty }
    let ranges = sections + [0..<64 + editor.sectionCount * 32]
    for _ in 0...below(3) { damageField(&editor, in: ranges[below(ranges.count)]) }
    editor.mendChecksums()
    return editor.bytes
  }

  private mutating func damageField(_ editor: inout PackEditor, in range: Range<Int>) {
    let width = [1, 2, 4, 4, 4, 4, 8][below(7)]
    guard range.count >= width else { return }
    let offset = (range.lowerBound + below(range.count - width + 1)) / width * width
    guard offset >= range.lowerBound else { return }
    let old = editor.read(offset, width)
    let new =
      switch below(5) {
      case 0: old ^ 1 << UInt64(below(width * 8))
      case 1, 2: old &+ UInt64(bitPattern: Int64(below(129) - 64))
      default: Self.absurd[below(Self.absurd.count)]
      }
    editor.write(new, at: offset, width: width)
  }
}
