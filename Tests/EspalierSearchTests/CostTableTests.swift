import EspalierOperators
import EspalierSearch
import Testing

/// A 3x3 convolution and its neighbors.
func layer(
  _ inputs: Int, _ outputs: Int, size: Int = 28, _ precision: LayerShape.Precision = .float32,
  kernel: Int = 3
) -> LayerShape {
  LayerShape(
    precision, height: size, width: size, inputChannels: inputs, outputChannels: outputs,
    kernel: [kernel, kernel])
}

let board = ProcessorKind(vendor: "Maker", family: "8", model: "0xd0c", instructionSet: "neon")

func table(_ times: [(LayerShape, KernelChoice, Double)] = [], threads: Int = 1) -> CostTable {
  var table = CostTable(processor: board, name: "Board")
  for (shape, choice, time) in times { table.add(shape, choice, threads: threads, microseconds: time) }
  return table
}

@Suite("A file of kernel times") struct CostTableTests {
  private static let known: CostTable = {
    var known = table([
      (layer(64, 64), .winograd(tile: 4), 287.113), (layer(64, 64), .gemm(panelsInner: true), 876.5),
      (layer(24, 8, .bytes, kernel: 1), .gemm(panelsInner: false), 1),
    ])
    known.add(layer(64, 64), .winograd(tile: 4), threads: 2, microseconds: 150.25)
    known.set(.callOverhead, threads: 1, 0.25)
    known.set(.floatGemm, threads: 1, 115_200_000_000)
    return known
  }()

  @Test func `says what was measured on what, line by line`() {
    #expect(
      Self.known.text == """
        espalier-costs 1
        processor Maker 8 0xd0c neon
        name Board
        rate 1 call-overhead-us 0.25
        rate 1 f32-gemm-macs 115200000000.0
        time 1 gemm-inner 876.5 f32 1x28x28 64-64 k3x3 s1x1 d1x1 g1
        time 1 winograd-4 287.113 f32 1x28x28 64-64 k3x3 s1x1 d1x1 g1
        time 1 gemm-outer 1.0 u8 1x28x28 24-8 k1x1 s1x1 d1x1 g1
        time 2 winograd-4 150.25 f32 1x28x28 64-64 k3x3 s1x1 d1x1 g1

        """)
  }

  @Test func `is read as it was written`() throws {
    #expect(try CostTable(text: Self.known.text) == Self.known)
    #expect(Self.known.count == 4)
    #expect(Self.known.threadCounts == [1, 2])
  }

  @Test func `may hold remarks and empty lines`() throws {
    let remarked = Self.known.text.replacing("name Board", with: "# by hand\n\nname Board")
    #expect(try CostTable(text: remarked) == Self.known)
  }

  @Test(arguments: [
    ("", "is no table of kernel times"), ("PK\u{3}\u{4}", "is no table of kernel times"),
    ("espalier-costs 2\n", "is a table of version 2, but version 1 is read"),
    ("espalier-costs 1\n", "line 2: the file ends before its processor"),
    ("espalier-costs 1\nname x\n", "line 2: expected the processor"),
    ("rate 0 level1-bytes 1", "line 3: '0' is no number of threads"),
    ("rate 1 speed 1", "line 3: 'speed' is no rate"),
    ("rate 1 level1-bytes -1", "line 3: '-1' is no number above 0"),
    ("rate 1 level1-bytes nan", "'nan' is no number above 0"),
    ("rate 1 level1-bytes inf", "'inf' is no number above 0"),
    ("rate 1", "expected 'rate THREADS NAME VALUE'"), ("tide 1 gemm-inner 1 x", "expected 'rate"),
    ("time 1 magic 1 f32 1x1x1 1-1 k1x1 s1x1 d1x1 g1", "'magic' is no kernel"),
    ("time 1 gemm-inner 0 f32 1x1x1 1-1 k1x1 s1x1 d1x1 g1", "'0' is no number above 0"),
    ("time 1 gemm-inner 1 f32 1x1x1 1-1 k1x1 s1x1", "expected a layer behind the time"),
    ("time 1 depthwise 1 f32 1x1x1 1-1 k1x1 s1x1 d1x1 g1", "depthwise does not compute such a layer"),
    (
      "time 1 gemm-inner 1 f32 16777216x16777216x16777216 1-1 k1x1 s1x1 d1x1 g1",
      "expected a layer behind the time"
    ),
    ("time 1 gemm-inner 1", "expected a layer behind the time"),
  ])
  func `is refused in a sentence where it is damaged`(text: String, sentence: String) {
    let isWhole = text.isEmpty || text.hasPrefix("espalier") || text.hasPrefix("PK")
    let whole = isWhole ? text : "espalier-costs 1\nprocessor a b c d\n\(text)\n"
    let error = #expect(throws: CostTableError.self) { _ = try CostTable(text: whole) }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
  }

  /// What is too large to count is refused, what is not is counted.
  @Test func `may hold absurd layers without overflow`() throws {
    func table(_ line: String) throws(CostTableError) -> CostTable {
      try CostTable(text: "espalier-costs 1\nprocessor a b c d\ntime 1 \(line)\n")
    }
    for line in [
      "gemm-inner 1 u8 1x1x1 16777216-16777216 k1x1 s1x1 d1x1 g16777216",
      "winograd-4 1 f32 1x1x1 16777216-16777216 k3x3 s1x1 d1x1 g1",
    ] {
      #expect(throws: CostTableError.self) { _ = try table(line) }
    }
    let costs = try LayerCosts(
      try table("gemm-inner 1e300 f32 1x32768x32768 1-1 k1024x1024 s1x1 d1x1 g1"), threads: 1)
    for shape in costs.table.times[1, default: [:]].keys {
      #expect(costs.microseconds(shape).isFinite)
      #expect(costs.microseconds(shape.computed(in: .bytes)).isFinite)
    }
  }

  /// Every byte of a sound file lost, and every one changed.
  @Test func `never traps`() {
    let bytes = Array(Self.known.text.utf8)
    for place in bytes.indices {
      var (cut, changed) = (bytes, bytes)
      cut.remove(at: place)
      changed[place] = changed[place] ^ 21
      for damaged in [cut, changed, Array(bytes[..<place])] {
        _ = try? CostTable(text: String(decoding: damaged, as: UTF8.self))
      }
    }
  }
}

@Suite("Costs of layers") struct LayerCostsTests {
  private static let gemm = KernelChoice.gemm(panelsInner: true)

  private func costs(_ times: [(LayerShape, KernelChoice, Double)]) throws -> LayerCosts {
    try LayerCosts(table(times), threads: 1)
  }

  @Test func `are the measured times where there are some`() throws {
    let costs = try costs([(layer(64, 64), Self.gemm, 10), (layer(64, 128), Self.gemm, 500)])
    #expect(costs.microseconds(layer(64, 64), Self.gemm) == 10)
    #expect(costs.microseconds(layer(64, 128), Self.gemm) == 500)
  }

  @Test func `between measured widths lie between them, and follow blocks of 16 channels`() throws {
    let costs = try costs([(layer(64, 64), Self.gemm, 1000), (layer(64, 128), Self.gemm, 2000)])
    let times = (64...128).map { costs.microseconds(layer(64, $0), Self.gemm) }
    #expect(times == times.sorted())
    // 96 channels are 6 blocks: half way from 4 to 8.
    #expect(abs(costs.microseconds(layer(64, 96), Self.gemm) - 1500) < 30)
    #expect(costs.microseconds(layer(64, 97), Self.gemm) > 1.1 * costs.microseconds(layer(64, 96), Self.gemm))
    let (first, last) = (
      costs.microseconds(layer(64, 97), Self.gemm), costs.microseconds(layer(64, 112), Self.gemm)
    )
    #expect(abs(first - last) < 0.03 * last)
  }

  @Test func `of a processor that is as slow everywhere are as slow where nothing was measured`() throws {
    let estimate = LayerCosts.estimated(instructionSet: "neon")
    let slow = try costs(
      [layer(64, 64), layer(128, 128)].map { ($0, Self.gemm, 7 * estimate.microseconds($0, Self.gemm)) })
    for shape in [layer(80, 48), layer(96, 120), layer(64, 64, size: 20)] {
      let ratio = slow.microseconds(shape, Self.gemm) / estimate.microseconds(shape, Self.gemm)
      #expect(abs(ratio - 7) < 0.01)
    }
    // Another kernel is not known by it.
    let other = slow.microseconds(layer(64, 64), .winograd(tile: 4))
    #expect(other == estimate.microseconds(layer(64, 64), .winograd(tile: 4)))
  }

  @Test func `use measured rates`() throws {
    var fast = table()
    fast.set(.floatGemm, threads: 1, 32e9)
    fast.set(.callOverhead, threads: 1, 0.05)
    // Twice the built-in rate of NEON.
    let twice = try LayerCosts(fast, threads: 1).microseconds(layer(256, 256, size: 56), Self.gemm)
    let once = LayerCosts.estimated(instructionSet: "neon").microseconds(layer(256, 256, size: 56), Self.gemm)
    #expect(abs(once / twice - 2) < 0.05)
  }

  @Test func `choose the fastest kernel that was measured`() throws {
    let shape = layer(64, 64)
    let others = shape.candidates.filter { $0 != shape.favorite }
    for fastest in others {
      let costs = try costs(shape.candidates.map { ($0 == fastest ? (shape, $0, 50) : (shape, $0, 100)) })
      #expect(costs.best(shape) == fastest)
      #expect(costs.microseconds(shape) == 50)
    }
  }

  @Test func `do not choose by noise`() throws {
    let shape = layer(64, 64)
    let costs = try costs(shape.candidates.map { (shape, $0, $0 == shape.favorite ? 100 : 98) })
    #expect(costs.best(shape) == shape.favorite)
  }

  @Test func `choose the favorite where nothing was measured at all`() {
    let costs = LayerCosts.estimated(instructionSet: "avx2")
    for shape in StandardLayers.all { #expect(costs.best(shape) == shape.favorite) }
  }

  @Test func `exist for the measured numbers of threads alone`() throws {
    let error = #expect(throws: CostTableError.self) {
      _ = try LayerCosts(table([(layer(64, 64), Self.gemm, 1)], threads: 2), threads: 1)
    }
    #expect(error == .noTimes(threads: 1, available: [2]))
    #expect(error?.description.contains("holds no times for 1 thread, only for 2") == true)
  }

  @Test func `give rates by the median of the measured layers`() {
    // 28 x 28 x 64 x (64 x 9 + 6) multiply-adds with what begins and ends a tile.
    var known = table([
      (layer(64, 64), Self.gemm, 1000), (layer(64, 128), Self.gemm, 1000), (layer(64, 256), Self.gemm, 1000),
    ])
    known.deriveRates(threads: 1)
    #expect(known.rates[1]?[.floatGemm] == 28 * 28 * 128 * (64 * 9 + 6) * 1e3)
  }
}
