internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPlan

/// The frames that ranges are taken from, group by group.
struct CalibrationFrames {
  let groups: [FrameGroup]
  /// Of all numbers in all groups, in order.
  let digest: String

  var count: Int { groups.frameCount }

  /// - Parameter arguments: As `--calibrate` takes them. With one input each is a group; with several inputs
  ///   all together are one.
  init(_ arguments: [String], reader: FrameReader) throws {
    let parts = reader.ports.count == 1 ? arguments.map { [$0] } : [arguments]
    var (groups, digests): ([FrameGroup], [String]) = ([], [])
    for part in parts {
      let inputs = try reader.frames(for: part)
      let group = FrameGroup(name: part.map(Files.name).joined(separator: " "), inputs)
      for frame in group.frames.indices {
        digests.append(SHA256.hexDigest(of: group.elements(frame).flatMap(RawFile.encode)))
      }
      digests.append("")
      groups.append(group)
    }
    self.groups = groups
    digest = SHA256.hexDigest(of: Array(digests.joined(separator: "\n").utf8))
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
