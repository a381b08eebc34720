/// Reads packed files. Nothing of a file is believed before it was checked: no file can crash the reader,
/// keep it busy for longer than its size explains, or make it allocate more than the limits allow.
public enum PlanReader {
  /// Reads and checks a whole packed file.
  ///
  /// - Parameters:
  ///   - file: Must stay unchanged during the call. Kernels need its first byte at a 64-byte boundary; the
  ///     checkers read the weights where they lie.
  ///   - limits: What is refused as too large.
  /// - Throws: The first thing that is wrong.
  public static func read(
    _ file: UnsafeRawBufferPointer, limits: PlanLimits = PlanLimits()
  ) throws(PlanError) -> PackedPlan {
    let table = try unsafe SectionTable(file, limits: limits)
    let (inputs, outputs) = try unsafe readPorts(table.section(.ports), limits: limits)
    let certificate = try unsafe readCertificate(table.section(.certificate), limits: limits)
    let calls = try readCalls(table, limits: limits)
    let whole = Plan.Level(calls: 0..<calls.count, multiplyAdds: certificate.multiplyAdds)
    var levels = [whole]
    if let section = unsafe table.optionalSection(.levels) {
      levels = try unsafe readLevels(section, of: whole, limits: limits)
    }
    var provenance: [Plan.Provenance] = []
    if let section = unsafe table.optionalSection(.provenance) {
      provenance = try unsafe readProvenance(section, limits: limits)
    }
    let decodedWeights = try decoded(.codedWeights, insteadOf: .weights, table)
    let weights: UnsafeRawBufferPointer
    if let decodedWeights {
      unsafe weights = decodedWeights.bytes
    } else {
      unsafe weights = try table.section(.weights)
    }
    guard certificate.weightsByteCount == UInt64(weights.count) else {
      throw .invalid(.weightsByteCount, index: 0, found: UInt64(weights.count))
    }
    let checker = unsafe CallChecker(
      inputs: inputs, outputs: outputs, arenaByteCount: certificate.arenaByteCount, weights: weights,
      limits: limits)
    let resources = try checker.check(calls)
    var watches: [Plan.Watch] = []
    if let section = unsafe table.optionalSection(.watches) {
      watches = try unsafe readWatches(section, calls: resources, limits: limits)
    }
    var pictures: [PictureInput?] = inputs.map { _ in nil }
    if let section = unsafe table.optionalSection(.pictures) {
      pictures = try unsafe readPictures(section, inputs: inputs, limits: limits)
    }
    var results: Plan.Results?
    if let section = unsafe table.optionalSection(.results) {
      results = try unsafe readResults(section, inputs: inputs, outputs: outputs, limits: limits)
    }
    var golden: Plan.GoldenVectors?
    if let section = unsafe table.optionalSection(.goldenVectors) {
      golden = try unsafe readGoldenVectors(
        section, inputs: inputs, outputs: outputs, levelCount: levels.count, limits: limits)
    }
    return PackedPlan(
      calls: calls, resources: resources, inputs: inputs, outputs: outputs, provenance: provenance,
      levels: levels, watches: watches, watchResources: try checker.check(watches.map { $0.statistics }),
      pictures: pictures, results: results, golden: golden, weights: table.range(of: .weights) ?? 0..<0,
      decodedWeights: decodedWeights, certificate: certificate)
  }

  /// The calls, from whichever form the file has.
  private static func readCalls(_ table: SectionTable, limits: PlanLimits) throws(PlanError) -> [Plan.Call] {
    let decodedCalls = try decoded(.codedPlan, insteadOf: .plan, table)
    defer { withExtendedLifetime(decodedCalls) {} }
    let section: UnsafeRawBufferPointer
    if let decodedCalls {
      unsafe section = decodedCalls.bytes
    } else {
      unsafe section = try table.section(.plan)
    }
    return try unsafe readCalls(section, limits: limits)
  }

  /// What stands for a section in fewer bytes; nil where the section itself is there.
  private static func decoded(
    _ identifier: SectionIdentifier, insteadOf plain: SectionIdentifier, _ table: SectionTable
  ) throws(PlanError) -> AlignedCopy? {
    guard let section = unsafe table.optionalSection(identifier) else { return nil }
    guard table.range(of: plain) == nil else { throw .duplicateSection(plain) }
    return try unsafe CodedSection.decoded(section, of: identifier)
  }

  /// Reads and checks a packed file that lies in an array, which is copied to a 64-byte boundary first.
  public static func read(
    _ file: [UInt8], limits: PlanLimits = PlanLimits()
  ) throws(PlanError) -> PackedPlan {
    let copy = AlignedCopy(of: file)
    defer { withExtendedLifetime(copy) {} }
    return try unsafe read(copy.bytes, limits: limits)
  }
}
