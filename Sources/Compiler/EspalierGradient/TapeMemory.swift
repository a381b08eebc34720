internal import CGradient
public import EspalierGraph

/// The trained tensors of a tape, one behind the other: what an optimizer changes and all threads read.
public final class TapeParameters: @unchecked Sendable {
  /// The constants' region of the tape: trained tensors first, then those that stay.
  let base: UnsafeMutablePointer<Float>
  private let total: Int
  /// Trained floats.
  public let count: Int

  init(_ elements: [Float], trained count: Int) {
    total = max(elements.count, 1)
    base = .allocate(capacity: total)
    base.initialize(repeating: 0, count: total)
    for (index, element) in elements.enumerated() { base[index] = element }
    self.count = count
  }

  deinit { base.deallocate() }

  /// The trained floats as they are now.
  public var elements: [Float] {
    get { Array(UnsafeBufferPointer(start: base, count: count)) }
    set {
      precondition(newValue.count == count)
      for (index, element) in newValue.enumerated() { base[index] = element }
    }
  }
}

/// What one thread needs to run a tape: every tensor of a frame and its gradient.
public final class TapeMemory: @unchecked Sendable {
  let tape: Tape
  let parameters: TapeParameters
  /// Gradients of the trained tensors are added here; they belong to whoever sums them up.
  var parameterGradients: UnsafeMutablePointer<Float>
  let values: UnsafeMutablePointer<Float>
  let gradients: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  private let ownGradients: UnsafeMutablePointer<Float>

  /// - Parameter parameters: Made by the same tape.
  public init(_ tape: Tape, _ parameters: TapeParameters) {
    (self.tape, self.parameters) = (tape, parameters)
    values = Self.zeros(tape.frameCount)
    gradients = Self.zeros(tape.hasGradients ? tape.frameCount : 0)
    scratch = Self.zeros(tape.scratchCount)
    ownGradients = Self.zeros(parameters.count)
    parameterGradients = ownGradients
  }

  deinit {
    for pointer in [values, gradients, scratch, ownGradients] { pointer.deallocate() }
  }

  static func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
    let pointer = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    pointer.initialize(repeating: 0, count: max(count, 1))
    return pointer
  }

  // MARK: - What steps ask

  func value(_ slot: Slot) -> UnsafeMutablePointer<Float> {
    (slot.region == .constants ? parameters.base : values) + slot.offset
  }

  /// Where to add a gradient; nil where none is wanted.
  func gradient(_ slot: Slot) -> UnsafeMutablePointer<Float>? {
    guard slot.wantsGradient else { return nil }
    return (slot.region == .constants ? parameterGradients : gradients) + slot.offset
  }

  /// The gradient of an output of a step that runs backward.
  func error(_ slot: Slot) -> UnsafeMutablePointer<Float> { gradients + slot.offset }

  // MARK: - What callers ask

  /// The elements of a value, valid until the next frame.
  ///
  /// - Precondition: The value is on the tape.
  public func value(of value: ValueID) -> UnsafeMutableBufferPointer<Float> {
    let slot = tape.slot(of: value)
    return UnsafeMutableBufferPointer(start: self.value(slot), count: slot.count)
  }

  /// The gradient of a value: to be written before `backward`, to be read behind it.
  ///
  /// - Precondition: The value is on the tape, and depends on something whose gradient is wanted.
  public func gradient(of value: ValueID) -> UnsafeMutableBufferPointer<Float> {
    let slot = tape.slot(of: value)
    guard let gradient = gradient(slot) else { preconditionFailure("no gradient of this value is wanted") }
    return UnsafeMutableBufferPointer(start: gradient, count: slot.count)
  }

  /// Writes one of the tape's inputs.
  public func setInput(_ index: Int, _ elements: [Float]) {
    let target = value(of: tape.inputs[index])
    precondition(elements.count == target.count)
    _ = target.update(fromContentsOf: elements)
  }

  /// Sets the gradients of all computed values to 0; those of trained tensors stay.
  public func clearGradients() {
    guard tape.hasGradients else { return }
    gradient_fill(tape.frameCount, 0, gradients)
  }

  /// Sets the gradients of the trained tensors to 0.
  public func clearParameterGradients() { gradient_fill(parameters.count, 0, parameterGradients) }
}
