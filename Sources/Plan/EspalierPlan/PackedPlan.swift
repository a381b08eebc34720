/// A packed file as the reader understood it; every call in it is safe to run.
public struct PackedPlan: Sendable {
  public var calls: [Plan.Call]
  /// What the checkers found out about each call.
  public var resources: [CallResources]
  public var inputs: [Plan.Port]
  public var outputs: [Plan.Port]
  public var provenance: [Plan.Provenance]
  /// Never none; the largest first.
  public var levels: [Plan.Level]
  /// Tensors whose statistics can be gathered, in the order of their calls.
  public var watches: [Plan.Watch]
  /// What the checkers found out about the calls of `watches`.
  public var watchResources: [CallResources]
  /// For each input how pictures become it; nil where the file does not say.
  public var pictures: [PictureInput?]
  /// What the outputs mean; nil where the file does not say.
  public var results: Plan.Results?
  /// Frames with what they must give; nil where the file has none.
  public var golden: Plan.GoldenVectors?
  /// Where the weights lie in the file, from a multiple of a cache line on; empty where they are coded.
  public var weights: Range<Int>
  /// The weights of a file that has them coded.
  package var decodedWeights: AlignedCopy?
  /// What the file says that a frame needs.
  public var certificate: ResourceCertificate

  /// Scratch bytes that each thread needs with this build's kernels.
  public var scratchByteCount: Int { resources.reduce(0) { max($0, $1.scratchByteCount) } }

  /// How much of the arena the calls and the statistics touch; never more than the certificate's arena.
  public var touchedArenaByteCount: Int {
    Int((resources + watchResources).reduce(0) { max($0, $1.arenaEnd) })
  }
}

extension Plan {
  /// The plan that a packed file was made from.
  ///
  /// - Parameter file: The bytes that `packed` was read from.
  public init(_ packed: PackedPlan, weightsFrom file: [UInt8]) {
    self.init(
      calls: packed.calls, inputs: packed.inputs, outputs: packed.outputs,
      weights: packed.decodedWeights.map { unsafe [UInt8]($0.bytes) } ?? Array(file[packed.weights]),
      arenaByteCount: Int(packed.certificate.arenaByteCount),
      multiplyAdds: packed.certificate.multiplyAdds, provenance: packed.provenance,
      levels: packed.levels.count > 1 ? packed.levels : [], watches: packed.watches,
      pictures: packed.pictures.allSatisfy { $0 == nil } ? [] : packed.pictures, results: packed.results,
      golden: packed.golden)
  }
}
