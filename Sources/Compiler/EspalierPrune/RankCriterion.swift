/// By what the channels that may be cut are put in order.
public enum RankCriterion: String, Sendable, CaseIterable {
  /// What the layers that read a channel lose at least, once the other channels make up for it as best they
  /// can, channel after channel (`BrainSurgeon`).
  case obs
  /// What a channel adds to the layers that read it: its mean square times that of its weights.
  case contribution
  /// The mean magnitude of what is read of a channel.
  case meanActivation = "mean-activation"
  /// How much of what is read of a channel is not 0.
  case zeros
  /// The sum of the magnitudes of the weights that make a channel.
  case l1
  /// The root of the sum of their squares.
  case l2
  /// None: a seeded shuffle, the baseline of all others.
  case random

  /// Whether frames have to be looked at.
  public var needsFrames: Bool {
    switch self {
    case .obs, .contribution, .meanActivation, .zeros: true
    case .l1, .l2, .random: false
    }
  }
}
