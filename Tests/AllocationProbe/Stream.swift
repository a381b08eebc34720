import EspalierImport
import EspalierPasses
import EspalierPlan
import EspalierRuntime

/// Frames of one fixed pattern through a compiled ONNX model, in buffers that exist before the first of them.
struct Stream: ~Copyable {
  private var session: Session
  private let inputs: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
  private let outputs: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>

  /// - Parameter arguments: The file, and `NAME=1x3x8x8` where an input's shape is open.
  init(_ arguments: [String], threads: Int) throws {
    var options = Importer.Options()
    for argument in arguments.dropFirst() {
      let parts = argument.split(separator: "=")
      options.shapes[String(parts[0])] = parts[1].split(separator: "x").compactMap { Int($0) }
    }
    let graph = try Importer.graph(contentsOf: arguments[0], options: options)
    session = try Session(
      Model(bytes: PlanWriter.bytes(of: Pipeline.compile(graph))), threads: threads)
    awaitWorkers(session)
    inputs = .allocate(capacity: session.model.inputs.count)
    outputs = .allocate(capacity: session.model.outputs.count)
    for (index, port) in session.model.inputs.enumerated() {
      let room = Self.room(port)
      for position in room.indices { room[position] = Float(position % 255) / 127.5 - 1 }
      inputs.initializeElement(at: index, to: UnsafePointer(room.baseAddress))
    }
    for (index, port) in session.model.outputs.enumerated() {
      outputs.initializeElement(at: index, to: Self.room(port).baseAddress)
    }
  }

  private static func room(_ port: Plan.Port) -> UnsafeMutableBufferPointer<Float> {
    let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, port.byteCount / 4))
    room.initialize(repeating: 0)
    return room
  }

  mutating func run() throws {
    try session.run(inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs))
  }

  /// Runs one frame of `stamp` against a deadline.
  mutating func run(deadline: Deadline, stamp: FrameStamp) throws -> FrameVerdict {
    try session.run(
      inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs), deadline: deadline,
      frame: stamp)
  }

  /// Warms up and measures; allocates.
  mutating func prepare() throws { try session.prepare() }

  /// Whether any output has an element that is not zero.
  var computedSomething: Bool {
    zip(session.model.outputs, outputs).contains { port, output in
      UnsafeBufferPointer(start: output, count: port.byteCount / 4).contains { $0 != 0 }
    }
  }
}
