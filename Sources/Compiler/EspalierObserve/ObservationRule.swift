/// Something about a network that is rarely meant, found in what frames showed of it.
public enum ObservationRule: String, CaseIterable, Sendable, Codable {
  /// A filter whose channel never leaves 0, or that has weights of 0 alone.
  case deadFilter = "dead-filter"
  /// More than half of the elements stand at the bound of their activation.
  case saturation
  /// An output that is the same for all frames.
  case constantOutput = "constant-output"
  /// Numbers so large that their squares leave float32, or gradients that grow without need.
  case exploding
  /// Numbers so small that they say nothing.
  case vanishing
  /// NaN or infinity.
  case notFinite = "not-finite"

  /// One place where a rule fires.
  public struct Finding: Sendable, Equatable, Codable {
    public let rule: ObservationRule
    public let tensor: String
    public let collection: TensorCollection
    /// A sentence with the numbers.
    public let message: String
  }

  private static let saturatedShare = 0.5
  private static let largest = 1e6
  private static let smallest = 1e-7

  /// All findings, tensor by tensor.
  public static func findings(_ tensors: [ObservedTensor]) -> [Finding] {
    tensors.flatMap { tensor in
      allCases.compactMap { rule in
        rule.message(tensor).map {
          Finding(rule: rule, tensor: tensor.name, collection: tensor.collection, message: $0)
        }
      }
    }
  }

  /// What is wrong; nil: nothing.
  private func message(_ tensor: ObservedTensor) -> String? {
    switch self {
    case .deadFilter: deadFilters(tensor)
    case .saturation: saturation(tensor)
    case .constantOutput: constantOutput(tensor)
    case .exploding: exploding(tensor)
    case .vanishing: vanishing(tensor)
    case .notFinite: notFinite(tensor)
    }
  }

  private func deadFilters(_ tensor: ObservedTensor) -> String? {
    guard tensor.collection == .activations || tensor.collection == .weights,
      tensor.channelRanges.count > 1
    else { return nil }
    let dead = tensor.channelRanges.indices.filter {
      tensor.channelRanges[$0].least == 0 && tensor.channelRanges[$0].largest == 0
    }
    guard !dead.isEmpty else { return nil }
    let list = dead.prefix(8).map { "\($0)" }.joined(separator: ", ") + (dead.count > 8 ? ", …" : "")
    return "\(dead.count) of \(tensor.channelRanges.count) channels are always 0: \(list)"
  }

  private func saturation(_ tensor: ObservedTensor) -> String? {
    guard let bound = tensor.bound, tensor.atBound.of > 0 else { return nil }
    let share = Double(tensor.atBound.count) / Double(tensor.atBound.of)
    guard share > Self.saturatedShare else { return nil }
    return "\(Int((share * 100).rounded())) % of the elements stand at the bound \(bound)"
  }

  private func constantOutput(_ tensor: ObservedTensor) -> String? {
    guard tensor.collection == .outputs, tensor.frames.count > 1, let first = tensor.frames.first,
      tensor.frames.allSatisfy({ $0 == first })
    else { return nil }
    return "the same for all \(tensor.frames.count) frames"
  }

  private func exploding(_ tensor: ObservedTensor) -> String? {
    let size = tensor.frames.map { Swift.max(abs($0[.min]), abs($0[.max])) }.max() ?? 0
    return size > Self.largest ? "numbers of up to \(Float(size))" : nil
  }

  private func vanishing(_ tensor: ObservedTensor) -> String? {
    guard tensor.collection != .biases else { return nil }
    let size = tensor.frames.map { Swift.max(abs($0[.min]), abs($0[.max])) }.max() ?? 0
    guard size > 0, size < Self.smallest else { return nil }
    return "no number is larger than \(Float(size))"
  }

  private func notFinite(_ tensor: ObservedTensor) -> String? {
    let count = tensor.frames.reduce(0) { $0 + $1[.notFinite] }
    guard count > 0 else { return nil }
    let frames = tensor.frames.count { $0[.notFinite] > 0 }
    return "\(Int(count)) elements are NaN or infinite, in \(frames) of \(tensor.frames.count) frames"
  }
}
