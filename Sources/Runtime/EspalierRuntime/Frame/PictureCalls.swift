internal import CEspalierKernels
internal import EspalierKernels
internal import EspalierPlan

/// The calls of frames that are given pictures: in the place of the first call of each input stands the pass that
/// makes what this call would write of the picture. Where an input has no such call, the pass stands in front and
/// writes the input itself.
struct PictureCalls {
  private(set) var list: CallList
  /// For each pass its call in the list, and where it writes.
  private(set) var passes: [(call: Int, target: PictureTarget)] = []
  /// For each input whether any call still reads the input itself.
  private(set) var readsInput: [Bool]

  /// - Parameters:
  ///   - original: Calls of the model.
  ///   - shapes: For each input its shape.
  init(_ original: CallList, shapes: [PictureShape]) {
    list = CallList()
    readsInput = shapes.map { _ in false }
    for level in original.levels { append(level, of: original, shapes) }
  }

  private mutating func append(_ level: Range<Int>, of original: CallList, _ shapes: [PictureShape]) {
    list.beginLevel()
    var borders: [(call: Int, target: PictureTarget)] = []
    var isFirst = true
    for (input, shape) in shapes.enumerated() {
      let readers = level.filter { original.calls[$0].reads(input: input) }
      if readers.count == 1,
        let target = PictureTarget(original.calls[readers[0]], input: input, shape: shape)
      {
        borders.append((readers[0], target))
        continue
      }
      readsInput[input] = true
      let target = PictureTarget(input: input, shape: shape)
      appendPass(target, shape, name: "picture", barrier: isFirst, origin: level.lowerBound)
      isFirst = false
    }
    for index in level {
      var call = original.calls[index]
      if index == level.lowerBound, !isFirst { call.needsBarrier = true }
      if let border = borders.first(where: { $0.call == index }) {
        let shape = shapes[border.target.input]
        appendPass(
          border.target, shape, name: call.name, barrier: call.needsBarrier, origin: original.origins[index])
      } else {
        list.append(call, original.resources[index], origin: original.origins[index])
      }
    }
    list.endLevel()
  }

  private mutating func appendPass(
    _ target: PictureTarget, _ shape: PictureShape, name: String, barrier: Bool, origin: Int
  ) {
    passes.append((list.calls.count, target))
    let call = Plan.Call(
      family: FrameParameters.family, needsBarrier: barrier,
      operands: Array(repeating: .absent, count: 6) + [target.operand], parameters: [], name: name)
    list.append(call, Self.resources(of: target, shape), origin: origin)
  }

  /// What a pass needs whatever picture it is given; bytes are those of a picture with two pixels for each of the
  /// input's along both axes.
  static func resources(of target: PictureTarget, _ shape: PictureShape) -> CallResources {
    let rowsPerItem = Int(espalier_frame_rows_per_item)
    let pixels = shape.width * shape.height
    let elementByteCount = target.quantization == nil ? 4 : 1
    return CallResources(
      items: UInt32(truncatingIfNeeded: (shape.height + rowsPerItem - 1) / rowsPerItem),
      scratchByteCount: scratchByteCount(shape), multiplyAdds: UInt64(pixels * shape.channels * 6),
      touchedByteCount: UInt64(pixels * (shape.channels * elementByteCount + 6)), arenaEnd: 0,
      itemMultiplyAdds: UInt64(shape.width * shape.channels * 6 * rowsPerItem))
  }

  /// Scratch memory of a thread.
  static func scratchByteCount(_ shape: PictureShape) -> Int {
    (shape.width + 63) / 64 * 64 * shape.channels * 5
  }
}

extension Plan.Call {
  func reads(input: Int) -> Bool {
    operands.contains { $0.space == .input && Int($0.index) == input }
  }
}
