/// Frames without labels, read when they are needed.
public struct TrainingFrames {
  public var count: Int
  /// The elements of every input of the network for one frame, in the graph's order. Called on one thread.
  public var elements: (_ frame: Int) -> [[Float]]

  public init(count: Int, elements: @escaping (_ frame: Int) -> [[Float]]) {
    (self.count, self.elements) = (count, elements)
  }

  /// Frames that lie in memory, of a network with one input.
  public init(_ frames: [[Float]]) { self.init(count: frames.count) { [frames[$0]] } }
}
