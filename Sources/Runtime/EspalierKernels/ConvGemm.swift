/// The filter element that one float of a pixel's input meets: one row of the K axis of `conv_gemm_f32`.
public struct ConvGemmRow: Sendable, Equatable {
  /// Input channel, counted from the first channel of the (merged) group.
  public var channel: Int
  /// Row and column of the filter.
  public var ky: Int, kx: Int

  public init(channel: Int, ky: Int, kx: Int) {
    self.channel = channel
    self.ky = ky
    self.kx = kx
  }
}

/// Packing for the kernel family `conv_gemm_f32`: filters in panels of 16 output channels, the K axis in the
/// order of the call's runs.
public enum ConvGemm {
  /// Output channels of a panel.
  public static let panelWidth = 16

  /// How many neighboring groups to compute as one, as blocks on the diagonal of one panel.
  ///
  /// Multiplying by the zeros beside the diagonal costs no more than multiplying by the zeros that would pad
  /// each group's own panel to 16 channels, and saves tiles, epilogues and masked stores.
  ///
  /// - Returns: The largest divisor of `groups` whose groups have at most 16 output channels together.
  public static func groupsToMerge(groups: Int, outputChannelsPerGroup: Int) -> Int {
    var merged = 1
    for divisor in 1...min(groups, panelWidth)
    where groups % divisor == 0 && divisor * outputChannelsPerGroup <= panelWidth {
      merged = divisor
    }
    return merged
  }

  /// Rows for runs that each read all channels of one filter tap.
  ///
  /// - Parameters:
  ///   - taps: The filter taps in the order of the runs.
  ///   - channels: Input channels of a group; of a merged group, those of its groups together.
  public static func rows(taps: [(ky: Int, kx: Int)], channels: Int) -> [ConvGemmRow?] {
    var rows: [ConvGemmRow?] = []
    rows.reserveCapacity(taps.count * channels)
    for tap in taps {
      for channel in 0..<channels { rows.append(ConvGemmRow(channel: channel, ky: tap.ky, kx: tap.kx)) }
    }
    return rows
  }

  /// Packs filters into panels, `[groups / merging][panels][rows][16]`.
  ///
  /// - Parameters:
  ///   - weights: Filters, `[M, C / groups, KH, KW]`, row by row.
  ///   - shape: The four extents of `weights`.
  ///   - groups: Groups of the convolution.
  ///   - merging: How many neighboring groups one group of the call stands for; a divisor of `groups`. The
  ///     call then has `groups / merging` groups of `merging * M / groups` output channels.
  ///   - rows: What every float of a pixel's runs meets, in the order of the runs; nil meets zeros. A row of
  ///     merged groups counts its channel from the first of them.
  public static func packFilters(
    _ weights: [Float], shape: [Int], groups: Int, merging: Int = 1, rows: [ConvGemmRow?]
  ) -> [Float] {
    precondition(shape.count == 4 && weights.count == shape.reduce(1, *))
    precondition(groups % merging == 0 && shape[0] % groups == 0)
    let channels = shape[1], outputsOfOne = shape[0] / groups, outputs = outputsOfOne * merging
    let panels = (outputs + panelWidth - 1) / panelWidth
    let filterSize = channels * shape[2] * shape[3]
    var packed = [Float](repeating: 0, count: groups / merging * panels * rows.count * panelWidth)
    for group in 0..<groups / merging {
      let panelsStart = group * panels * rows.count * panelWidth
      for (k, row) in rows.enumerated() {
        guard let row else { continue }
        precondition(row.channel < channels * merging && row.ky < shape[2] && row.kx < shape[3])
        let member = row.channel / channels
        let tap = (row.channel % channels * shape[2] + row.ky) * shape[3] + row.kx
        let filter = (group * outputs + member * outputsOfOne) * filterSize + tap
        for output in 0..<outputsOfOne {
          let lane = member * outputsOfOne + output
          let panel = panelsStart + lane / panelWidth * rows.count * panelWidth
          packed[panel + k * panelWidth + lane % panelWidth] = weights[filter + output * filterSize]
        }
      }
    }
    return packed
  }

  /// Packs one addend per output channel, `[M]`, as `[groups / merging][panels][16]`, zeros where padded.
  public static func packBias(_ bias: [Float], groups: Int, merging: Int = 1) -> [Float] {
    let outputs = bias.count / groups * merging
    let panels = (outputs + panelWidth - 1) / panelWidth
    var packed = [Float](repeating: 0, count: groups / merging * panels * panelWidth)
    for (channel, value) in bias.enumerated() {
      packed[channel / outputs * panels * panelWidth + channel % outputs] = value
    }
    return packed
  }

  /// Whether a call should compute all panels for a block of pixels before the next block.
  ///
  /// The operand that is read once per block of the other should be the smaller one: it then stays in the
  /// second-level cache, and the larger one is read from memory only once.
  ///
  /// - Parameters:
  ///   - pixels: Output pixels of the call.
  ///   - depth: Floats that one pixel reads (`run_count * run_length`).
  ///   - outputChannels: Output channels of one group.
  public static func panelsInner(pixels: Int, depth: Int, outputChannels: Int) -> Bool {
    outputChannels <= pixels
  }
}
