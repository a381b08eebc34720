import Glibc

/// Memory that touches a page that nobody may access, so that reading or writing one byte beyond it ends the
/// test; on its other side lie canaries.
final class GuardedMemory {
  /// Where the forbidden page lies.
  enum Side { case behind, inFront }

  let address: UnsafeMutableRawPointer
  let byteCount: Int
  private let side: Side
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  private static let page = 4096
  private static let canary: UInt32 = 0x7FC0_DEAD  // a NaN: a kernel that reads it spoils its result

  init(bytes: [UInt8], page side: Side = .behind) {
    byteCount = bytes.count
    self.side = side
    let room = (bytes.count + 256 + Self.page - 1) / Self.page * Self.page
    mappedBytes = room + Self.page
    guard
      let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED,
      mprotect(side == .behind ? memory + room : memory, Self.page, PROT_NONE) == 0
    else { preconditionFailure("no memory for a test") }
    mapping = memory
    address = side == .behind ? memory + (room - bytes.count) : memory + Self.page
    for canary in canaries { canary.storeBytes(of: Self.canary, as: UInt32.self) }
    bytes.withUnsafeBytes {
      address.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(address), byteCount: $0.count)
    }
  }

  convenience init(_ values: [Float]) { self.init(bytes: values.withUnsafeBytes { Array($0) }) }

  convenience init(_ values: [Int32]) { self.init(bytes: values.withUnsafeBytes { Array($0) }) }

  deinit { munmap(mapping, mappedBytes) }

  private var canaries: [UnsafeMutableRawPointer] {
    (1...32).map { side == .behind ? address - 4 * $0 : address + byteCount + 4 * ($0 - 1) }
  }

  /// The memory as floats.
  var pointer: UnsafeMutablePointer<Float> { address.assumingMemoryBound(to: Float.self) }

  /// How many whole floats there are.
  var count: Int { byteCount / 4 }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: address, count: byteCount)) }

  /// Whether nothing was written beside the memory, on the side that may be accessed.
  var isIntact: Bool {
    canaries.allSatisfy { $0.loadUnaligned(as: UInt32.self) == Self.canary }
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

  mutating func bytes(_ count: Int, in range: ClosedRange<UInt8> = 0...255) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: range, using: &self) }
  }
}
