internal import CEspalierKernels
internal import EspalierPlan
internal import Synchronization

/// One call with its addresses resolved and its place in the schedule.
struct ScheduledCall {
  var call: espalier_call
  let kernel: espalier_kernel
  let items: UInt32
  let itemsPerCheckpoint: UInt32
  /// How many items a thread takes at once.
  let itemsPerClaim: UInt32
  /// Items of all calls of the level before it.
  let itemsBefore: UInt32
  /// Whether all of these are completed before it is begun.
  let waits: Bool
  /// Whether every thread may take of its items, or it is the calling thread's alone.
  let isClaimed: Bool
}

/// How far the share of one thread in one call was given out: the frame's word above the next item.
///
/// A claim of a frame that is over cannot succeed: all items of that frame were given out before it was over. Claims are
/// forgotten before the words of frames repeat.
typealias ClaimWord = Atomic<UInt64>

/// An operand that points into a buffer of the caller and changes from frame to frame.
struct PortOperand {
  let call: Int
  let operand: UInt32
  let port: Int
  let isOutput: Bool
  let byteOffset: Int

  /// Every such operand of calls that has any bytes; the others stay absent, as their checkers were told.
  static func all(of calls: [Plan.Call], _ model: Model) -> [PortOperand] {
    var found: [PortOperand] = []
    for (index, call) in calls.enumerated() {
      for (number, operand) in call.operands.enumerated()
      where operand.space == .input || operand.space == .output {
        let isOutput = operand.space == .output
        let port = (isOutput ? model.outputs : model.inputs)[Int(operand.index)]
        guard Int(operand.offset) < port.byteCount else { continue }
        found.append(
          PortOperand(
            call: index, operand: UInt32(number), port: Int(operand.index), isOutput: isOutput,
            byteOffset: Int(operand.offset)))
      }
    }
    return found
  }
}

/// How the calls of a level are run.
struct LevelSchedule: BitwiseCopyable, Sendable {
  /// Its place among the table's levels.
  let index: Int
  private let firstCall: Int
  private let endOfCalls: Int
  /// Whether any call is for another thread than the calling one.
  let usesWorkers: Bool
  /// Of all calls together.
  let items: UInt32

  init(index: Int, calls: Range<Int>, usesWorkers: Bool, items: UInt32) {
    (self.index, firstCall, endOfCalls) = (index, calls.lowerBound, calls.upperBound)
    (self.usesWorkers, self.items) = (usesWorkers, items)
  }

  /// Its part of the table.
  var calls: Range<Int> { firstCall..<endOfCalls }
}

/// The calls of a model as C structures, in memory that does not move.
final class CallTable: @unchecked Sendable {
  let memory: SystemMemory
  let calls: UnsafeMutableBufferPointer<ScheduledCall>
  /// For each call where each thread's items begin, then their number: `threads + 1` entries a call.
  let bounds: UnsafeMutableBufferPointer<UInt32>
  /// For each call and thread a `ClaimWord`, `claimStride` bytes apart.
  let claims: UnsafeMutableRawPointer
  private let claimByteCount: Int
  /// The largest first.
  let levels: UnsafeMutableBufferPointer<LevelSchedule>
  /// Bytes of each of the caller's buffers.
  let inputByteCounts: [Int]
  let outputByteCounts: [Int]
  private let portOperands: UnsafeMutableBufferPointer<PortOperand>
  private let parameters: UnsafeMutableBufferPointer<UInt64>

  /// A cache line, so that threads that take of different shares do not disturb each other.
  static let claimStride = 64

  /// - Parameters:
  ///   - list: Calls of the model.
  ///   - arena: As large as the model's calls touch.
  ///   - limit: No kernel of a higher instruction set is chosen.
  /// - Throws: `outOfMemory`.
  init(
    _ model: Model, _ list: CallList, arena: UnsafeMutableRawPointer, threads: Int, limit: InstructionSet
  ) throws(SessionError) {
    inputByteCounts = model.inputs.map { $0.byteCount }
    outputByteCounts = model.outputs.map { $0.byteCount }
    let operands = PortOperand.all(of: list.calls, model)
    var plan = MemoryPlan()
    let callRoom = plan.room(for: ScheduledCall.self, count: list.calls.count)
    let boundRoom = plan.room(for: UInt32.self, count: list.calls.count * (threads + 1))
    let operandRoom = plan.room(for: PortOperand.self, count: operands.count)
    let parameterRoom = plan.room(
      for: UInt64.self, count: list.calls.reduce(1) { $0 + ($1.parameters.count + 1) / 2 })
    claimByteCount = threads > 1 ? list.calls.count * threads * CallTable.claimStride : 0
    let claimRoom = plan.room(for: UInt8.self, count: claimByteCount)
    let levelRoom = plan.room(for: LevelSchedule.self, count: list.levels.count)
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    calls = callRoom.bound(in: memory)
    bounds = boundRoom.bound(in: memory)
    portOperands = operandRoom.bound(in: memory)
    parameters = parameterRoom.bound(in: memory)
    claims = UnsafeMutableRawPointer(claimRoom.bound(in: memory).baseAddress.unsafelyUnwrapped)
    levels = levelRoom.bound(in: memory)
    _ = portOperands.initialize(from: operands)
    for (index, range) in list.levels.enumerated() {
      levels.initializeElement(
        at: index,
        to: CallTable.schedule(
          (index, range), of: list, into: (calls, bounds), threads: threads, limit: limit))
    }
    resolve(model, list.calls, arena: arena)
    forgetClaims()
  }

  /// Makes the claims those of no frame. No worker may look at them.
  func forgetClaims() {
    for place in stride(from: 0, to: claimByteCount, by: CallTable.claimStride) {
      (claims + place).assumingMemoryBound(to: ClaimWord.self).pointee
        .store(UInt64(FrameWord.neverBegun) << 32, ordering: .relaxed)
    }
  }

  /// Divides the calls of a level among threads.
  private static func schedule(
    _ level: (index: Int, calls: Range<Int>), of list: CallList,
    into table: (
      calls: UnsafeMutableBufferPointer<ScheduledCall>, bounds: UnsafeMutableBufferPointer<UInt32>
    ),
    threads: Int, limit: InstructionSet
  ) -> LevelSchedule {
    var schedule = Schedule(threads: threads)
    var items: UInt32 = 0
    for index in level.calls {
      let call = list.calls[index]
      guard let kernel = espalier_kernel_for(call.family, limit.isa) else {
        preconditionFailure("a checked call's family has no kernel")
      }
      let resources = list.resources[index]
      let place = schedule.place(call, resources)
      table.calls.initializeElement(
        at: index,
        to: ScheduledCall(
          call: espalier_call(), kernel: kernel, items: resources.items,
          itemsPerCheckpoint: resources.itemsPerCheckpoint, itemsPerClaim: place.itemsPerClaim,
          itemsBefore: items, waits: place.waits, isClaimed: place.isClaimed))
      // Numbers of items are compared by their differences, which a frame's stay far below.
      items &+= resources.items
      for (thread, bound) in place.bounds.enumerated() {
        table.bounds.initializeElement(at: index * (threads + 1) + thread, to: bound)
      }
    }
    return LevelSchedule(
      index: level.index, calls: level.calls, usesWorkers: schedule.usesWorkers, items: items)
  }

  /// Points every operand that is the caller's at this frame's buffers.
  func setPorts(
    inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
  ) {
    for operand in portOperands {
      let base =
        operand.isOutput
        ? UnsafeMutableRawPointer(outputs[operand.port])
        : UnsafeMutableRawPointer(mutating: inputs[operand.port])
      let address = base.map { $0 + operand.byteOffset }
      espalier_call_set_operand(&calls[operand.call].call, operand.operand, address)
    }
  }

  /// Gives every call its parameters, and the addresses of what lies in arena and weights.
  private func resolve(_ model: Model, _ listed: [Plan.Call], arena: UnsafeMutableRawPointer) {
    var block = parameters.baseAddress.unsafelyUnwrapped
    for (index, call) in listed.enumerated() {
      for (number, word) in call.parameters.enumerated() {
        UnsafeMutableRawPointer(block).storeBytes(of: word, toByteOffset: number * 4, as: UInt32.self)
      }
      calls[index].call.parameters = UnsafeRawPointer(block)
      block += (call.parameters.count + 1) / 2
      for (number, operand) in call.operands.enumerated() {
        let offset = Int(operand.offset)
        var address: UnsafeMutableRawPointer?
        if operand.space == .arena, offset < model.arenaByteCount { address = arena + offset }
        if operand.space == .weights, offset < model.weightsByteCount {
          address = UnsafeMutableRawPointer(mutating: model.weights.baseAddress).map { $0 + offset }
        }
        espalier_call_set_operand(&calls[index].call, UInt32(number), address)
      }
    }
  }
}
