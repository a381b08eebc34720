internal import CEspalierKernels
internal import EspalierPlan

/// The candidates in a detector's outputs: every class of every place that is likely enough.
struct BoxCollector {
  let form: Plan.Results.Form
  let layout: ResultLayout
  let thresholds: ClassThresholds

  /// - Parameter outputs: Of the form, in its order.
  func collect(
    _ outputs: (first: UnsafePointer<Float>, second: UnsafePointer<Float>), into found: inout Candidates
  ) {
    switch form {
    case .yolov8: collectColumns(outputs.first, into: &found)
    case .yolov5, .yolox: collectRows(outputs.first, into: &found)
    case .fastestdet: collectCells(outputs.first, into: &found)
    case .ssd, .corners: collectScores(outputs.second, into: &found)
    case .detectionOutput: collectDetections(outputs.first, into: &found)
    case .classes, .mask: break
    }
  }

  @inline(__always)
  private func add(_ score: Float, _ place: Int, _ category: Int, into found: inout Candidates) {
    guard score >= thresholds[category - layout.firstClass], score.isFinite else { return }
    found.add(Candidate(score: score, place: UInt32(place), category: UInt32(category)))
  }

  /// Sixteen places at a time: hardly any is likely.
  private func collectColumns(_ values: UnsafePointer<Float>, into found: inout Candidates) {
    let places = layout.places
    for category in layout.firstClass..<layout.classes {
      let row = values + (4 + category) * places
      let threshold = SIMD16<Float>(repeating: thresholds[category - layout.firstClass])
      var place = 0
      while place + 16 <= places {
        let scores = UnsafeRawPointer(row + place).loadUnaligned(as: SIMD16<Float>.self)
        if any(scores .>= threshold) {
          for near in place..<place + 16 { add(row[near], near, category, into: &found) }
        }
        place += 16
      }
      for last in place..<places { add(row[last], last, category, into: &found) }
    }
  }

  /// No class is likelier than that there is an object at all.
  private func collectRows(_ values: UnsafePointer<Float>, into found: inout Candidates) {
    let length = 5 + layout.classes
    for place in 0..<layout.places {
      let row = values + place * length
      let object = row[4]
      guard object >= thresholds.least else { continue }
      for category in layout.firstClass..<layout.classes {
        add(object * row[5 + category], place, category, into: &found)
      }
    }
  }

  /// A score is object^0.6 · class^0.4; powers are computed where a class may be likely enough.
  private func collectCells(_ values: UnsafePointer<Float>, into found: inout Candidates) {
    let cells = layout.places
    for cell in 0..<cells {
      let object = espalier_pow_f32(values[cell], 0.6)
      guard object > 0 || thresholds.least <= 0 else { continue }
      let ratio = espalier_pow_f32(thresholds.least / object, 2.5)
      // Where the object is unlikely beyond what float32 can say, every class is looked at.
      let least = ratio.isFinite ? ratio * 0.999 : 0
      for category in layout.firstClass..<layout.classes {
        let value = values[(5 + category) * cells + cell]
        guard value >= least else { continue }
        add(object * espalier_pow_f32(value, 0.4), cell, category, into: &found)
      }
    }
  }

  private func collectScores(_ scores: UnsafePointer<Float>, into found: inout Candidates) {
    for place in 0..<layout.places {
      let row = scores + place * layout.classes
      for category in layout.firstClass..<layout.classes { add(row[category], place, category, into: &found) }
    }
  }

  /// A frame below 0 ends the rows.
  private func collectDetections(_ rows: UnsafePointer<Float>, into found: inout Candidates) {
    for place in 0..<layout.places {
      let row = rows + place * 7
      guard row[0] >= 0 else { break }
      guard row[1] >= Float(layout.firstClass), row[1] <= 1e6 else { continue }
      add(row[2], place, Int(row[1]), into: &found)
    }
  }
}

/// How likely each class has to be.
struct ClassThresholds {
  /// Of classes that have none of their own.
  let base: Float
  /// No class has a lower one.
  let least: Float
  private let own: UnsafeMutableBufferPointer<Float>

  /// - Parameter own: Of the first classes; stays valid as long as the thresholds are used.
  init(base: Float, own: UnsafeMutableBufferPointer<Float>) {
    (self.base, self.own) = (base, own)
    least = own.reduce(base) { min($0, $1) }
  }

  @inline(__always)
  subscript(category: Int) -> Float { category < own.count ? own[category] : base }
}
