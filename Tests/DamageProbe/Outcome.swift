import EspalierGraph
import EspalierImport
import EspalierOperators
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import PlanFixtures

/// How far a damaged file got.
enum Outcome: String {
  /// Refused with an error, as the input's fault.
  case refused
  /// Accepted, but too large to run a frame here.
  case accepted
  /// Accepted, and a frame ran to its end.
  case ran
}

/// Something that must not happen, whatever the file holds.
struct Fault: Error, CustomStringConvertible {
  let description: String
}

/// The stages that a file goes through, each held to what it promises.
enum Stages {
  /// Limits that keep a damaged frame short.
  static let limits: PlanLimits = {
    var limits = PlanLimits()
    limits.arenaByteCount = 1 << 24
    limits.portByteCount = 1 << 22
    limits.scratchByteCount = 1 << 24
    limits.multiplyAdds = 1 << 25
    return limits
  }()

  /// Import, simplify, lower, place, pack, load and run.
  static func run(_ model: OnnxModel, _ options: Importer.Options, seed: UInt64) throws(Fault) -> Outcome {
    guard let graph = try? Importer.graph(of: model, options: options) else { return .refused }
    do { try Verifier.verify(graph) } catch { throw Fault(description: "import: \(error)") }
    let plan: Plan
    do { plan = try Pipeline.compile(graph) } catch {
      if isFault(error) { throw Fault(description: "compile: \(error)") }
      return .refused
    }
    guard let bytes = try? PlanWriter.bytes(of: plan) else { return .refused }
    return try run(pack: bytes, seed: seed, isOurs: true)
  }

  /// Load and run.
  ///
  /// - Parameter isOurs: Whether the file comes from the compiler, so that only its size can be refused.
  static func run(pack bytes: [UInt8], seed: UInt64, isOurs: Bool) throws(Fault) -> Outcome {
    let model: Model
    do throws(ModelError) { model = try Model(bytes: bytes, limits: limits) } catch {
      if error.description.isEmpty { throw Fault(description: "an error without words") }
      guard isOurs else { return .refused }
      if case .invalid(.limitExceeded) = error { return .accepted }
      throw Fault(description: "load: \(error)")
    }
    do { try frame(of: model, seed: seed) } catch { throw Fault(description: "run: \(error)") }
    return .ran
  }

  private static func frame(of model: Model, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let sets: [InstructionSet] = [.scalar, .best]
    let set = sets.randomElement(using: &random) ?? .scalar
    var session = try Session(model, threads: Int.random(in: 1...2, using: &random), limit: set)
    let inputs = model.inputs.map { port in
      (0..<port.byteCount / 4).map { _ in Float(Int.random(in: -4...4, using: &random)) }
    }
    let outputs = try session.run(inputs)
    guard outputs.map(\.count) == model.outputs.map({ $0.byteCount / 4 }) else {
      throw Fault(description: "outputs of other sizes than promised")
    }
  }

  /// A broken promise of the compiler's own, as opposed to a model that it cannot compile.
  private static func isFault(_ error: Pipeline.Failure) -> Bool {
    switch error {
    case .pass: true
    case .lowering(let error): isFault(error)
    }
  }

  private static func isFault(_ error: LoweringError) -> Bool {
    switch error {
    case .refusedCall: true
    case .several(let errors): errors.contains(where: isFault)
    case .noKernel, .tooManyAxes: false
    }
  }
}
