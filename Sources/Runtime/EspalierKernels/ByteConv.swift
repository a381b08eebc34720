/// Packing for the kernel family `conv_gemm_u8`: filters in panels of 16 output channels, quads of four
/// neighboring input bytes together.
public enum ByteConvGemm {
  /// Input bytes that one lane multiplies at once.
  static let quad = 4

  /// Where a convolution's taps and channels come to lie.
  public struct Packing: Sendable {
    /// Bytes from an output pixel's first input byte to the start of each run.
    public let runs: [Int]
    /// A multiple of 4; what is beyond the group's channels meets weights of 0.
    public let runLength: Int
    /// Input channels of a (merged) group.
    public let channels: Int
    /// Output channels of a (merged) group.
    public let outputs: Int
    let shape: [Int]
    private let groups: Int
    private let merging: Int
    /// The filter element that each byte of all runs meets.
    let rows: [ConvGemmRow?]

    /// - Parameters:
    ///   - shape: Of the filters, `[M, C / groups, KH, KW]`.
    ///   - groups: Of the convolution.
    ///   - merging: How many neighboring groups one group of the call stands for.
    ///   - tapSteps: Bytes between the inputs of neighboring taps.
    public init(shape: [Int], groups: Int, merging: Int, tapSteps: (row: Int, column: Int)) {
      (self.shape, self.groups, self.merging) = (shape, groups, merging)
      channels = shape[1] * merging
      outputs = shape[0] / groups * merging
      let length = (channels + quad - 1) / quad * quad
      // Taps of a row that continue each other are one run.
      let joins = tapSteps.column == length && groups == merging
      let tapsPerRun = joins ? shape[3] : 1
      var (runs, rows): ([Int], [ConvGemmRow?]) = ([], [])
      for ky in 0..<shape[2] {
        for kx in 0..<shape[3] {
          if kx % tapsPerRun == 0 { runs.append(ky * tapSteps.row + kx * tapSteps.column) }
          for channel in 0..<length {
            rows.append(channel < channels ? ConvGemmRow(channel: channel, ky: ky, kx: kx) : nil)
          }
        }
      }
      self.runs = runs
      self.rows = rows
      runLength = length * tapsPerRun
    }

    private var panelsOfGroup: Int { (outputs + ConvGemm.panelWidth - 1) / ConvGemm.panelWidth }

    /// `[groups / merging][panels][rows / 4][16][4]`, zeros where padded.
    ///
    /// - Precondition: `weights` holds the filters row by row.
    public func panels(of weights: [Int8]) -> [Int8] {
      precondition(weights.count == shape.reduce(1, *))
      let width = ConvGemm.panelWidth, outputsOfOne = shape[0] / groups
      let filterSize = shape[1] * shape[2] * shape[3]
      let panelSize = rows.count * width
      var packed = [Int8](repeating: 0, count: groups / merging * panelsOfGroup * panelSize)
      for group in 0..<groups / merging {
        for (k, row) in rows.enumerated() {
          guard let row else { continue }
          let member = row.channel / shape[1]
          let tap = (row.channel % shape[1] * shape[2] + row.ky) * shape[3] + row.kx
          let filter = (group * outputs + member * outputsOfOne) * filterSize + tap
          for output in 0..<outputsOfOne {
            let lane = member * outputsOfOne + output
            let panel = (group * panelsOfGroup + lane / width) * panelSize
            packed[panel + k / quad * width * quad + lane % width * quad + k % quad] =
              weights[filter + output * filterSize]
          }
        }
      }
      return packed
    }

    /// 16 scales and 16 offsets per panel, zeros where padded.
    ///
    /// - Precondition: One of each per output channel.
    public func scalesAndOffsets(_ scales: [Float], _ offsets: [Float]) -> [Float] {
      let width = ConvGemm.panelWidth
      var packed = [Float](repeating: 0, count: groups / merging * panelsOfGroup * 2 * width)
      for channel in scales.indices {
        let lane = channel % outputs
        let panel = channel / outputs * panelsOfGroup + lane / width
        packed[panel * 2 * width + lane % width] = scales[channel]
        packed[panel * 2 * width + width + lane % width] = offsets[channel]
      }
      return packed
    }
  }
}

/// Packing for the kernel family `conv_depthwise_u8`.
public enum ByteConvDepthwise {
  /// Packs filters `[C, KH, KW]` as `[KW][(KH + 3) / 4][C rounded up to 16][4]`, zeros where padded.
  public static func packFilters(
    _ filters: [Int8], channels: Int, kernelHeight: Int, kernelWidth: Int
  ) -> [Int8] {
    precondition(filters.count == channels * kernelHeight * kernelWidth)
    let (rows, width) = ((kernelHeight + 3) / 4, (channels + 15) / 16 * 16)
    var packed = [Int8](repeating: 0, count: kernelWidth * rows * width * 4)
    for channel in 0..<channels {
      for ky in 0..<kernelHeight {
        for kx in 0..<kernelWidth {
          packed[((kx * rows + ky / 4) * width + channel) * 4 + ky % 4] =
            filters[(channel * kernelHeight + ky) * kernelWidth + kx]
        }
      }
    }
    return packed
  }

  /// Whether `ByteSums.pairs` holds of all packed weights.
  public static func pairsFit(_ weights: [Int8]) -> Bool {
    stride(from: 0, to: weights.count - 1, by: 2).allSatisfy { ByteSums.fit([weights[$0], weights[$0 + 1]]) }
  }

  /// One number per channel, padded with zeros to a multiple of 16.
  public static func padded(_ numbers: [Float]) -> [Float] {
    numbers + [Float](repeating: 0, count: (16 - numbers.count % 16) % 16)
  }
}
