internal import EspalierGraph
internal import EspalierKernels
public import EspalierOperators
internal import EspalierPasses
public import EspalierPlan

/// Measures the kernels that layers can have.
public struct LayerTuner {
  /// Runs plans, which take turns, and gives for each the best time of each of its calls in microseconds.
  public typealias Timer = (_ plans: [Plan]) throws -> [[Double]]

  public let threads: Int
  private let timer: Timer

  public init(threads: Int, timer: @escaping Timer) {
    (self.threads, self.timer) = (threads, timer)
  }

  /// Adds the times of all kernels of these layers that the table does not hold yet.
  ///
  /// - Parameter progress: Gets how many of the layers are done.
  /// - Returns: How many times were measured.
  /// - Throws: What `timer` throws.
  @discardableResult
  public func measure(
    _ shapes: [LayerShape], into table: inout CostTable,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Int {
    let missing = shapes.map { shape in
      (
        shape: shape,
        choices: shape.candidates.filter { table.microseconds(shape, $0, threads: threads) == nil }
      )
    }.filter { !$0.choices.isEmpty }
    var count = 0
    for (index, layer) in missing.enumerated() {
      for (choice, time) in try times(layer.shape, layer.choices) {
        table.add(layer.shape, choice, threads: threads, microseconds: time)
        count += 1
      }
      progress(index + 1, missing.count)
    }
    return count
  }

  private func times(
    _ shape: LayerShape, _ choices: [KernelChoice]
  ) throws -> [(KernelChoice, Double)] {
    let graph = try LayerGraph.make(shape)
    let plans = try choices.compactMap { choice -> (choice: KernelChoice, plan: Plan)? in
      let plan = try Pipeline.lower(graph, choices: KernelChoices([shape: choice]))
      return Self.follows(plan, choice) ? (choice, plan) : nil
    }
    let times = try timer(plans.map(\.plan))
    return zip(plans, times).map { candidate, times in
      // Calls that carry the layer's name also fill halos and turn inputs and outputs to other layouts.
      let own = zip(candidate.plan.calls, times).filter { !Self.movements.contains($0.0.family) }.map(\.1)
      return (candidate.choice, max(0.001, own.reduce(0, +) / Double(LayerGraph.copies(shape))))
    }
  }

  /// Whether a plan has the kernel that it should; weights may stand against Winograd's.
  private static func follows(_ plan: Plan, _ choice: KernelChoice) -> Bool {
    guard case .winograd = choice else { return true }
    return !plan.calls.contains { products.contains($0.family) }
  }

  private static let products: Set<UInt16> = [ConvGemmParameters.family, ByteConvGemmParameters.family]

  /// Kernel families that compute nothing.
  private static let movements: Set<UInt16> = [
    FillParameters.family, CopyParameters.family, ByteFillParameters.family, ByteCopyParameters.family,
    QuantizeParameters.family, DequantizeParameters.family,
  ]
}
