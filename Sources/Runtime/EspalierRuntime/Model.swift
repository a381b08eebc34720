public import EspalierPlan

/// A packed file, checked once and then shared by any number of sessions on any threads.
///
/// A mapped file must not be overwritten in place while a model uses it; replace it by renaming a new one.
public final class Model: Sendable {
  private let storage: ModelBytes
  private let packed: PackedPlan

  /// Maps a packed file and checks all of it; the weights are used where they lie.
  ///
  /// - Throws: `unreadable` or `invalid`.
  public convenience init(path: String, limits: PlanLimits = PlanLimits()) throws(ModelError) {
    try self.init(storage: ModelBytes(mapping: path), limits: limits)
  }

  /// Copies the bytes of a packed file to aligned memory and checks them.
  ///
  /// - Throws: `invalid`.
  public convenience init(bytes: [UInt8], limits: PlanLimits = PlanLimits()) throws(ModelError) {
    try self.init(storage: .copied(AlignedCopy(of: bytes)), limits: limits)
  }

  /// Uses the bytes of a packed file where they lie.
  ///
  /// - Parameter bytes: Begin at a 64-byte boundary; stay valid and unchanged as long as the model lives.
  /// - Throws: `misaligned` or `invalid`.
  public convenience init(
    borrowing bytes: UnsafeRawBufferPointer, limits: PlanLimits = PlanLimits()
  ) throws(ModelError) {
    guard UInt(bitPattern: bytes.baseAddress) % 64 == 0 else { throw .misaligned }
    try self.init(storage: .borrowed(bytes), limits: limits)
  }

  private convenience init(storage: ModelBytes, limits: PlanLimits) throws(ModelError) {
    let packed: PackedPlan
    do throws(PlanError) {
      packed = try PlanReader.read(storage.bytes, limits: limits)
    } catch {
      storage.release()
      throw .invalid(error)
    }
    self.init(storage, packed)
  }

  private init(_ storage: ModelBytes, _ packed: PackedPlan) {
    self.storage = storage
    self.packed = packed
  }

  deinit { storage.release() }

  public var inputs: [Plan.Port] { packed.inputs }
  public var outputs: [Plan.Port] { packed.outputs }
  /// The networks of the file, the largest first: their parts of `calls`.
  public var levels: [Plan.Level] { packed.levels }
  /// The kernel calls of all levels, in order.
  public var calls: [Plan.Call] { packed.calls }
  /// What each call needs, in the same order.
  public var resources: [CallResources] { packed.resources }
  /// Useful multiply-adds of one frame of the largest level.
  public var multiplyAdds: UInt64 { packed.certificate.multiplyAdds }
  public var arenaByteCount: Int { Int(packed.certificate.arenaByteCount) }
  /// Beside the arena, for each thread.
  public var scratchByteCount: Int { packed.scratchByteCount }
  public var weightsByteCount: Int { weights.count }
  public var fileByteCount: Int { storage.bytes.count }
  public var provenance: [Plan.Provenance] { packed.provenance }
  /// What the outputs mean; nil where the file does not say.
  public var results: Plan.Results? { packed.results }
  /// Frames with what they must give; nil where the file has none.
  public var golden: Plan.GoldenVectors? { packed.golden }
  /// What the file says that a frame needs.
  public var certificate: ResourceCertificate { packed.certificate }

  /// For each input how pictures become it; nil where the file does not say.
  public var pictureInputs: [PictureInput?] { packed.pictures }

  /// Tensors of the largest level whose statistics a session can gather, in the order of their calls.
  public var watches: [Plan.Watch] {
    let end = levels[0].calls.upperBound
    return Array(packed.watches.prefix { $0.call < end })
  }
  /// What the statistics of each watched tensor need.
  var watchResources: [CallResources] { packed.watchResources }

  /// How much of the arena a session must have.
  var touchedArenaByteCount: Int { packed.touchedArenaByteCount }

  /// The file; valid as long as the model lives.
  var bytes: UnsafeRawBufferPointer { storage.bytes }

  /// The weights as kernels read them; valid as long as the model lives.
  var weights: UnsafeRawBufferPointer {
    packed.decodedWeights?.bytes ?? UnsafeRawBufferPointer(rebasing: storage.bytes[packed.weights])
  }
}
