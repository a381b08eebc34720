import CEspalierKernels
import EspalierKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A kernel call on operands that end at a page which may not be touched and begin behind canaries.
///
/// A read or write behind an operand ends the test process; a write in front of one is reported.
struct GuardedCall {
  enum Operand {
    case absent
    /// Values that lie in memory; what they are after the run comes back.
    case floats([Float])
    /// A table in the pack's weights, which the checker may read.
    case table([Int32])

    var byteCount: Int {
      switch self {
      case .absent: 0
      case .floats(let values): values.count * 4
      case .table(let entries): entries.count * 4
      }
    }
  }

  enum Failure: Error {
    case noSuchFamily(UInt16)
    case refused(UInt16)
    case canaryOverwritten(operand: Int)
    case dependsOnSplit(operand: Int)
  }

  var family: UInt16
  /// The parameter block word by word.
  var parameters: [UInt32]
  var operands: [Operand]

  init<P: KernelParameters>(_ parameters: P, _ operands: [Operand]) {
    self.family = P.family
    self.parameters = parameters.words
    self.operands = operands
  }

  /// What the checker finds out, or nil where it refuses the call.
  func check() throws -> espalier_call_facts? {
    try withMemory { memory, block in facts(memory, block) }
  }

  /// Runs all items at once, then one by one from the last to the first.
  ///
  /// - Returns: The operands' floats after the run; empty for tables and absent operands.
  /// - Throws: ``Failure`` where the checker refuses, a canary changes or the two runs differ.
  func run(_ isa: espalier_isa) throws -> [[Float]] {
    let atOnce = try results(isa) { kernel, call, items, scratch in kernel(call, 0, items, scratch) }
    let oneByOne = try results(isa) { kernel, call, items, scratch in
      for item in (0..<items).reversed() { kernel(call, item, item + 1, scratch) }
    }
    for (i, pair) in zip(atOnce, oneByOne).enumerated()
    where pair.0.map(\.bitPattern) != pair.1.map(\.bitPattern) {
      throw Failure.dependsOnSplit(operand: i)
    }
    return atOnce
  }

  private typealias Runner = (espalier_kernel, UnsafePointer<espalier_call>, UInt32, UnsafeMutableRawPointer)
    -> Void

  private func results(_ isa: espalier_isa, _ runner: Runner) throws -> [[Float]] {
    try withMemory { memory, block in
      guard let facts = facts(memory, block) else { throw Failure.refused(family) }
      guard let kernel = espalier_kernel_exactly(family, isa) else { throw Failure.noSuchFamily(family) }
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: max(Int(facts.scratch_bytes), 1), alignment: 64)
      defer { scratch.deallocate() }
      scratch.initializeMemory(as: UInt8.self, repeating: 0xFF, count: Int(facts.scratch_bytes))
      var call = espalier_call()
      call.parameters = block
      withUnsafeMutableBytes(of: &call.operands) { raw in
        for (i, pointer) in raw.bindMemory(to: UnsafeMutableRawPointer?.self).indices.enumerated()
        where i < memory.count {
          raw.bindMemory(to: UnsafeMutableRawPointer?.self)[pointer] = memory[i].start
        }
      }
      runner(kernel, &call, facts.items, scratch)
      for (i, page) in memory.enumerated() where !page.canariesLive { throw Failure.canaryOverwritten(operand: i) }
      return zip(operands, memory).map { operand, page in
        if case .floats(let values) = operand { page.floats(values.count) } else { [] }
      }
    }
  }

  private func facts(_ memory: [GuardedMemory], _ block: UnsafeRawPointer) -> espalier_call_facts? {
    var facts = espalier_call_facts()
    facts.parameters = block
    facts.parameter_bytes = UInt32(parameters.count * 4)
    facts.operand_count = UInt32(operands.count)
    withUnsafeMutableBytes(of: &facts.operand_bytes) { raw in
      let bytes = raw.bindMemory(to: UInt64.self)
      for (i, operand) in operands.enumerated() { bytes[i] = UInt64(operand.byteCount) }
    }
    withUnsafeMutableBytes(of: &facts.operand_data) { raw in
      let data = raw.bindMemory(to: UnsafeRawPointer?.self)
      for (i, operand) in operands.enumerated() {
        if case .table = operand { data[i] = UnsafeRawPointer(memory[i].start) }
      }
    }
    guard let known = KernelFamily(number: family) else { return nil }
    return known.validate(&facts) ? facts : nil
  }

  private func withMemory<R>(_ body: ([GuardedMemory], UnsafeRawPointer) throws -> R) throws -> R {
    let memory = operands.map(GuardedMemory.init)
    let block = UnsafeMutableRawPointer.allocate(byteCount: parameters.count * 4 + 8, alignment: 8)
    defer {
      memory.forEach { $0.free() }
      block.deallocate()
    }
    parameters.withUnsafeBytes { block.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count) }
    return try body(memory, block)
  }
}

/// Pages that hold one operand flush against a page without access.
struct GuardedMemory {
  private static let pageSize = 4096
  private static let canary: UInt8 = 0xFF  // read as floats: NaN, which spreads to the result
  private let pages: UnsafeMutableRawPointer
  private let byteCount: Int
  private let front: Int
  /// The operand's address; nil where it is absent.
  let start: UnsafeMutableRawPointer?

  init(_ operand: GuardedCall.Operand) {
    let room = (operand.byteCount + 64 + Self.pageSize - 1) / Self.pageSize * Self.pageSize
    byteCount = room + 2 * Self.pageSize
    front = room - operand.byteCount
    guard let region = mmap(nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      region != MAP_FAILED
    else { fatalError("no memory for a test's operand") }
    pages = region
    let data = region + Self.pageSize
    mprotect(data, room, PROT_READ | PROT_WRITE)
    memset(data, Int32(Self.canary), room)
    if case .absent = operand { start = nil } else { start = data + front }
    switch operand {
    case .absent: break
    case .floats(let values): values.withUnsafeBytes { copy($0) }
    case .table(let entries): entries.withUnsafeBytes { copy($0) }
    }
  }

  private func copy(_ bytes: UnsafeRawBufferPointer) {
    if let from = bytes.baseAddress { start?.copyMemory(from: from, byteCount: bytes.count) }
  }

  var canariesLive: Bool {
    let data = UnsafeRawBufferPointer(start: pages + Self.pageSize, count: front)
    return data.allSatisfy { $0 == Self.canary }
  }

  func floats(_ count: Int) -> [Float] {
    guard let start else { return [] }
    return Array(UnsafeBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: count))
  }

  func free() { munmap(pages, byteCount) }
}

/// The instruction sets that this processor has and this family has a kernel for.
func variants(of family: UInt16) -> [espalier_isa] {
  [espalier_isa_scalar, espalier_isa_avx2, espalier_isa_avx512, espalier_isa_neon].filter {
    espalier_kernel_exactly(family, $0) != nil
  }
}
