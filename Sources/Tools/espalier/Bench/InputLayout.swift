/// How the inputs of a frame lie one behind the other: each on a cache line of its own.
struct InputLayout: Equatable, Sendable {
  /// Bytes from the beginning of the frame to each input.
  let offsets: [Int]
  /// Of all inputs together.
  let byteCount: Int

  init(byteCounts: [Int]) {
    var (offsets, end) = ([Int](), 0)
    for count in byteCounts {
      offsets.append(end)
      end += (count + 63) / 64 * 64
    }
    (self.offsets, byteCount) = (offsets, end)
  }

  /// Copies frame number `frame` of every input into place.
  func write(_ frames: [InputFrames], frame: Int, to target: UnsafeMutableRawBufferPointer) {
    for (index, source) in frames.enumerated() {
      let size = source.elements.count / max(1, source.frameCount) * 4
      source.elements.withUnsafeBytes { elements in
        let part = UnsafeRawBufferPointer(rebasing: elements[(frame * size)..<((frame + 1) * size)])
        UnsafeMutableRawBufferPointer(rebasing: target[offsets[index]...]).copyMemory(from: part)
      }
    }
  }
}
