internal import EspalierKernels

/// One of the kernels that compute a layer, and how its work is cut.
public enum KernelChoice: Hashable, Sendable {
  /// Products over offset lists.
  ///
  /// `panelsInner`: all output channels of a block of pixels come before the next block.
  case gemm(panelsInner: Bool)
  /// Winograd's algorithm on tiles of so many output pixels along an edge.
  case winograd(tile: Int)
  /// One filter per channel.
  case depthwise
}

extension KernelChoice: CustomStringConvertible {
  private static let names: [(String, KernelChoice)] = [
    ("gemm-inner", .gemm(panelsInner: true)), ("gemm-outer", .gemm(panelsInner: false)),
    ("winograd-4", .winograd(tile: 4)), ("winograd-2", .winograd(tile: 2)), ("depthwise", .depthwise),
  ]

  public var description: String { Self.names.first { $0.1 == self }?.0 ?? "winograd" }

  /// Nil where no choice has this name.
  public init?(_ name: String) {
    guard let found = Self.names.first(where: { $0.0 == name }) else { return nil }
    self = found.1
  }
}

extension LayerShape {
  /// Every kernel that computes the layer; all give outputs of the same meaning, those in 8 bits the same bytes.
  public var candidates: [KernelChoice] {
    if isDepthwise { return [.depthwise] }
    let products: [KernelChoice] = [.gemm(panelsInner: true), .gemm(panelsInner: false)]
    return products + (winogradTiles.map { .winograd(tile: $0) })
  }

  /// The tiles for which there is a Winograd kernel. That on bytes also needs weights whose sums fit it; layers with
  /// others get ``favoriteProducts`` instead.
  private var winogradTiles: [Int] {
    let fits = kernel == [3, 3] && strides == [1, 1] && dilations == [1, 1] && groups == 1
    return fits ? [4, 2] : []
  }

  /// What the cost model in `EspalierKernels` says, where nothing was measured.
  public var favorite: KernelChoice {
    if isDepthwise { return .depthwise }
    if !winogradTiles.isEmpty, case .winograd(let tile, _) = modelled { return .winograd(tile: tile) }
    return favoriteProducts
  }

  /// The favorite among the orders of products over offset lists.
  var favoriteProducts: KernelChoice {
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: outputChannels / groups)
    let inner = ConvGemm.panelsInner(
      pixels: pixels, depth: inputChannels / groups * merging * kernel[0] * kernel[1],
      outputChannels: outputChannels / groups * merging)
    return .gemm(panelsInner: inner)
  }

  private var modelled: ConvolutionChoice {
    guard precision == .float32 else {
      return ByteConvolutionChoice.best(
        batch: batch, outputHeight: height, outputWidth: width, inputChannels: inputChannels,
        outputChannels: outputChannels)
    }
    return ConvolutionChoice.best(
      batch: batch, outputHeight: height, outputWidth: width, inputChannels: inputChannels,
      outputChannels: outputChannels, kernel: (kernel[0], kernel[1]), stride: (strides[0], strides[1]),
      dilation: (dilations[0], dilations[1]), groups: groups)
  }
}

/// Which kernel layers shall have, by their shapes. A layer that stands not in it, or with a kernel that it cannot
/// have, gets its favorite.
public struct KernelChoices: Sendable, Equatable {
  public private(set) var byShape: [LayerShape: KernelChoice]

  public init(_ byShape: [LayerShape: KernelChoice] = [:]) { self.byShape = byShape }

  public subscript(_ shape: LayerShape) -> KernelChoice {
    guard let own = byShape[shape], shape.candidates.contains(own) else { return shape.favorite }
    return own
  }
}

extension KernelChoices: CustomStringConvertible {
  /// The layers that do not get their favorite, one a line, in order: the kernel, then the shape.
  public var description: String {
    byShape.keys.sorted().filter { self[$0] != $0.favorite }.map { "\(self[$0]) \($0)" }
      .joined(separator: "\n")
  }

  /// From the text of another; lines that mean nothing count for nothing.
  public init(_ text: String) {
    byShape = [:]
    for line in text.split(separator: "\n" as Character) {
      guard let space = line.firstIndex(of: " "), let choice = KernelChoice(String(line[..<space])),
        let shape = LayerShape(String(line[line.index(after: space)...]))
      else { continue }
      byShape[shape] = choice
    }
  }
}
