import CEspalierKernels
import EspalierPlan
import EspalierRuntime
import PlanFixtures

/// Inputs and outputs of a session at addresses that stay, outputs filled with a number that no network computes.
final class TestBuffers {
  static let untouched = Float(bitPattern: 0x7FC1_2345)
  let inputs: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
  let outputs: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>
  private let rooms: [UnsafeMutableBufferPointer<Float>]
  private let inputCount: Int

  init(_ model: Model, inputs values: [[Float]]) {
    let ports = model.inputs + model.outputs
    inputCount = model.inputs.count
    rooms = ports.map { port in
      let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: port.byteCount / 4)
      room.initialize(repeating: TestBuffers.untouched)
      return room
    }
    inputs = .allocate(capacity: model.inputs.count)
    outputs = .allocate(capacity: model.outputs.count)
    for (index, value) in values.enumerated() {
      _ = rooms[index].update(from: value)
      inputs.initializeElement(at: index, to: UnsafePointer(rooms[index].baseAddress))
    }
    for index in model.outputs.indices {
      outputs.initializeElement(at: index, to: rooms[inputCount + index].baseAddress)
    }
  }

  deinit {
    for room in rooms { room.deallocate() }
    inputs.deallocate()
    outputs.deallocate()
  }

  func output(_ index: Int) -> [Float] { Array(rooms[inputCount + index]) }

  func isUntouched(_ index: Int) -> Bool {
    rooms[inputCount + index].allSatisfy { $0.bitPattern == TestBuffers.untouched.bitPattern }
  }

  func hasUntouched(_ index: Int) -> Bool {
    rooms[inputCount + index].contains { $0.bitPattern == TestBuffers.untouched.bitPattern }
  }

  func clear() {
    for room in rooms[inputCount...] { room.update(repeating: TestBuffers.untouched) }
  }
}

extension Session {
  /// The model's time in the fastest of a few frames: no other process took a core away from it.
  mutating func shortest(of frames: Int, _ buffers: TestBuffers) throws -> UInt64 {
    try (0..<frames).map { _ in try run(buffers, deadline: .none).modelNanoseconds }.min() ?? 0
  }

  mutating func run(
    _ buffers: TestBuffers, deadline: Deadline, frame: FrameStamp = FrameStamp()
  ) throws -> FrameVerdict {
    try run(
      inputs: UnsafeBufferPointer(buffers.inputs), outputs: UnsafeBufferPointer(buffers.outputs),
      deadline: deadline, frame: frame)
  }
}

/// Calls of one piece each, about half a millisecond long on the scalar kernels, every one with an output of its
/// own: `y[i] = tanh(x)`.
struct SlowCalls {
  static let count = 65_000
  let plan: Plan
  let model: Model
  let input: [Float]
  let expected: [Float]

  init(calls: Int) throws {
    var builder = PlanBuilder()
    let x = builder.input("x", shape: [Self.count])
    for index in 0..<calls {
      let y = builder.output("y\(index)", shape: [Self.count])
      builder.apply(espalier_function_tanh, Self.count, x, to: y)
    }
    plan = builder.plan
    model = try Model(bytes: PlanWriter.bytes(of: plan))
    input = (0..<Self.count).map { Float($0 % 31) / 16 - 1 }
    var session = try Session(model, limit: .scalar)
    expected = try session.run([input])[0]
  }
}
