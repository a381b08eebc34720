internal import EspalierPlan

extension Session {
  /// Writes what became of the frames, and what the last watched one showed, as Prometheus text (exposition format
  /// 0.0.4): counters of frames by outcome, gauges of every watched tensor, alarms by tensor and rule.
  ///
  /// Allocates nothing. Call it between frames.
  ///
  /// - Parameter room: Gets the text from its beginning on. Where it is too small, the text is cut off.
  /// - Returns: How many bytes the whole text has.
  public func writeMetrics(into room: UnsafeMutableBufferPointer<UInt8>) -> Int {
    var text = MetricsText(room)
    text.writeFrames(counters)
    if let watcher { watcher.writeMetrics(to: &text) }
    return text.byteCount
  }
}

extension MetricsText {
  fileprivate mutating func writeFrames(_ counters: SessionCounters) {
    begin("espalier_frames_total", "counter", "Frames by what became of them.")
    sample("espalier_frames_total", "outcome", "met", counters.met)
    sample("espalier_frames_total", "outcome", "late", counters.late)
    sample("espalier_frames_total", "outcome", "cancelled", counters.cancelled)
    sample("espalier_frames_total", "outcome", "skipped", counters.skipped)
    begin("espalier_frames_degraded_total", "counter", "Frames that a smaller network was run for.")
    write("espalier_frames_degraded_total")
    end(counters.degraded)
    begin("espalier_frames_missing_total", "counter", "Frames missing by their numbers.")
    write("espalier_frames_missing_total")
    end(counters.missing)
  }

  private mutating func sample(
    _ name: StaticString, _ label: StaticString, _ value: StaticString, _ count: UInt64
  ) {
    write(name)
    self.label(label, value)
    endLabels()
    end(count)
  }
}

extension TensorWatcher {
  fileprivate func writeMetrics(to text: inout MetricsText) {
    text.begin("espalier_watched_frames_total", "counter", "Frames whose tensors were looked at.")
    text.write("espalier_watched_frames_total")
    text.end(watchedFrames)
    text.begin(
      "espalier_watched_frames_abandoned_total", "counter", "Frames to be looked at that were cancelled.")
    text.write("espalier_watched_frames_abandoned_total")
    text.end(abandonedFrames)
    if watchedFrames > 0 { writeTensors(to: &text) }
    text.begin("espalier_alarms_total", "counter", "How often a tensor began to break a rule.")
    writeRules("espalier_alarms_total", to: &text) { $0.alarms }
    text.begin("espalier_alarm_raised", "gauge", "Whether a tensor breaks a rule at present.")
    writeRules("espalier_alarm_raised", to: &text) { $0.isRaised ? 1 : 0 }
  }

  private func writeTensors(to text: inout MetricsText) {
    text.begin("espalier_tensor_mean", "gauge", "Mean of a watched tensor.")
    write("espalier_tensor_mean", to: &text) { $0.mean }
    text.begin(
      "espalier_tensor_standard_deviation", "gauge", "Standard deviation of a watched tensor's elements.")
    write("espalier_tensor_standard_deviation", to: &text) { $0.standardDeviation }
    text.begin("espalier_tensor_least", "gauge", "Least element of a watched tensor.")
    write("espalier_tensor_least", to: &text) { $0.least }
    text.begin("espalier_tensor_largest", "gauge", "Largest element of a watched tensor.")
    write("espalier_tensor_largest", to: &text) { $0.largest }
    text.begin(
      "espalier_tensor_saturated_ratio", "gauge",
      "Share of a watched tensor's elements at or beyond their limits.")
    write("espalier_tensor_saturated_ratio", to: &text) { $0.saturatedShare }
    text.begin(
      "espalier_tensor_not_finite", "gauge", "Elements of a watched tensor that are NaN or infinite.")
    write("espalier_tensor_not_finite", to: &text) { Float($0.nanCount + $0.infinityCount) }
    text.begin(
      "espalier_tensor_drift", "gauge",
      "Distance of a watched tensor's mean from calibration in standard deviations; NaN without calibration.")
    write("espalier_tensor_drift", to: &text) { $0.drift }
  }

  private func write(
    _ name: StaticString, to text: inout MetricsText, _ value: (TensorObservation) -> Float
  ) {
    for tensor in 0..<tensorCount {
      guard let observation = observation(tensor) else { continue }
      text.write(name)
      text.label("tensor", watch(tensor).statistics.name)
      text.endLabels()
      text.end(value(observation))
    }
  }

  private func writeRules(
    _ name: StaticString, to text: inout MetricsText, _ value: (RuleRecord) -> UInt64
  ) {
    for tensor in 0..<tensorCount {
      for number in 0..<RoadRule.count {
        guard let rule = RoadRule(rawValue: UInt8(number)) else { continue }
        text.write(name)
        text.label("tensor", watch(tensor).statistics.name)
        text.label("rule", rule.name, isFirst: false)
        text.endLabels()
        text.end(value(record(tensor, rule)))
      }
    }
  }
}
