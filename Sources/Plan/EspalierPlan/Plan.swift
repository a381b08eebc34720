/// What the compiler hands to the runtime: kernel calls in order, with every address already an offset.
///
/// A plan knows kernels and bytes; it knows no operators and no graph.
public struct Plan: Sendable {
  /// Where an operand lies.
  public enum Space: UInt32, Sendable {
    /// The operand is absent.
    case none = 0
    /// The session's working memory, reused from call to call.
    case arena = 1
    /// The pack's read-only weights and tables.
    case weights = 2
    /// The caller's buffer of input `index`.
    case input = 3
    /// The caller's buffer of output `index`.
    case output = 4
  }

  /// One operand of a call.
  public struct Operand: Sendable, Equatable {
    public var space: Space
    /// Which input or output; 0 in the other spaces.
    public var index: UInt32
    /// Bytes from the start of the space.
    public var offset: UInt64

    public init(_ space: Space, index: UInt32 = 0, offset: UInt64) {
      self.space = space
      self.index = index
      self.offset = offset
    }

    public static let absent = Operand(.none, offset: 0)
  }

  /// One kernel call.
  public struct Call: Sendable {
    /// The kernel family's number in kernels.def.
    public var family: UInt16
    /// Whether everything before must be finished before this call starts.
    public var needsBarrier: Bool
    public var operands: [Operand]
    /// The family's parameter block, word by word.
    public var parameters: [UInt32]
    /// The graph node that the call came from, for profiles and errors.
    public var name: String

    public init(
      family: UInt16, needsBarrier: Bool = true, operands: [Operand], parameters: [UInt32], name: String
    ) {
      self.family = family
      self.needsBarrier = needsBarrier
      self.operands = operands
      self.parameters = parameters
      self.name = name
    }
  }

  /// An input or output as the caller sees it: float32, row by row, in the ONNX model's layout.
  public struct Port: Sendable {
    public var name: String
    public var shape: [Int]

    public init(name: String, shape: [Int]) {
      self.name = name
      self.shape = shape
    }

    public var byteCount: Int { shape.reduce(4, *) }
  }

  /// A network of the plan. All have the same inputs and outputs; a frame runs one of them.
  public struct Level: Sendable, Equatable {
    /// Its part of `calls`.
    public var calls: Range<Int>
    /// Useful multiply-adds of one frame.
    public var multiplyAdds: UInt64

    public init(calls: Range<Int>, multiplyAdds: UInt64) {
      self.calls = calls
      self.multiplyAdds = multiplyAdds
    }
  }

  /// Where a pack came from: a key (`source-sha256`, `compiler`, `options`, …) and its value.
  public struct Provenance: Sendable {
    public var key: String
    public var value: String

    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  public var calls: [Call]
  public var inputs: [Port]
  public var outputs: [Port]
  /// Kernel-ready weights and tables; every operand in them is 64-byte aligned.
  public var weights: [UInt8]
  public var arenaByteCount: Int
  /// Useful multiply-adds of one frame of the largest level.
  public var multiplyAdds: UInt64
  public var provenance: [Provenance]
  /// The largest first; empty: all calls are one network.
  public var levels: [Level]
  /// In the order of their calls.
  public var watches: [Watch]
  /// For each input how pictures become it, nil where it takes none; empty: no input takes any.
  public var pictures: [PictureInput?]
  /// What the outputs mean; nil: nobody said.
  public var results: Results?
  /// Frames with what they must give; nil: none are kept.
  public var golden: GoldenVectors?

  public init(
    calls: [Call], inputs: [Port], outputs: [Port], weights: [UInt8], arenaByteCount: Int,
    multiplyAdds: UInt64, provenance: [Provenance] = [], levels: [Level] = [], watches: [Watch] = [],
    pictures: [PictureInput?] = [], results: Results? = nil, golden: GoldenVectors? = nil
  ) {
    self.calls = calls
    self.inputs = inputs
    self.outputs = outputs
    self.weights = weights
    self.arenaByteCount = arenaByteCount
    self.multiplyAdds = multiplyAdds
    self.provenance = provenance
    self.levels = levels
    self.watches = watches
    self.pictures = pictures
    self.results = results
    self.golden = golden
  }
}

// Comparing strings takes tables of Unicode that an embedded library can do without.
#if !hasFeature(Embedded)
  extension Plan: Equatable {}
  extension Plan.Call: Equatable {}
  extension Plan.Port: Equatable {}
  extension Plan.Provenance: Equatable {}
#endif
