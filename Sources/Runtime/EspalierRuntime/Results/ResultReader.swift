public import EspalierPlan

/// Turns the outputs of a network into classes, boxes or masks.
///
/// All memory is allocated when it is made; reading allocates nothing. One thread at a time.
public final class ResultReader: @unchecked Sendable {
  public let results: Plan.Results
  public let layout: ResultLayout
  /// Boxes and classes below are left out.
  public let scoreThreshold: Float
  public let overlapThreshold: Float
  /// The most boxes or classes of a frame.
  public let capacity: Int

  private let memory: SystemMemory
  private let collector: BoxCollector
  private let places: BoxPlaces
  private var candidates: Candidates
  private let boxRoom: UnsafeMutableBufferPointer<DetectedBox>
  private let classRoom: UnsafeMutableBufferPointer<RankedClass>
  private let maskRow: MaskRow

  /// - Parameters:
  ///   - results: What the outputs mean.
  ///   - inputs: The network's; boxes and masks lie on the only one.
  ///   - outputs: All of the network's.
  /// - Throws: `outputShapes`, `threshold`, `capacity`, `classThresholds` or `outOfMemory`.
  public init(
    _ results: Plan.Results, inputs: [Plan.Port], outputs: [Plan.Port],
    options: ResultOptions = ResultOptions()
  ) throws(ResultError) {
    guard let layout = results.layout(inputs: inputs, outputs: outputs) else { throw .outputShapes }
    try options.require(layout)
    (self.results, self.layout) = (results, layout)
    let score = options.scoreThreshold ?? results.scoreThreshold
    scoreThreshold = score
    overlapThreshold = options.overlapThreshold ?? results.overlapThreshold
    let most = max(1, results.form == .detectionOutput ? layout.places : layout.places * layout.classes)
    capacity = min(options.capacity ?? results.capacity, most)
    let isMask = results.kind == .mask
    var plan = MemoryPlan()
    let candidateRoom = plan.room(
      for: Candidate.self,
      count: results.kind == .classes ? capacity : min(most, max(capacity, options.candidateCapacity)))
    let boxes = plan.room(for: DetectedBox.self, count: results.kind == .boxes ? capacity : 0)
    let classes = plan.room(for: RankedClass.self, count: results.kind == .classes ? capacity : 0)
    let thresholds = plan.room(for: Float.self, count: options.classThresholds.count)
    let priors = plan.room(for: Float.self, count: results.priors.count)
    let widest = isMask ? layout.masks.reduce(0) { max($0, $1.width) } : 0
    let (best, channels) = (
      plan.room(for: Float.self, count: widest), plan.room(for: UInt8.self, count: widest)
    )
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    candidates = Candidates(in: candidateRoom.bound(in: memory))
    (boxRoom, classRoom) = (boxes.bound(in: memory), classes.bound(in: memory))
    maskRow = MaskRow(best: best.bound(in: memory), channels: channels.bound(in: memory))
    let own = thresholds.bound(in: memory)
    for (category, threshold) in options.classThresholds.enumerated() {
      own[category] = threshold.isNaN ? score : threshold
    }
    collector = BoxCollector(
      form: results.form, layout: layout, thresholds: ClassThresholds(base: score, own: own))
    let priorRoom = priors.bound(in: memory)
    _ = priorRoom.update(fromContentsOf: results.priors)
    places = BoxPlaces(form: results.form, layout: layout, priors: priorRoom)
  }

  /// The boxes in a frame's outputs, the likeliest first; edges in shares of the input's width and height.
  ///
  /// Boxes with edges that are no numbers are left out. Of equally likely ones the first in the outputs comes first.
  ///
  /// - Parameter outputs: All of the network's.
  /// - Returns: Valid until the next call.
  public func boxes(
    in outputs: UnsafeBufferPointer<UnsafePointer<Float>?>
  ) throws(ResultError) -> UnsafeMutableBufferPointer<DetectedBox> {
    try require(.boxes)
    guard let first = elements(0, outputs) else { throw .outputShapes }
    let second = results.outputs.count > 1 ? elements(1, outputs) : first
    guard let second else { throw .outputShapes }
    candidates.removeAll()
    collector.collect((first, second), into: &candidates)
    candidates.sort()
    var count = 0
    for rank in 0..<candidates.count where count < capacity {
      let box = places.box(of: candidates[rank], in: first)
      guard box.isFinite, results.form == .detectionOutput || !isRivalled(box, among: count) else { continue }
      boxRoom[count] = box
      count += 1
    }
    return UnsafeMutableBufferPointer(rebasing: boxRoom[..<count])
  }

  /// Whether one of the first boxes, all of which are likelier, is of the same class and overlaps too much.
  private func isRivalled(_ box: DetectedBox, among count: Int) -> Bool {
    for rank in 0..<count where boxRoom[rank].category == box.category {
      if !(boxRoom[rank].overlap(box) <= overlapThreshold) { return true }
    }
    return false
  }

  /// The classes in a frame's outputs, the likeliest first.
  ///
  /// - Parameter outputs: All of the network's.
  /// - Returns: Valid until the next call; none where an element is no number.
  public func classes(
    in outputs: UnsafeBufferPointer<UnsafePointer<Float>?>
  ) throws(ResultError) -> UnsafeMutableBufferPointer<RankedClass> {
    try require(.classes)
    guard let first = elements(0, outputs) else { throw .outputShapes }
    let scores = UnsafeBufferPointer(start: first, count: layout.classes)
    let shares = ClassShares(scores, appliesSoftmax: results.appliesSoftmax)
    candidates.removeAll()
    if shares.areNumbers {
      for place in layout.firstClass..<layout.classes {
        let (share, category) = (shares[place], place - layout.firstClass)
        guard share >= collector.thresholds[category] else { continue }
        candidates.add(Candidate(score: share, place: 0, category: UInt32(category)))
      }
    }
    candidates.sort()
    for rank in 0..<candidates.count {
      classRoom[rank] = RankedClass(
        category: Int(candidates[rank].category), score: candidates[rank].score)
    }
    return UnsafeMutableBufferPointer(rebasing: classRoom[..<candidates.count])
  }

  /// Fills a mask: one class a pixel, that of the nearest pixel of the network's output.
  ///
  /// - Parameters:
  ///   - index: Which of the results' outputs.
  ///   - outputs: All of the network's.
  ///   - transform: Where in the picture the network's input lies; the mask covers the picture.
  /// - Throws: `otherKind`, `noSuchMask` or `maskExtents`.
  public func fill(
    _ mask: MaskRoom, withMask index: Int, of outputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    transform: PictureTransform
  ) throws(ResultError) {
    try require(.mask)
    guard layout.masks.indices.contains(index) else { throw .noSuchMask(index, count: layout.masks.count) }
    guard mask.width > 0, mask.height > 0, mask.stride >= mask.width else { throw .maskExtents }
    guard let elements = elements(index, outputs) else { throw .outputShapes }
    maskRow.fill(
      mask, from: elements, layout.masks[index], threshold: scoreThreshold,
      axes: transform.axes(from: mask, to: layout.masks[index], input: (layout.width, layout.height)))
  }

  private func require(_ kind: Plan.Results.Kind) throws(ResultError) {
    guard results.kind == kind else { throw .otherKind(asked: kind, found: results.kind) }
  }

  /// Output `place` of the form.
  private func elements(
    _ place: Int, _ outputs: UnsafeBufferPointer<UnsafePointer<Float>?>
  ) -> UnsafePointer<Float>? {
    let index = results.outputs[place]
    return outputs.indices.contains(index) ? outputs[index] : nil
  }
}

extension ResultReader {
  /// Finds out before a reader is made whether these options can be kept: the embedded library does not give back the
  /// memory of an object whose initializer throws.
  ///
  /// - Throws: As `init`, but for `outOfMemory`.
  static func require(
    _ options: ResultOptions, for results: Plan.Results, inputs: [Plan.Port], outputs: [Plan.Port]
  ) throws(ResultError) {
    guard let layout = results.layout(inputs: inputs, outputs: outputs) else { throw .outputShapes }
    try options.require(layout)
  }
}

extension ResultOptions {
  fileprivate func require(_ layout: ResultLayout) throws(ResultError) {
    for threshold in [scoreThreshold ?? 0, overlapThreshold ?? 0] where !(threshold >= 0 && threshold <= 1) {
      throw .threshold
    }
    for threshold in classThresholds where !(threshold >= 0 && threshold <= 1) && !threshold.isNaN {
      throw .threshold
    }
    for found in [capacity ?? 1, candidateCapacity] where found < 1 || found > ResultOptions.capacityLimit {
      throw .capacity(found, limit: ResultOptions.capacityLimit)
    }
    let classes = layout.classes > 0 ? layout.classes - layout.firstClass : ResultOptions.capacityLimit
    guard classThresholds.count <= classes else {
      throw .classThresholds(classThresholds.count, classes: classes)
    }
  }
}
