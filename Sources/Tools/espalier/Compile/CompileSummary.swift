/// What `compile` says about a network of the pack.
struct LevelReport: Encodable {
  let multiply_adds: UInt64
  let calls: Int
  /// Nil where there was no reason to measure it.
  let time: PackTime?
  let pruning: PruningReport?
  let sparsity: SparsityReport?
  let labelled: LabelledAccuracy?
  let calibration: CalibrationReport?

  func show() {
    pruning?.show()
    sparsity?.show()
    if let labelled {
      print(
        """
        top-1 on \(labelled.frames) labelled frames: \(Format.fixed(labelled.after, 2)) %, before \
        \(Format.fixed(labelled.before, 2)) %
        """)
    }
    calibration?.show()
  }
}

extension Compile {
  /// What is printed.
  struct Summary: Encodable {
    struct Stage: Encodable {
      let name: String
      let ms: Double
    }
    let pack: String
    let bytes: Int
    /// Over those of the ONNX file.
    let size_ratio: Double
    let precision: String
    let calls: Int
    let weight_bytes: Int
    let arena_bytes: Int
    let multiply_adds: UInt64
    let stages: [Stage]
    /// The largest first; one where the pack has one network.
    let levels: [LevelReport]
    /// The nearest first; none where `--resolutions` does not ask.
    let resolutions: [ResolutionReport]
    let kernels: PlannerReport?

    var pruning: PruningReport? { levels[0].pruning }
    var calibration: CalibrationReport? { levels[0].calibration }

    private enum CodingKeys: CodingKey {
      case pack, bytes, size_ratio, precision, calls, weight_bytes, arena_bytes, multiply_adds, stages, levels
      case pruning, sparsity, labelled, calibration, resolutions, kernels
    }

    /// What is said of the first level stands beside the pack's own facts, too, as scripts know it.
    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(pack, forKey: .pack)
      try values.encode(bytes, forKey: .bytes)
      try values.encode(size_ratio, forKey: .size_ratio)
      try values.encode(precision, forKey: .precision)
      try values.encode(calls, forKey: .calls)
      try values.encode(weight_bytes, forKey: .weight_bytes)
      try values.encode(arena_bytes, forKey: .arena_bytes)
      try values.encode(multiply_adds, forKey: .multiply_adds)
      try values.encode(stages, forKey: .stages)
      try values.encodeIfPresent(levels[0].pruning, forKey: .pruning)
      try values.encodeIfPresent(levels[0].sparsity, forKey: .sparsity)
      try values.encodeIfPresent(levels[0].labelled, forKey: .labelled)
      try values.encodeIfPresent(levels[0].calibration, forKey: .calibration)
      if levels.count > 1 { try values.encode(levels, forKey: .levels) }
      if !resolutions.isEmpty { try values.encode(resolutions, forKey: .resolutions) }
      try values.encodeIfPresent(kernels, forKey: .kernels)
    }

    func show(nodeCounts: (before: Int, after: Int)) {
      var table = Table([("", .left), ("", .right), ("", .left)])
      for stage in stages {
        let remark = stage.name == "simplify" ? "\(nodeCounts.before) nodes became \(nodeCounts.after)" : ""
        table.add([stage.name, Format.milliseconds(stage.ms), remark])
      }
      print(table.text)
      print(
        """
        \(pack): \(Format.bytes(bytes)) (\(Format.fixed(size_ratio, 2)) of the model's \
        file), \(calls) kernel calls, \
        \(Format.count(Int(multiply_adds))) multiply-adds a frame, \
        \(Format.bytes(arena_bytes)) working memory
        """)
      kernels?.show()
      if !resolutions.isEmpty { print("\n" + resolutionTable) }
      for (index, level) in levels.enumerated() {
        if levels.count > 1 { print("\nlevel \(index)") }
        level.show()
      }
      if levels.count > 1 { print("\n" + levelTable) }
    }

    private var resolutionTable: String {
      var table = Table([
        ("input", .right), ("multiply-adds", .right), ("median", .right), ("divergence", .right),
        ("other class", .right), ("", .left),
      ])
      for candidate in resolutions {
        table.add([
          candidate.size.map(String.init).joined(separator: "x"), Format.count(candidate.multiply_adds),
          Format.milliseconds(candidate.time.median_ms), Format.fixed(candidate.divergence, 5),
          candidate.disagreement.map { "\(Format.fixed($0 * 100, 2)) %" } ?? "",
          (candidate.pruned ? "" : "fewer pixels alone")
            + (candidate.chosen ? (candidate.pruned ? "chosen" : ", chosen") : ""),
        ])
      }
      return table.text
    }

    private var levelTable: String {
      var table = Table([
        ("level", .right), ("multiply-adds", .right), ("", .right), ("median", .right), ("p99", .right),
        ("other class", .right),
      ])
      for (index, level) in levels.enumerated() {
        let share = 100 * Double(level.multiply_adds) / Double(max(1, multiply_adds))
        table.add([
          "\(index)", Format.count(Int(level.multiply_adds)), "\(Format.fixed(share, 1)) %",
          level.time.map { Format.milliseconds($0.median_ms) } ?? "",
          level.time.map { Format.milliseconds($0.p99_ms) } ?? "",
          level.pruning?.disagreement.map { "\(Format.fixed($0 * 100, 2)) %" } ?? "",
        ])
      }
      return table.text
    }
  }
}
