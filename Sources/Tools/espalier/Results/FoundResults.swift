internal import EspalierPlan
internal import EspalierRuntime

/// What a network finds in frames, in words.
struct FoundResults {
  struct FoundBox: Encodable {
    let category: Int
    let label: String?
    let score: Float
    let left: Float
    let top: Float
    let right: Float
    let bottom: Float
  }

  struct FoundClass: Encodable {
    let category: Int
    let label: String?
    let score: Float
  }

  /// The share of a frame's pixels that each class has.
  struct FoundMask: Encodable {
    struct Share: Encodable {
      let category: Int
      let label: String?
      let share: Float
    }

    let output: String
    let width: Int
    let height: Int
    let shares: [Share]
  }

  /// One frame; nil where the pack has results of another kind, or the frame was not computed to its end.
  struct Frame: Encodable {
    let name: String
    /// Edges in pixels of the picture.
    var boxes: [FoundBox]?
    var classes: [FoundClass]?
    var masks: [FoundMask]?
  }

  let frames: [Frame]

  /// - Parameters:
  ///   - top: The most classes of a frame.
  ///   - labels: In place of those of the pack.
  init(
    _ result: FrameResults, _ model: Model, _ results: Plan.Results, _ options: RunResultOptions, top: Int?,
    labels: Labels?
  ) throws {
    let names = labels?.trimmed ?? results.labels
    var wanted = try options.options(names)
    if results.kind == .classes { wanted.capacity = top ?? 5 }
    let reader: ResultReader
    do {
      reader = try ResultReader(results, inputs: model.inputs, outputs: model.outputs, options: wanted)
    } catch { throw UsageError("\(error)") }
    let words = Words(reader: reader, names: names, outputs: model.outputs)
    frames = try (0..<result.frameCount).map { frame in
      let outputs = result.outputs.map { entry in
        let size = entry.array.elements.count / max(1, result.frameCount)
        return Array(entry.array.elements[frame * size..<(frame + 1) * size])
      }
      let isComplete = result.verdicts.isEmpty || result.verdicts[frame].isComplete
      return try words.frame(
        result.origins.indices.contains(frame) ? result.origins[frame] : "\(frame)", outputs,
        transform: result.transforms.indices.contains(frame) ? result.transforms[frame] : nil,
        isComplete: isComplete)
    }
  }

  private struct Words {
    let reader: ResultReader
    let names: [String]
    let outputs: [Plan.Port]

    func label(_ category: Int) -> String? {
      names.indices.contains(category) && !names[category].isEmpty ? names[category] : nil
    }

    func frame(
      _ name: String, _ elements: [[Float]], transform: PictureTransform?, isComplete: Bool
    ) throws -> Frame {
      var frame = Frame(name: name)
      guard isComplete else { return frame }
      let (width, height) = (reader.layout.width, reader.layout.height)
      let transform = transform ?? PictureTransform(inputWidth: width, inputHeight: height)
      try elements.withPointers { outputs in
        switch reader.results.kind {
        case .boxes:
          frame.boxes = try reader.boxes(in: outputs).map { box in
            let box = transform.box(box, input: (width, height))
            return FoundBox(
              category: box.category, label: label(box.category), score: box.score, left: box.left,
              top: box.top, right: box.right, bottom: box.bottom)
          }
        case .classes:
          frame.classes = try reader.classes(in: outputs).map {
            FoundClass(category: $0.category, label: label($0.category), score: $0.score)
          }
        case .mask:
          frame.masks = try reader.layout.masks.indices.map { try mask($0, outputs, transform) }
        }
      }
      return frame
    }

    private func mask(
      _ index: Int, _ elements: UnsafeBufferPointer<UnsafePointer<Float>?>, _ transform: PictureTransform
    ) throws -> FoundMask {
      let (width, height) = (Int(transform.pictureWidth), Int(transform.pictureHeight))
      var counts = [Int](repeating: 0, count: 256)
      var pixels = [UInt8](repeating: 0, count: width * height)
      try pixels.withUnsafeMutableBufferPointer { room in
        guard let start = room.baseAddress else { return }
        try reader.fill(
          MaskRoom(start, width: width, height: height, stride: width), withMask: index, of: elements,
          transform: transform)
      }
      for pixel in pixels { counts[Int(pixel)] += 1 }
      let shares = counts.indices.filter { counts[$0] > 0 }.map {
        FoundMask.Share(
          category: $0, label: label($0), share: Float(counts[$0]) / Float(max(1, width * height)))
      }
      return FoundMask(
        output: outputs[reader.results.outputs[index]].name, width: width, height: height, shares: shares)
    }
  }

  /// A table of what was found.
  var text: String {
    var table = Table([("", .left), ("", .right), ("", .left), ("", .right), ("", .left)])
    for frame in frames {
      var rows: [[String]] = []
      for box in frame.boxes ?? [] {
        let edges = [box.left, box.top, box.right, box.bottom].map { Format.fixed(Double($0), 0) }
        rows.append([
          "\(box.category)", box.label ?? "", percent(box.score),
          "\(edges[0]), \(edges[1]) … \(edges[2]), \(edges[3])",
        ])
      }
      for found in frame.classes ?? [] {
        rows.append(["\(found.category)", found.label ?? "", percent(found.score), ""])
      }
      for mask in frame.masks ?? [] {
        for share in mask.shares {
          rows.append([
            "\(share.category)", share.label ?? "", percent(share.share), "of '\(mask.output)'",
          ])
        }
      }
      if rows.isEmpty { rows = [["", "nothing", "", ""]] }
      for (place, row) in rows.enumerated() { table.add([place == 0 ? frame.name : ""] + row) }
    }
    return table.text
  }

  private func percent(_ share: Float) -> String { "\(Format.fixed(Double(share) * 100, 1)) %" }
}
