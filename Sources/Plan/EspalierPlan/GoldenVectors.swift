extension Plan {
  /// What frames that seeds make must give, so that a replay in the place where a pack is used shows whether it computes
  /// what it computed where it was made.
  public struct GoldenVectors: Sendable, Equatable {
    /// Between which numbers the elements of an input lie.
    public struct Input: Sendable, Equatable {
      public var least: Float
      public var largest: Float

      public init(least: Float = -1, largest: Float = 1) { (self.least, self.largest) = (least, largest) }
    }

    /// What an output must be.
    public struct Output: Sendable, Equatable {
      /// CRC-32C of the portable kernels' elements, little-endian, NaN as `canonicalNaN`.
      public var digest: UInt32
      /// Whether the portable kernels give the same bits everywhere: nothing is left to the C library.
      public var isPortable: Bool
      /// Greatest difference over `magnitude` that other kernels may make; 0: all give the same bits.
      public var tolerance: Float
      /// The greatest finite magnitude among the elements.
      public var magnitude: Float
      /// The bits of elements at equal distances: see `GoldenVectors.place`.
      public var kept: [UInt32]

      public init(digest: UInt32, isPortable: Bool, tolerance: Float, magnitude: Float, kept: [UInt32]) {
        (self.digest, self.isPortable, self.tolerance) = (digest, isPortable, tolerance)
        (self.magnitude, self.kept) = (magnitude, kept)
      }
    }

    /// One frame of one level.
    public struct Vector: Sendable, Equatable {
      public var seed: UInt64
      /// In the order of the plan's.
      public var outputs: [Output]

      public init(seed: UInt64, outputs: [Output]) { (self.seed, self.outputs) = (seed, outputs) }
    }

    /// In the order of the plan's.
    public var inputs: [Input]
    /// One for each level.
    public var vectors: [Vector]
    /// CRC-32C of the weights as kernels read them.
    public var weightsChecksum: UInt32

    public init(inputs: [Input], vectors: [Vector], weightsChecksum: UInt32) {
      (self.inputs, self.vectors, self.weightsChecksum) = (inputs, vectors, weightsChecksum)
    }

    /// What stands for every NaN.
    public static let canonicalNaN: UInt32 = 0x7FC0_0000

    /// Where the `index`-th of `count` kept elements lies among all.
    public static func place(_ index: Int, of count: Int, among elementCount: Int) -> Int {
      index * elementCount / count
    }
  }
}

extension Plan.GoldenVectors {
  /// - Throws: `limitExceeded`, or `invalid` for counts other than the plan's and for numbers without meaning.
  func require(
    inputs ports: [Plan.Port], outputs: [Plan.Port], levelCount: Int, within limits: PlanLimits
  ) throws(PlanError) {
    guard inputs.count == ports.count else {
      throw .invalid(.goldenCounts, index: 0, found: UInt64(inputs.count))
    }
    guard vectors.count == levelCount else {
      throw .invalid(.goldenCounts, index: 1, found: UInt64(vectors.count))
    }
    for (index, input) in inputs.enumerated() {
      // Written this way, no NaN passes.
      guard input.least <= input.largest, (input.largest - input.least).isFinite else {
        throw .invalid(.goldenRange, index: index, found: UInt64(input.least.bitPattern))
      }
    }
    for vector in vectors {
      guard vector.outputs.count == outputs.count else {
        throw .invalid(.goldenCounts, index: 2, found: UInt64(vector.outputs.count))
      }
      for (index, output) in vector.outputs.enumerated() {
        try output.require(index, elementCount: outputs[index].byteCount / 4, within: limits)
      }
    }
  }
}

extension Plan.GoldenVectors.Output {
  fileprivate func require(_ index: Int, elementCount: Int, within limits: PlanLimits) throws(PlanError) {
    guard tolerance >= 0, tolerance <= 1 else {
      throw .invalid(.goldenTolerance, index: index, found: UInt64(tolerance.bitPattern))
    }
    guard magnitude >= 0, magnitude.isFinite else {
      throw .invalid(.goldenTolerance, index: index, found: UInt64(magnitude.bitPattern))
    }
    try PlanError.require(.goldenElements, UInt64(kept.count), atMost: limits.goldenElementCount)
    guard kept.count <= elementCount else {
      throw .invalid(.goldenCounts, index: 3, found: UInt64(kept.count))
    }
  }
}
