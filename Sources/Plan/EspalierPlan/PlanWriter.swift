/// Turns a plan into the bytes of a packed file; the same plan gives the same bytes.
public enum PlanWriter {
  /// How calls and weights lie in the file.
  public enum WeightStorage: Sendable {
    /// As they are read: loading maps the weights.
    case mapped
    /// In fewer bytes, where that saves a twentieth: loading decodes them to memory.
    case coded
  }

  /// The whole file, as `PackedFile.md` specifies it.
  ///
  /// - Throws: What a reader would find wrong with the plan: a call that its kernel's checker refuses, or
  ///   more than the limits allow.
  public static func bytes(
    of plan: Plan, weights: WeightStorage = .mapped, limits: PlanLimits = PlanLimits()
  ) throws(PlanError) -> [UInt8] {
    try require(plan, within: limits)
    let certificate = try certificate(of: plan, limits: limits)
    let levels = plan.levels.isEmpty ? [] : [(SectionIdentifier.levels, levelSection(plan.levels))]
    let watches = plan.watches.isEmpty ? [] : [(SectionIdentifier.watches, watchSection(plan.watches))]
    let isPictured = !plan.pictures.allSatisfy { $0 == nil }
    let pictures = isPictured ? [(SectionIdentifier.pictures, pictureSection(plan.pictures))] : []
    let results = plan.results.map { [(SectionIdentifier.results, resultSection($0))] } ?? []
    let golden = plan.golden.map { [(SectionIdentifier.goldenVectors, goldenSection($0))] } ?? []
    return assemble(
      [
        planSection(of: plan, weights),
        (.ports, portSection(inputs: plan.inputs, outputs: plan.outputs)),
        (.certificate, certificateSection(certificate)),
        (.provenance, provenanceSection(plan.provenance)),
        weightsSection(of: plan, weights),
      ] + levels + watches + pictures + results + golden)
  }

  private static func planSection(of plan: Plan, _ storage: WeightStorage) -> (SectionIdentifier, [UInt8]) {
    let parts = planParts(plan.calls)
    return shorter(.plan, parts.flatMap { $0 }, .codedPlan, storage) { SectionCoder.section(of: parts) }
  }

  private static func weightsSection(of plan: Plan, _ storage: WeightStorage) -> (SectionIdentifier, [UInt8])
  {
    shorter(.weights, plan.weights, .codedWeights, storage) { WeightsCoder.section(plan) }
  }

  /// The coded form of a section where it is asked for and saves a twentieth.
  private static func shorter(
    _ plain: SectionIdentifier, _ bytes: [UInt8], _ coded: SectionIdentifier, _ storage: WeightStorage,
    _ code: () -> [UInt8]
  ) -> (SectionIdentifier, [UInt8]) {
    guard storage == .coded else { return (plain, bytes) }
    let found = code()
    let reads = bytes.count <= found.count * CodedSection.largestRatio
    return reads && found.count < bytes.count / 20 * 19 ? (coded, found) : (plain, bytes)
  }

  /// What a frame of the plan needs.
  public static func certificate(
    of plan: Plan, limits: PlanLimits = PlanLimits()
  ) throws(PlanError) -> ResourceCertificate {
    let resources = try resources(of: plan, limits: limits)
    var certificate = ResourceCertificate()
    certificate.arenaByteCount = UInt64(plan.arenaByteCount)
    certificate.weightsByteCount = UInt64(plan.weights.count)
    certificate.multiplyAdds = plan.multiplyAdds
    certificate.include(resources)
    return certificate
  }

  private static func resources(of plan: Plan, limits: PlanLimits) throws(PlanError) -> [CallResources] {
    let weights = AlignedCopy(of: plan.weights)
    defer { withExtendedLifetime(weights) {} }
    let checker = unsafe CallChecker(
      inputs: plan.inputs, outputs: plan.outputs, arenaByteCount: UInt64(plan.arenaByteCount),
      weights: weights.bytes, limits: limits)
    let calls = try checker.check(plan.calls)
    let arenaEnd = calls.reduce(0) { max($0, $1.arenaEnd) }
    try plan.watches.require(callCount: calls.count, arenaEnd: arenaEnd, within: limits)
    return try calls + checker.check(plan.watches.map { $0.statistics })
  }

  /// Header, section table and sections, each at a cache line.
  private static func assemble(_ sections: [(SectionIdentifier, [UInt8])]) -> [UInt8] {
    let headerByteCount = PackFormat.headerByteCount + sections.count * PackFormat.sectionEntryByteCount
    var table = ByteWriter()
    var end = headerByteCount
    for (identifier, content) in sections {
      let offset = PackFormat.roundUp(end, to: PackFormat.sectionAlignment)
      table.write(identifier.code)
      let isOptional = [.provenance, .watches, .pictures, .results, .goldenVectors].contains(identifier)
      table.write(isOptional ? 0 : PackFormat.requiredFlag)
      table.write(UInt64(offset))
      table.write(UInt64(content.count))
      table.write(Checksum.of(content))
      table.write(UInt32(0))
      end = offset + content.count
    }
    var file = header(sectionCount: sections.count, headerByteCount: headerByteCount, fileByteCount: end)
    file.write(contentsOf: table.bytes)
    file.patch(Checksum.of(file.bytes), at: PackFormat.headerChecksumOffset)
    var bytes = file.bytes
    bytes.reserveCapacity(end)
    for (_, content) in sections {
      let offset = PackFormat.roundUp(bytes.count, to: PackFormat.sectionAlignment)
      bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count))
      bytes.append(contentsOf: content)
    }
    return bytes
  }

  /// The header with zero in place of its checksum.
  private static func header(sectionCount: Int, headerByteCount: Int, fileByteCount: Int) -> ByteWriter {
    var header = ByteWriter()
    header.write(contentsOf: PackFormat.magic)
    header.write(PackFormat.majorVersion)
    header.write(PackFormat.minorVersion)
    header.write(PackFormat.packingClass)
    header.write(UInt32(sectionCount))
    header.write(UInt32(headerByteCount))
    header.write(UInt64(fileByteCount))
    header.write(UInt32(0))
    header.write(UInt32(PackFormat.sectionAlignment))
    header.writeZeros(PackFormat.headerByteCount - header.bytes.count)
    return header
  }
}
