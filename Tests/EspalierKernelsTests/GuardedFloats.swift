import Glibc

/// Memory whose end touches a page that nobody may access, so that reading or writing one float beyond it
/// ends the test; in front of it lie canaries.
final class GuardedFloats {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  private static let page = 4096
  private static let canary: UInt32 = 0x7FC0_DEAD  // a NaN: a kernel that reads it spoils its result

  init(_ values: [Float]) {
    count = values.count
    let pages = (values.count * 4 + 256 + Self.page - 1) / Self.page
    mappedBytes = (pages + 1) * Self.page
    guard
      let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED,
      mprotect(memory + pages * Self.page, Self.page, PROT_NONE) == 0
    else { preconditionFailure("no memory for a test") }
    mapping = memory
    pointer = (memory + (pages * Self.page - values.count * 4)).assumingMemoryBound(to: Float.self)
    for i in 1...32 { UnsafeMutableRawPointer(pointer - i).storeBytes(of: Self.canary, as: UInt32.self) }
    pointer.update(from: values, count: values.count)
  }

  convenience init(_ values: [Int32]) {
    self.init(values.map { Float(bitPattern: UInt32(bitPattern: $0)) })
  }

  deinit { munmap(mapping, mappedBytes) }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Whether nothing was written in front of the memory.
  var isIntact: Bool {
    (1...32).allSatisfy { (pointer - $0).pointee.bitPattern == Self.canary }
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}
