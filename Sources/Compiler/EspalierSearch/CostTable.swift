public import EspalierOperators

/// The processor that times were measured on, as far as they depend on it.
public struct ProcessorKind: Hashable, Sendable, CustomStringConvertible {
  public var vendor: String
  public var family: String
  public var model: String
  /// The instruction set of the kernels.
  public var instructionSet: String

  /// Spaces in a part become underscores.
  public init(vendor: String, family: String, model: String, instructionSet: String) {
    func word(_ text: String) -> String {
      let kept = text.map { $0.isWhitespace ? "_" : $0 }
      return kept.isEmpty ? "unknown" : String(kept)
    }
    (self.vendor, self.family) = (word(vendor), word(family))
    (self.model, self.instructionSet) = (word(model), word(instructionSet))
  }

  public var description: String { "\(vendor) \(family) \(model) \(instructionSet)" }
}

/// What a cost model needs to know about a processor.
public enum MachineRate: String, CaseIterable, Sendable {
  /// Microseconds of a kernel call that does next to nothing.
  case callOverhead = "call-overhead-us"
  /// Multiply-adds in a second of each sequence of instructions, padding included, all threads together.
  case floatGemm = "f32-gemm-macs"
  case floatWinograd = "f32-winograd-macs"
  case floatDepthwise = "f32-depthwise-macs"
  case byteGemm = "u8-gemm-macs"
  case byteWinograd = "u8-winograd-macs"
  case byteDepthwise = "u8-depthwise-macs"
  /// Bytes in a second that one thread reads and writes in a cache level and behind the last.
  case level1 = "level1-bytes"
  case level2 = "level2-bytes"
  case level3 = "level3-bytes"
  case memory = "memory-bytes"
}

/// Times of kernels by layer shape, measured on one processor for some numbers of threads.
public struct CostTable: Sendable, Equatable {
  public typealias Rates = [MachineRate: Double]
  /// Microseconds.
  public typealias Times = [LayerShape: [KernelChoice: Double]]

  public var processor: ProcessorKind
  /// What people call the processor.
  public var name: String
  /// By the number of threads.
  public private(set) var rates: [Int: Rates] = [:]
  public private(set) var times: [Int: Times] = [:]

  public init(processor: ProcessorKind, name: String) {
    self.processor = processor
    self.name = name
  }

  public var threadCounts: [Int] { Set(times.keys).union(rates.keys).sorted() }

  /// How many times it holds.
  public var count: Int {
    times.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
  }

  public func microseconds(_ shape: LayerShape, _ choice: KernelChoice, threads: Int) -> Double? {
    times[threads]?[shape]?[choice]
  }

  /// - Precondition: A finite time above 0.
  public mutating func add(
    _ shape: LayerShape, _ choice: KernelChoice, threads: Int, microseconds: Double
  ) {
    precondition(microseconds.isFinite && microseconds > 0)
    times[threads, default: [:]][shape, default: [:]][choice] = max(0.001, Self.rounded(microseconds))
  }

  /// - Precondition: A finite rate above 0.
  public mutating func set(_ rate: MachineRate, threads: Int, _ value: Double) {
    precondition(value.isFinite && value > 0)
    rates[threads, default: [:]][rate] = value < 1_000 ? max(0.001, Self.rounded(value)) : value.rounded()
  }

  /// To a thousandth, which the file holds exactly.
  private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}

extension CostTable {
  /// Sets the rates of all kernels that were measured: the median over their layers.
  public mutating func deriveRates(threads: Int) {
    var found: [MachineRate: [Double]] = [:]
    for (shape, own) in times[threads] ?? [:] {
      for (choice, time) in own {
        let work = CostModel.work(shape, choice)
        found[CostModel.rate(of: shape, choice), default: []].append(work.multiplyAdds / time * 1e6)
      }
    }
    for (rate, values) in found { set(rate, threads: threads, values.sorted()[values.count / 2]) }
  }
}
