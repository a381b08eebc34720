import CEspalierKernels
import EspalierImport
import EspalierKernels
import EspalierPasses
import Foundation
import Testing

@testable import EspalierPlan
@testable import EspalierRuntime

/// How much really lies between two looks at the deadline, counted by running every item of a call by itself and
/// looking which elements it writes: each costs the same number of multiply-adds.
@Suite("The distance between two looks at the deadline") struct CheckpointTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test(arguments: ["gtsrb_resnet14", "gtsrb_resnet14_qdq"])
  func `is never longer than the pack says`(name: String) throws {
    var options = Importer.Options()
    options.shapes["input"] = [1, 3, 32, 32]
    let path = Self.root.appendingPathComponent("models/\(name).onnx").path
    let graph = try Importer.graph(contentsOf: path, options: options)
    let model = try Model(bytes: PlanWriter.bytes(of: Pipeline.compile(graph)))
    var counted = 0
    for (index, resources) in model.resources.enumerated() where resources.multiplyAdds > 0 {
      let work = try ItemWork(model, call: index)
      #expect(work.total == resources.multiplyAdds, "\(model.calls[index].name)")
      #expect(work.largest(ofItems: 1) <= resources.itemMultiplyAdds)
      let piece = work.largest(ofItems: Int(resources.itemsPerCheckpoint))
      #expect(piece <= resources.checkpointMultiplyAdds, "\(model.calls[index].name)")
      #expect(piece <= model.certificate.checkpointMultiplyAdds)
      counted += 1
    }
    #expect(counted >= 10)
    let distances = model.resources.map(\.checkpointMultiplyAdds)
    #expect(model.certificate.checkpointMultiplyAdds == distances.max())
    #expect(model.certificate.checkpointByteCount == model.resources.map(\.checkpointByteCount).max())
  }
}

/// The multiply-adds of every item of one call.
private struct ItemWork {
  private var items: [UInt64] = []

  var total: UInt64 { items.reduce(0, +) }

  /// The most that neighboring items have together.
  func largest(ofItems count: Int) -> UInt64 {
    let width = min(count, items.count)
    return (0...items.count - width).map { items[$0..<$0 + width].reduce(0, +) }.max() ?? 0
  }

  init(_ model: Model, call index: Int) throws {
    let (call, resources) = (model.calls[index], model.resources[index])
    let family = try #require(espalier_family_numbered(call.family)).pointee
    let kernel = try #require(espalier_kernel_for(call.family, espalier_isa_best()))
    let output = try #require((0..<call.operands.count).first { family.written_mask >> UInt8($0) & 1 == 1 })
    let table = try CallInMemory(model, call: index, output: output)
    var written: [Int] = []
    for item in 0..<resources.items {
      written.append(table.bytesWritten { kernel($0, item, item + 1, table.scratch) })
    }
    let all = written.reduce(0, +)
    items = written.map { UInt64($0) * resources.multiplyAdds / UInt64(max(1, all)) }
  }
}

/// One call on memory of its own, all of it zero but the weights.
private final class CallInMemory {
  let scratch: UnsafeMutableRawPointer
  private var call = espalier_call()
  private let rooms: [UnsafeMutableRawBufferPointer]
  private let output: UnsafeMutableRawBufferPointer
  private let parameters: UnsafeMutableBufferPointer<UInt64>
  private let model: Model

  init(_ model: Model, call index: Int, output: Int) throws {
    self.model = model
    let planned = model.calls[index]
    scratch = .allocate(byteCount: max(64, model.resources[index].scratchByteCount), alignment: 64)
    parameters = .allocate(capacity: planned.parameters.count / 2 + 1)
    parameters.initialize(repeating: 0)
    let block = try #require(parameters.baseAddress)
    let weights = try #require(model.weights.baseAddress)
    for (number, word) in planned.parameters.enumerated() {
      UnsafeMutableRawPointer(block).storeBytes(
        of: word, toByteOffset: number * 4, as: UInt32.self)
    }
    call.parameters = UnsafeRawPointer(block)
    var rooms: [UnsafeMutableRawBufferPointer] = []
    for (number, operand) in planned.operands.enumerated() {
      let space = CallInMemory.byteCount(operand, model)
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, space), alignment: 64)
      room.initializeMemory(as: UInt8.self, repeating: 0)
      rooms.append(room)
      guard operand.space != .none else { continue }
      let address =
        operand.space == .weights
        ? UnsafeMutableRawPointer(mutating: weights + Int(operand.offset))
        : room.baseAddress
      espalier_call_set_operand(&call, UInt32(number), address)
    }
    self.rooms = rooms
    self.output = rooms[output]
  }

  deinit {
    for room in rooms { room.deallocate() }
    parameters.deallocate()
    scratch.deallocate()
  }

  private static func byteCount(_ operand: Plan.Operand, _ model: Model) -> Int {
    switch operand.space {
    case .arena: model.arenaByteCount - Int(operand.offset)
    case .input: model.inputs[Int(operand.index)].byteCount - Int(operand.offset)
    case .output: model.outputs[Int(operand.index)].byteCount - Int(operand.offset)
    default: 0
    }
  }

  /// How many bytes of the output `body` writes: those that do not keep what was in them, whatever that was.
  func bytesWritten(_ body: (UnsafePointer<espalier_call>) -> Void) -> Int {
    var kept = [Bool](repeating: true, count: output.count)
    for fill: UInt8 in [0x55, 0xAA] {
      _ = output.initializeMemory(as: UInt8.self, repeating: fill)
      withUnsafePointer(to: &call) { body($0) }
      note(changesFrom: fill, in: &kept)
    }
    return kept.count { !$0 }
  }

  private func note(changesFrom fill: UInt8, in kept: inout [Bool]) {
    let unchanged = UInt64(fill) &* 0x0101_0101_0101_0101
    var index = 0
    while index < output.count {
      let isWord = index + 8 <= output.count
      if isWord, output.loadUnaligned(fromByteOffset: index, as: UInt64.self) == unchanged {
        index += 8
        continue
      }
      for byte in index..<min(index + 8, output.count) where output[byte] != fill { kept[byte] = false }
      index += 8
    }
  }
}
