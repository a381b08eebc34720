internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPlan

/// Calibration frames, group by group, of which none is read before it is asked for.
struct IndexedFrames {
  /// Of each group the name, and where the frames of each input lie.
  private let parts: [(name: String, indexes: [FrameIndex])]
  /// How many frames each group has.
  let counts: [Int]

  /// - Parameter arguments: As `--calibrate` takes them.
  /// - Throws: As `FrameReader.indexes(for:)`.
  init(_ arguments: [String], reader: FrameReader) throws {
    parts = try CalibrationFrames.parts(arguments, reader).map { part in
      (part.map(Files.name).joined(separator: " "), try reader.indexes(for: part))
    }
    counts = parts.map { $0.indexes.first?.count ?? 0 }
    for (part, count) in zip(parts, counts) where count == 0 {
      throw ObservationError.noFrames(group: part.name)
    }
  }

  /// Of all groups.
  var total: Int { counts.reduce(0, +) }

  /// - Parameter frame: Counted through all groups.
  func group(of frame: Int) -> Int { place(of: frame).group }

  func name(of frame: Int) -> String {
    let (group, own) = place(of: frame)
    return parts[group].indexes.first?.name(of: own) ?? "\(own)"
  }

  /// One frame's elements, input by input.
  ///
  /// - Throws: `CommandError`, `MediaError`.
  func elements(of frame: Int) throws -> [[Float]] {
    let (group, own) = place(of: frame)
    return try parts[group].indexes.map { try $0.elements(of: own) }
  }

  private func place(of frame: Int) -> (group: Int, own: Int) {
    var own = frame
    for (group, count) in counts.enumerated() {
      if own < count { return (group, own) }
      own -= count
    }
    preconditionFailure("there is no frame \(frame)")
  }

  /// All groups, of which the frames named are read now.
  ///
  /// - Parameter chosen: Of each group; nobody may ask for the elements of others.
  /// - Throws: `CommandError`, `MediaError`.
  func groups(reading chosen: [[Int]]) throws -> [FrameGroup] {
    var progress = Progress("reading frames", total: chosen.reduce(0) { $0 + $1.count })
    defer { progress.finish() }
    return try parts.enumerated().map { group, part in
      var held: [Int: [[Float]]] = [:]
      for frame in chosen[group] {
        held[frame] = try part.indexes.map { try $0.elements(of: frame) }
        progress.advance()
      }
      let elements = held
      return FrameGroup(name: part.name, frames: part.indexes.first?.names ?? []) { frame in
        guard let found = elements[frame] else { preconditionFailure("frame \(frame) was not read") }
        return found
      }
    }
  }

  /// Of what all frames are called.
  var namesDigest: String {
    let names = parts.flatMap { part in
      [part.name] + part.indexes.map { "\($0.port.name)\n" + $0.names.joined(separator: "\n") }
    }
    return SHA256.hexDigest(of: Array(names.joined(separator: "\n\n").utf8))
  }
}
