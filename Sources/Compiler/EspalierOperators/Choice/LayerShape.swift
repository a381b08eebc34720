public import EspalierGraph

/// What the time of a convolution or product depends on, whatever its weights.
///
/// Its text is `f32 1x56x56 64-128 k3x3 s1x1 d1x1 g1`: precision; frames, height and width of the output; input and
/// output channels of all groups; kernel, strides, dilations, groups.
public struct LayerShape: Hashable, Sendable {
  /// What a layer computes in.
  public enum Precision: String, Sendable { case float32 = "f32", bytes = "u8" }

  public var precision: Precision
  public var batch: Int
  public var height: Int
  public var width: Int
  /// Of all groups together.
  public var inputChannels: Int
  public var outputChannels: Int
  /// Along height and width.
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  public var groups: Int

  public init(
    _ precision: Precision, batch: Int = 1, height: Int, width: Int, inputChannels: Int,
    outputChannels: Int, kernel: [Int] = [1, 1], strides: [Int] = [1, 1], dilations: [Int] = [1, 1],
    groups: Int = 1
  ) {
    self.precision = precision
    (self.batch, self.height, self.width) = (batch, height, width)
    (self.inputChannels, self.outputChannels) = (inputChannels, outputChannels)
    (self.kernel, self.strides, self.dilations, self.groups) = (kernel, strides, dilations, groups)
  }

  public var isDepthwise: Bool {
    groups > 1 && groups == inputChannels && inputChannels == outputChannels
  }

  public var pixels: Int { batch * height * width }

  /// By the definition.
  public var multiplyAdds: Int {
    pixels * outputChannels * (inputChannels / groups) * kernel[0] * kernel[1]
  }

  /// The same layer in another precision.
  public func computed(in precision: Precision) -> LayerShape {
    var shape = self
    shape.precision = precision
    return shape
  }
}

// MARK: - Text

extension LayerShape: CustomStringConvertible, Comparable {
  public var description: String {
    func by(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: "x") }
    return """
      \(precision.rawValue) \(by([batch, height, width])) \(inputChannels)-\(outputChannels) \
      k\(by(kernel)) s\(by(strides)) d\(by(dilations)) g\(groups)
      """
  }

  /// Nil where the text is none of a shape, or one that no network has.
  public init?(_ text: String) {
    let words = text.split(separator: " " as Character).map(String.init)
    guard words.count == 7, let precision = Precision(rawValue: words[0]),
      let image = Self.numbers(words[1], separator: "x", count: 3),
      let channels = Self.numbers(words[2], separator: "-", count: 2),
      let kernel = Self.numbers(words[3], prefix: "k", separator: "x", count: 2),
      let strides = Self.numbers(words[4], prefix: "s", separator: "x", count: 2),
      let dilations = Self.numbers(words[5], prefix: "d", separator: "x", count: 2),
      let groups = Self.numbers(words[6], prefix: "g", separator: "x", count: 1),
      channels.allSatisfy({ $0 % groups[0] == 0 }),
      Self.isBearable(image + channels + kernel)
    else { return nil }
    self.init(
      precision, batch: image[0], height: image[1], width: image[2], inputChannels: channels[0],
      outputChannels: channels[1], kernel: kernel, strides: strides, dilations: dilations,
      groups: groups[0])
  }

  /// No layer has more multiply-adds, and none that are counted with padding then overflow.
  private static func isBearable(_ factors: [Int]) -> Bool {
    var product = 1
    for factor in factors {
      let (next, overflows) = product.multipliedReportingOverflow(by: factor)
      guard !overflows, next <= 1 << 50 else { return false }
      product = next
    }
    return true
  }

  private static func numbers(
    _ word: String, prefix: String = "", separator: Character, count: Int
  ) -> [Int]? {
    guard word.hasPrefix(prefix) else { return nil }
    let numbers = word.dropFirst(prefix.count).split(separator: separator, omittingEmptySubsequences: false)
      .compactMap { Int($0) }
    guard numbers.count == count, numbers.allSatisfy({ (1...Lowering.axisLimit).contains($0) }) else {
      return nil
    }
    return numbers
  }

  public static func < (a: LayerShape, b: LayerShape) -> Bool { a.description < b.description }
}

// MARK: - Shapes of nodes

/// An operator whose work is that of a convolution.
public protocol ConvolutionLike: Operator {
  /// - Parameter inputs: The input types.
  /// - Returns: Nil where no kernel takes it.
  func layerShape(_ inputs: [TensorType]) -> LayerShape?
}

extension Graph {
  /// What a node's time depends on, where it is a convolution or a product with a matrix of weights.
  public func layerShape(of node: Node) -> LayerShape? {
    (node.op as? any ConvolutionLike)?.layerShape(inputTypes(of: node))
  }
}

extension Conv: ConvolutionLike {
  public func layerShape(_ inputs: [TensorType]) -> LayerShape? {
    guard (3...4).contains(inputs[0].rank), let output = try? inferOutputs(inputs)[0] else { return nil }
    return LayerShape(
      .float32, inputs[0].shape, output.shape, window(inputs[1]).overImages, groups: groups)
  }
}

extension QuantizedConv: ConvolutionLike {
  public func layerShape(_ inputs: [TensorType]) -> LayerShape? {
    guard inputs[0].rank == 4 || inputs[0].rank == 2, let output = try? inferOutputs(inputs)[0] else {
      return nil
    }
    guard inputs[0].rank == 4 else {
      return LayerShape(
        .bytes, height: 1, width: output.shape[0], inputChannels: inputs[0].shape[1],
        outputChannels: output.shape[1])
    }
    return LayerShape(.bytes, inputs[0].shape, output.shape, window(inputs[1]), groups: groups)
  }
}

extension Gemm: ConvolutionLike {
  public func layerShape(_ inputs: [TensorType]) -> LayerShape? {
    guard let output = try? inferOutputs(inputs)[0], !output.shape.contains(0) else { return nil }
    let depth = inputs[0].shape[transposesA ? 0 : 1]
    guard depth > 0 else { return nil }
    return LayerShape(
      .float32, height: 1, width: output.shape[0], inputChannels: depth, outputChannels: output.shape[1])
  }
}

extension LayerShape {
  /// - Parameters:
  ///   - input, output: `[N, C, H, W]` or `[N, C, W]`.
  ///   - window: Over images.
  fileprivate init?(
    _ precision: Precision, _ input: Shape, _ output: Shape, _ window: Window, groups: Int
  ) {
    guard !output.contains(0), !input.contains(0) else { return nil }
    self.init(
      precision, batch: output[0], height: output.count == 4 ? output[2] : 1, width: output[output.count - 1],
      inputChannels: input[1], outputChannels: output[1], kernel: window.kernel, strides: window.strides,
      dilations: window.dilations, groups: groups)
  }
}
