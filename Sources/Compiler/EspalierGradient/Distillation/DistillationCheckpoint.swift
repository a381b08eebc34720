/// Where a training stands: what is needed to go on as if it had not been interrupted.
///
/// In a file: the magic `ESPDIST1`, the lengths and numbers as 64-bit words, the parameters, moments and best
/// parameters as 32-bit floats, all little-endian, and the CRC-32C of everything before it.
public struct DistillationCheckpoint: Equatable, Sendable {
  /// Of both networks, the frames and the options: a checkpoint of another training is refused.
  public internal(set) var fingerprint: UInt64
  /// Blocks that are trained.
  public internal(set) var finishedBlocks = 0
  /// Steps of the whole network that are done. With the seed it decides every random number to come.
  public internal(set) var step = 0
  var worse = 0
  var bestStep = 0
  var bestLoss = Double.infinity
  var parameters: [Float] = []
  var first: [Float] = []
  var second: [Float] = []
  var best: [Float] = []

  init(fingerprint: UInt64) { self.fingerprint = fingerprint }

  /// Notes where training of the whole network stands.
  ///
  /// - Parameter counts: Whether a judgement that is not the best counts against going on.
  mutating func update(
    _ parameters: [Float], _ adam: Adam, _ judgement: DistillationHistory.Judgement, isBest: Bool,
    counts: Bool = false
  ) {
    (self.parameters, first, second, step) = (parameters, adam.first, adam.second, adam.step)
    worse = isBest ? 0 : worse + (counts ? 1 : 0)
    if isBest { (best, bestLoss, bestStep) = (parameters, judgement.loss, judgement.step) }
  }

  /// Whether it is of this training, with so many trained floats.
  func fits(_ fingerprint: UInt64, parameters count: Int) -> Bool {
    let moments = [first.count, second.count, best.count]
    return self.fingerprint == fingerprint && parameters.count == count
      && moments.allSatisfy { $0 == (step > 0 ? count : 0) }
  }
}
