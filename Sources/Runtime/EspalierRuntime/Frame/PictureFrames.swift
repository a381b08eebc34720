internal import CEspalierKernels
internal import EspalierPlan

/// What a session needs for frames that are given pictures. Everything is allocated when it is made.
final class PictureFrames: @unchecked Sendable {
  let main: PictureTable
  /// For watched frames.
  private(set) var watched: PictureTable?
  private let declared: [PictureInput]
  private let shapes: [PictureShape]
  private let memory: SystemMemory
  private let arena: SystemMemory
  private let columns: [UnsafeMutablePointer<Int32>]
  private let rows: [UnsafeMutablePointer<Int32>]
  private let buffers: [UnsafeMutablePointer<Float>?]
  private let states: UnsafeMutableBufferPointer<State>
  /// Buffers of the inputs that calls read as float32.
  let inputs: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
  /// Room for the outputs of frames whose caller gives none, where they are kept here.
  let outputs: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>

  /// What is known of an input's last picture.
  private struct State {
    var width = 0
    var height = 0
    var placement: PicturePlacement
    var transform = PictureTransform.identity
  }

  /// Nil where not every input is declared.
  ///
  /// - Parameter keepsOutputs: Whether there is no other room for outputs that no caller takes.
  /// - Throws: `outOfMemory`.
  static func make(
    _ model: Model, declared: [PictureInput?], keepsOutputs: Bool, arena: SystemMemory, threads: Int,
    limit: InstructionSet
  ) throws(SessionError) -> PictureFrames? {
    var (all, shapes): ([PictureInput], [PictureShape]) = ([], [])
    for (index, picture) in declared.enumerated() {
      guard let picture, let shape = PictureShape(model.inputs[index].shape) else { return nil }
      all.append(picture)
      shapes.append(shape)
    }
    guard !all.isEmpty else { return nil }
    return try PictureFrames(
      model, declared: all, shapes: shapes, keepsOutputs: keepsOutputs, arena: arena, threads: threads,
      limit: limit)
  }

  /// - Parameters:
  ///   - declared: For every input.
  ///   - shapes: Likewise; with as many channels as are declared.
  /// - Throws: `outOfMemory`.
  init(
    _ model: Model, declared: [PictureInput], shapes: [PictureShape], keepsOutputs: Bool,
    arena: SystemMemory, threads: Int, limit: InstructionSet
  ) throws(SessionError) {
    let calls = PictureCalls(CallList(model), shapes: shapes)
    let reads = PictureCalls(CallList(watching: model), shapes: shapes).readsInput
    var plan = MemoryPlan()
    let columnRooms = shapes.map { plan.room(for: Int32.self, count: 2 * $0.width) }
    let rowRooms = shapes.map { plan.room(for: Int32.self, count: 3 * $0.height) }
    let stateRoom = plan.room(for: State.self, count: shapes.count)
    let inputRoom = plan.room(for: UnsafePointer<Float>?.self, count: shapes.count)
    let outputRoom = plan.room(for: UnsafeMutablePointer<Float>?.self, count: model.outputs.count)
    let kept = keepsOutputs ? model.outputs : []
    let resultRooms = kept.map { plan.room(for: Float.self, count: $0.byteCount / 4) }
    var bufferRooms: [MemoryPlan.Room<Float>?] = []
    for (index, port) in model.inputs.enumerated() {
      let isRead = calls.readsInput[index] || reads[index]
      bufferRooms.append(isRead ? plan.room(for: Float.self, count: port.byteCount / 4) : nil)
    }
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    self.arena = arena
    (self.declared, self.shapes) = (declared, shapes)
    columns = columnRooms.map { $0.bound(in: memory).baseAddress.unsafelyUnwrapped }
    rows = rowRooms.map { $0.bound(in: memory).baseAddress.unsafelyUnwrapped }
    buffers = bufferRooms.map { $0?.bound(in: memory).baseAddress }
    states = stateRoom.bound(in: memory)
    inputs = inputRoom.bound(in: memory)
    outputs = outputRoom.bound(in: memory)
    for (index, shape) in shapes.enumerated() {
      let size = (shape.width, shape.height)
      states.initializeElement(
        at: index, to: State(placement: PicturePlacement(declared[index], picture: size, input: size)))
      inputs.initializeElement(at: index, to: buffers[index].map { UnsafePointer($0) })
    }
    outputs.initialize(repeating: nil)
    for (index, room) in resultRooms.enumerated() {
      outputs[index] = room.bound(in: memory).baseAddress
    }
    main = try PictureTable(
      calls, model, declared: declared, shapes: shapes, tables: (columns, rows), buffers: buffers,
      arena: arena.base, threads: threads, limit: limit)
  }

  /// Makes ready for watched frames.
  ///
  /// - Throws: `outOfMemory`.
  func prepareWatching(_ model: Model, threads: Int, limit: InstructionSet) throws(SessionError) {
    guard watched == nil else { return }
    watched = try PictureTable(
      PictureCalls(CallList(watching: model), shapes: shapes), model, declared: declared, shapes: shapes,
      tables: (columns, rows), buffers: buffers, arena: arena.base, threads: threads, limit: limit)
  }

  /// Points the passes of an input at a picture. A picture of another size than the one before it takes new tables,
  /// some nanoseconds for each column and row of the input; nothing is allocated.
  func set(_ picture: Picture, input: Int, isWatched: Bool) {
    let (shape, size) = (shapes[input], (width: picture.width, height: picture.height))
    if states[input].width != size.width || states[input].height != size.height {
      let placement = PicturePlacement(declared[input], picture: size, input: (shape.width, shape.height))
      placement.fillColumns(
        UnsafeMutableBufferPointer(start: columns[input], count: 2 * shape.width), pictureWidth: size.width)
      placement.fillRows(
        UnsafeMutableBufferPointer(start: rows[input], count: 3 * shape.height), pictureHeight: size.height)
      states[input] = State(
        width: size.width, height: size.height, placement: placement,
        transform: placement.transform(picture: size))
    }
    let table = isWatched ? watched ?? main : main
    table.set(picture, at: states[input].placement, input: input)
  }

  /// What frames on pictures touch beside the session's own memory.
  var ownedBytes: [UnsafeRawBufferPointer] {
    [memory.bytes, main.table.memory.bytes] + (watched.map { [$0.table.memory.bytes] } ?? [])
  }

  func transform(ofInput input: Int) -> PictureTransform { states[input].transform }
}
