internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierPlan

/// The frames that ranges are taken from, group by group.
struct CalibrationFrames {
  /// With `known` nobody may ask for other frames than `PostTrainingQuantization.framesRead` names.
  let groups: [FrameGroup]
  /// Those that are held in memory; all of them without `known`.
  let read: [FrameGroup]
  /// What all frames showed elsewhere.
  var known: CalibrationStatistics?
  /// Of all numbers in all groups, in order.
  let digest: String

  var count: Int { groups.frameCount }

  /// - Parameter arguments: As `--calibrate` takes them. With one input each is a group; with several inputs
  ///   all together are one.
  init(_ arguments: [String], reader: FrameReader) throws {
    let parts = Self.parts(arguments, reader)
    var (groups, digests): ([FrameGroup], [String]) = ([], [])
    for part in parts {
      let inputs = try reader.frames(for: part)
      let group = FrameGroup(name: part.map(Files.name).joined(separator: " "), inputs)
      for frame in group.frames.indices {
        digests.append(Self.digest(of: group.elements(frame)))
      }
      digests.append("")
      groups.append(group)
    }
    (self.groups, read) = (groups, groups)
    digest = SHA256.hexDigest(of: Array(digests.joined(separator: "\n").utf8))
  }

  /// Reads the frames alone that a quantization needs beside statistics of all.
  ///
  /// - Parameters:
  ///   - known: What `merge` made of the parts of `calibrate`.
  ///   - path: Of its file.
  /// - Throws: `CommandError` where the frames are others than those of the statistics.
  init(_ arguments: [String], reader: FrameReader, known: CalibrationStatistics, path: String) throws {
    let frames = try IndexedFrames(arguments, reader: reader)
    guard frames.counts == known.groups, frames.namesDigest == known.run["frames"] else {
      throw CommandError("'\(path)' is of other frames than --calibrate: these have other names or numbers")
    }
    let chosen = PostTrainingQuantization.framesRead(of: frames.counts)
    groups = try frames.groups(reading: chosen)
    read = zip(groups, chosen).map { group, chosen in
      FrameGroup(name: group.name, frames: chosen.map { group.frames[$0] }) { group.elements(chosen[$0]) }
    }
    var (digests, first): ([String], Int) = ([], 0)
    for (group, chosen) in zip(groups, chosen) {
      let own = known.digests[first..<first + group.frames.count]
      for frame in chosen where Self.digest(of: group.elements(frame)) != own[first + frame] {
        throw CommandError(
          "'\(path)' is of other frames than --calibrate: '\(group.frames[frame])' has changed")
      }
      digests += own + [""]
      first += group.frames.count
    }
    digest = SHA256.hexDigest(of: Array(digests.joined(separator: "\n").utf8))
    self.known = known
  }

  /// With one input each argument is a group; with several inputs all together are one.
  static func parts(_ arguments: [String], _ reader: FrameReader) -> [[String]] {
    reader.ports.count == 1 ? arguments.map { [$0] } : [arguments]
  }

  /// Of one frame's elements.
  static func digest(of elements: [[Float]]) -> String {
    SHA256.hexDigest(of: elements.flatMap(RawFile.encode))
  }
}

extension FrameGroup {
  /// - Precondition: All inputs have the same number of frames.
  init(name: String, _ inputs: [InputFrames]) {
    let origins = inputs.first?.origins ?? []
    let names = (0..<(inputs.first?.frameCount ?? 0)).map { $0 < origins.count ? origins[$0] : "\($0)" }
    self.init(name: name, frames: names) { frame in
      inputs.map { input in
        let size = input.elements.count / max(1, input.frameCount)
        return Array(input.elements[frame * size..<(frame + 1) * size])
      }
    }
  }
}
