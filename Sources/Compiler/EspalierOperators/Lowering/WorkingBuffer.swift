/// What one element of a buffer is while a frame is computed.
public enum BufferElement: Sendable, Equatable {
  case float32
  /// Quantized: 0…255. Signed ONNX types are kept with 128 added.
  case byte

  public var byteCount: Int { self == .byte ? 1 : 4 }

  /// Elements between neighboring pixels of an image of this many channels; bytes are read four at a time.
  public func channelStride(_ channels: Int) -> Int {
    switch channels {
    case ..<8: self == .byte ? (channels + 3) / 4 * 4 : channels
    case ..<96: (channels + 7) / 8 * 8
    default: (channels + 15) / 16 * 16
    }
  }

  /// Elements that a kernel may read behind a tensor: the rest of a quad of channels.
  public var slack: Int { self == .byte ? 4 : 0 }
}

/// A buffer of the arena before it has an address.
public struct WorkingBuffer: Sendable, Equatable {
  public var element: BufferElement
  public var count: Int

  public init(element: BufferElement, count: Int) {
    self.element = element
    self.count = count
  }

  public var byteCount: Int { count * element.byteCount }
}

/// What was put around an image.
struct FilledHalo: Sendable {
  var image: View
  var halo: Halo
  /// The byte that fills the halo of an image of bytes; 0 where elements are float32.
  var padding: UInt8
}

extension Lowering {
  /// What the elements of a buffer are.
  func element(of buffer: Buffer) -> BufferElement {
    switch buffer {
    case .arena(let index): buffers[index].element
    case .weightBytes: .byte
    case .weights, .input, .output: .float32
    }
  }
}
