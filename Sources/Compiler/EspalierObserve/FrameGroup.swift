/// Frames that belong together, such as one folder of them: by day, by night, in the rain.
public struct FrameGroup {
  public var name: String
  /// What each frame is called, for errors and reports.
  public var frames: [String]
  /// The elements of every input for one frame, in the graph's order.
  public var elements: (_ frame: Int) -> [[Float]]

  public init(name: String, frames: [String], elements: @escaping (_ frame: Int) -> [[Float]]) {
    self.name = name
    self.frames = frames
    self.elements = elements
  }

  /// At most `count` frames, evenly apart.
  public func thinned(to count: Int) -> FrameGroup {
    guard frames.count > count, count > 0 else { return self }
    let chosen = (0..<count).map { $0 * frames.count / count }
    let all = elements
    return FrameGroup(name: name, frames: chosen.map { frames[$0] }) { all(chosen[$0]) }
  }
}

extension [FrameGroup] {
  /// Frames of all groups together.
  public var frameCount: Int { reduce(0) { $0 + $1.frames.count } }
}
