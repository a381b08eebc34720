/// When enough frames have been timed: the least number and the least time, both; or the answer, or the most time.
struct StopRule: Sendable {
  var leastFrames: Int
  var leastSeconds = 0.0
  var mostSeconds = Double.infinity
  /// Answers a question; the least number and time count for nothing then.
  var question: EarlyStopping?

  init(frames: Int) { leastFrames = frames }

  init(asking question: EarlyStopping) {
    leastFrames = 0
    self.question = question
  }

  /// - Parameter milliseconds: What the frame took that was just timed.
  mutating func add(_ milliseconds: Double) { question?.add(milliseconds) }

  func isEnough(frames: Int, seconds: Double) -> Bool {
    if seconds >= mostSeconds { return true }
    if let question { return question.decision != nil && seconds >= leastSeconds }
    return frames >= leastFrames && seconds >= leastSeconds
  }

  /// About how many frames it will be, for who waits.
  func estimate(frames: Int, seconds: Double) -> Int {
    if let question {
      let late = min(question.late, EarlyStopping.mostDiscards)
      return max(frames, EarlyStopping.framesNeeded(for: question.fraction, discards: late))
    }
    let byTime = seconds > 0 ? Int((Double(frames) * leastSeconds / seconds).rounded(.up)) : 0
    return max(leastFrames, byTime, frames)
  }
}

/// What runs before frames are timed: so many frames and so long, both.
struct Warmup: Sendable, Equatable {
  var frames = 10
  var seconds = 0.0
}
