import CEspalierKernels
import CPeak
import EspalierKernels

/// A kernel call over memory of its own, ready to be timed.
final class TimedCall<Parameters: KernelParameters> {
  private var block: UnsafeMutablePointer<Parameters>
  private var operands: [UnsafeMutableRawPointer?]
  private let scratch: UnsafeMutableRawPointer
  private let original: TimedCall?
  private var weights = 0
  let facts: espalier_call_facts

  /// - Parameter operands: Their contents; nil where absent.
  /// - Returns: Nil where the checker refuses the call.
  convenience init?(_ parameters: Parameters, _ operands: [[Float]?]) {
    self.init(parameters, bytes: operands.map { $0?.withUnsafeBytes { Array($0) } })
  }

  /// - Parameter bytes: The contents of the operands; nil where absent.
  /// - Returns: Nil where the checker refuses the call.
  init?(_ parameters: Parameters, bytes operands: [[UInt8]?]) {
    block = .allocate(capacity: 1)
    block.initialize(to: parameters)
    self.operands = operands.map { values in
      guard let values else { return nil }
      let memory = UnsafeMutableRawPointer.allocate(byteCount: values.count, alignment: 64)
      memory.copyMemory(from: values, byteCount: values.count)
      return memory
    }
    var facts = espalier_call_facts()
    facts.parameters = UnsafeRawPointer(block)
    facts.parameter_bytes = UInt32(MemoryLayout<Parameters>.size)
    facts.operand_count = UInt32(operands.count)
    let addresses = self.operands
    withUnsafeMutableBytes(of: &facts.operand_bytes) { bytes in
      for (i, values) in operands.enumerated() {
        bytes.storeBytes(of: UInt64(values?.count ?? 0), toByteOffset: i * 8, as: UInt64.self)
      }
    }
    withUnsafeMutableBytes(of: &facts.operand_data) { bytes in
      for (i, address) in addresses.enumerated() {
        bytes.storeBytes(of: UInt(bitPattern: address), toByteOffset: i * 8, as: UInt.self)
      }
    }
    guard KernelFamily(number: Parameters.family)?.validate(&facts) == true else { return nil }
    self.facts = facts
    scratch = .allocate(byteCount: Int(facts.scratch_bytes) + 64, alignment: 64)
    original = nil
  }

  /// The same call with weights of its own, everything else shared.
  init(of original: TimedCall, copyingWeights operand: Int) {
    self.original = original
    block = original.block
    operands = original.operands
    scratch = original.scratch
    facts = original.facts
    let byteCount = original.byteCount(of: operand)
    let copy = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    if let weights = operands[operand] { copy.copyMemory(from: weights, byteCount: byteCount) }
    operands[operand] = copy
    weights = operand
  }

  func byteCount(of operand: Int) -> Int {
    withUnsafeBytes(of: facts.operand_bytes) {
      Int($0.load(fromByteOffset: operand * 8, as: UInt64.self))
    }
  }

  deinit {
    if original != nil {
      operands[weights]?.deallocate()
      return
    }
    block.deallocate()
    for operand in operands { operand?.deallocate() }
    scratch.deallocate()
  }

  func run(_ kernel: espalier_kernel) {
    var call = espalier_call()
    call.parameters = UnsafeRawPointer(block)
    withUnsafeMutableBytes(of: &call.operands) { bytes in
      for (i, address) in operands.enumerated() {
        bytes.storeBytes(of: UInt(bitPattern: address), toByteOffset: i * 8, as: UInt.self)
      }
    }
    kernel(&call, 0, facts.items, scratch)
  }
}

/// The best time of one call in seconds, over calls that take turns.
///
/// - Parameter calls: One call leaves its operands in the caches, as far as they fit; enough calls with
///   weights of their own find these evicted, as in the middle of a network.
func bestSeconds<Parameters>(_ calls: [TimedCall<Parameters>], _ kernel: espalier_kernel) -> Double {
  calls.forEach { $0.run(kernel) }
  var best = Double.infinity
  let deadline = peak_clock() + 0.25
  repeat {
    var turns = 0
    let start = peak_clock()
    repeat {
      calls.forEach { $0.run(kernel) }
      turns += calls.count
    } while peak_clock() - start < 0.004
    best = min(best, (peak_clock() - start) / Double(turns))
  } while peak_clock() < deadline
  return best
}
