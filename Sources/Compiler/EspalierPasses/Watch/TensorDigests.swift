public import EspalierGraph
public import EspalierObserve
internal import EspalierOperators
internal import EspalierPlan

extension Graph {
  /// The tensors with what frames show of them.
  ///
  /// - Parameters:
  ///   - groups: Frames in the graph's own layout and units; extremes are those of all groups.
  ///   - progress: Called after each frame.
  /// - Throws: `ObservationError`, or what `engine` throws.
  public func digested(
    _ tensors: [WatchedTensor], _ groups: [FrameGroup], engine: PostTrainingQuantization.Engine,
    progress: () -> Void = {}
  ) throws -> [WatchedTensor] {
    guard !tensors.isEmpty, groups.frameCount > 0 else { return tensors }
    let execute = try engine(observing(tensors.map(\.value)))
    var gathered = tensors.map { GatheredDigest(quantization: $0.quantization, type: type(of: $0.value)) }
    for group in groups {
      for (frame, name) in group.frames.enumerated() {
        for (index, elements) in try execute(group.elements(frame)).enumerated() {
          guard gathered[index].add(elements) else {
            throw ObservationError.notFinite(value: tensors[index].name, frame: name)
          }
        }
        progress()
      }
    }
    var digested = tensors
    for index in digested.indices { digested[index].digest = gathered[index].digest }
    return digested
  }
}

/// What is known of one tensor after some frames.
private struct GatheredDigest {
  let quantization: Quantization?
  let byteOffset: Int
  private var frameCount = 0
  private var (meanSum, squareSum) = (0.0, 0.0)
  private var (least, largest) = (Double.infinity, -Double.infinity)
  private var means = (low: Double.infinity, high: -Double.infinity)
  private var deviations = (low: Double.infinity, high: -Double.infinity)
  private var saturatedShare = 0.0

  init(quantization: Quantization?, type: TensorType) {
    (self.quantization, byteOffset) = (quantization, type.byteOffset)
  }

  /// Takes a frame into account: of quantized tensors the quantized numbers.
  ///
  /// - Returns: Whether all elements are finite.
  mutating func add(_ elements: [Float]) -> Bool {
    let (scale, zero) = quantization.map { (Double($0.scale), Double($0.zeroPoint - byteOffset)) } ?? (1, 0)
    var (sum, squares, saturated) = (0.0, 0.0, 0)
    let isSigned = (quantization?.zeroPoint ?? 0) != 0
    for element in elements {
      let value = (Double(element) - zero) * scale
      sum += value
      squares += value * value
      (least, largest) = (min(least, value), max(largest, value))
      guard quantization != nil else { continue }
      let byte = Int(element) + byteOffset
      if byte == 255 || (isSigned && byte == 0) { saturated += 1 }
    }
    guard sum.isFinite, squares.isFinite else { return false }
    let count = Double(max(1, elements.count))
    let mean = sum / count
    let deviation = max(0, squares / count - mean * mean).squareRoot()
    frameCount += 1
    (meanSum, squareSum) = (meanSum + mean, squareSum + squares / count)
    means = (min(means.low, mean), max(means.high, mean))
    deviations = (min(deviations.low, deviation), max(deviations.high, deviation))
    saturatedShare = max(saturatedShare, Double(saturated) / count)
    return true
  }

  /// Nil where no frame had an element.
  var digest: TensorDigest? {
    guard frameCount > 0, least <= largest else { return nil }
    let frames = Double(frameCount)
    let mean = meanSum / frames
    return TensorDigest(
      mean: Float(mean), standardDeviation: Float(max(0, squareSum / frames - mean * mean).squareRoot()),
      least: Float(least), largest: Float(largest), frameMeans: Float(means.low)...Float(means.high),
      frameDeviations: Float(deviations.low)...Float(deviations.high),
      saturatedShare: Float(saturatedShare), frameCount: frameCount)
  }
}
