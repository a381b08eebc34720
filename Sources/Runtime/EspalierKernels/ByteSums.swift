/// What is proved of weights, so that kernels may add some products with bytes in 16 bits: the fastest way on
/// processors that multiply pairs of bytes, but not four at once (`espalier_byte_sums`).
///
/// A lane is an output channel's weights at taps 0 and 1, or at 2 and 3, of a quad.
public enum ByteSums: UInt8, Sendable, CaseIterable {
  /// Nothing.
  case words = 0
  /// Of each lane, the positive weights add up to 128 at most, and the negative ones to −128.
  case pairs = 1
  /// And so do each lane of a run's quads 2i together with that of quad 2i + 1.
  case fours = 2

  /// Bytes are at most 255 and 16 bits hold −32,768…32,767.
  public static let limit = 128

  /// Whether no sum of some of these weights' products with bytes leaves 16 bits.
  static func fit(_ weights: some Sequence<Int8>) -> Bool {
    var (highest, lowest) = (0, 0)
    for weight in weights {
      if weight > 0 { highest += Int(weight) } else { lowest += Int(weight) }
    }
    return highest <= limit && lowest >= -limit
  }
}

extension ByteConvGemm.Packing {
  /// The positions in a panel's rows that are added together in 16 bits.
  private func rows(addedBy sums: ByteSums) -> [[Int]] {
    guard sums != .words else { return [] }
    var lanes: [[Int]] = []
    for start in stride(from: 0, to: rows.count, by: runLength) {
      for quad in stride(from: 0, to: runLength, by: sums == .fours ? 8 : 4) {
        for first in [start + quad, start + quad + 2] {
          let next = sums == .fours && quad + 4 < runLength ? [first + 4, first + 5] : []
          lanes.append([first, first + 1] + next)
        }
      }
    }
    return lanes
  }

  /// What holds of each panel.
  ///
  /// - Parameter panels: As `panels(of:)` gives them.
  public func sums(of panels: [Int8]) -> [ByteSums] {
    let width = ConvGemm.panelWidth, size = rows.count * width
    let claims = [ByteSums.fours, .pairs].map { (sums: $0, lanes: rows(addedBy: $0)) }
    return stride(from: 0, to: size == 0 ? 0 : panels.count, by: size).map { panel in
      let proved = claims.first { claim in
        claim.lanes.allSatisfy { lane in
          (0..<width).allSatisfy { channel in
            ByteSums.fit(lane.lazy.map { panels[panel + $0 / 4 * width * 4 + channel * 4 + $0 % 4] })
          }
        }
      }
      return proved?.sums ?? .words
    }
  }

  /// The weights of a filter `[C / groups, KH, KW]` that must fit 16 bits together, by their positions in it.
  ///
  /// - Parameter member: Which of the merged groups the filter belongs to.
  public func lanes(of sums: ByteSums, member: Int) -> [[Int]] {
    rows(addedBy: sums).map { lane in
      lane.compactMap { position in
        guard let row = rows[position], row.channel / shape[1] == member else { return nil }
        return (row.channel % shape[1] * shape[2] + row.ky) * shape[3] + row.kx
      }
    }.filter { $0.count > 1 }
  }
}

extension ByteConvDepthwise {
  /// As `ByteConvGemm.Packing.lanes`, for a filter `[KH, KW]`: pairs of rows, also where two rows of outputs share
  /// what is loaded, whose filters begin one row apart.
  public static func lanes(kernelHeight: Int, kernelWidth: Int) -> [[Int]] {
    (0..<kernelWidth).flatMap { kx in
      (0..<max(kernelHeight - 1, 0)).map { ky in [ky * kernelWidth + kx, (ky + 1) * kernelWidth + kx] }
    }
  }
}
