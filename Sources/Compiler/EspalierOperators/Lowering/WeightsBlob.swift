public import EspalierGraph

/// The weights section of a pack in the making: 64-byte aligned pieces, in the order in which they came.
public struct WeightsBlob: Sendable {
  public private(set) var bytes: [UInt8] = []
  private var known: [[UInt8]: Int] = [:]

  public init() {}

  /// Adds float32 elements, or finds the same ones again.
  ///
  /// - Returns: A one-dimensional view of them.
  public mutating func append(floats: [Float]) -> View {
    let offset = append(floats.withUnsafeBytes { [UInt8]($0) })
    return View(.weights, base: offset / 4, shape: [floats.count], strides: [1])
  }

  /// Adds bytes.
  public mutating func append(bytes: [UInt8]) -> View {
    View(.weightBytes, base: append(bytes), shape: [bytes.count], strides: [1])
  }

  /// Adds a quantized constant of the graph as bytes; feature maps (rank 4) lie as NHWC.
  public mutating func append(bytesOf tensor: Tensor) -> View {
    let offset = Int64(tensor.type.byteOffset)
    let (elements, strides) = imageOrder(tensor.integers, tensor.shape)
    let slack = [UInt8](repeating: 0, count: BufferElement.byte.slack)
    let bytes = elements.map { UInt8(truncatingIfNeeded: $0 + offset) } + slack
    return View(.weightBytes, base: append(bytes), shape: tensor.shape, strides: strides)
  }

  /// Adds a table of int32.
  public mutating func append(table: [Int32]) -> View {
    let offset = append(table.withUnsafeBytes { [UInt8]($0) })
    return View(.weights, base: offset / 4, shape: [table.count], strides: [1])
  }

  /// Adds a constant of the graph; feature maps (rank 4) lie as NHWC, as what they meet does.
  public mutating func append(_ tensor: Tensor) -> View {
    let (floats, strides) = imageOrder(tensor.asFloats, tensor.shape)
    return View(.weights, base: append(floats: floats).base, shape: tensor.shape, strides: strides)
  }

  /// Elements in the order in which values of their rank lie, and the strides of that order.
  private func imageOrder<Element>(_ elements: [Element], _ shape: Shape) -> ([Element], strides: [Int]) {
    guard shape.count == 4 else { return (elements, shape.rowMajorStrides) }
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    var image = elements
    forEachIndex(of: shape) { index, position in
      image[((index[0] * height + index[2]) * width + index[3]) * channels + index[1]] = elements[position]
    }
    return (image, [channels * height * width, 1, width * channels, channels])
  }

  private mutating func append(_ piece: [UInt8]) -> Int {
    // Small pieces (offset tables, zero biases) repeat from layer to layer; large ones do not.
    if piece.count <= 4096, let offset = known[piece] { return offset }
    let offset = bytes.count
    bytes += piece
    bytes += [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64)
    if piece.count <= 4096 { known[piece] = offset }
    return offset
  }
}
