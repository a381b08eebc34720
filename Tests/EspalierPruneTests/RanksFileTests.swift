import EspalierGraph
import EspalierPasses
import Testing

@testable import EspalierPrune

@Suite("A file of ranks") struct RanksFileTests {
  private let graph: Graph
  private let map: ChannelMap

  init() throws {
    graph = try Self.network()
    map = ChannelMap(graph)
  }

  private static func network(inner: Int = 5) throws -> Graph {
    var net = Network()
    let s = try net.conv("s", net.input([1, 3, 4, 4]), [4, 3, 1, 1], seed: 1)
    let t = try net.conv("t \"in\"", s, [inner, 4, 1, 1], seed: 2)
    let u = try net.conv("u", t, [4, inner, 1, 1], residual: s, seed: 3)
    net.output(try net.conv("y", u, [2, 4, 1, 1], seed: 4))
    return net.graph
  }

  private func computed(_ criterion: RankCriterion = .obs) throws -> FilterRanks {
    try FilterRanks.compute(
      graph, map, criterion: criterion, frames: frames(graph, count: 20), engine: interpreting)
  }

  private func error(_ text: String) -> RanksError? {
    do throws(RanksError) { _ = try RanksFile.ranks(from: text, graph, map) } catch { return error }
    return nil
  }

  @Test(arguments: RankCriterion.allCases) func `is read as it was written`(criterion: RankCriterion) throws {
    let ranks = try computed(criterion)
    let text = RanksFile.text(ranks, graph, map)
    let read = try RanksFile.ranks(from: text, graph, map)
    #expect(read.criterion == criterion.rawValue)
    #expect(read.groups.map(\.units) == ranks.groups.map(\.units))
    #expect(RanksFile.text(read, graph, map) == text)
  }

  @Test func `keeps the order of equal scores`() throws {
    let equal = FilterRanks(scores: [:], criterion: "none", map: map)
    let read = try RanksFile.ranks(from: RanksFile.text(equal, graph, map), graph, map)
    #expect(read.groups.map(\.units) == equal.groups.map(\.units))
  }

  private func file(
    format: String = "espalier ranks 1", more: String = "",
    layers: String = #""s": [3, 1, 2, 4], "t \"in\"": [5, 4, 3, 2, 1e0]"#
  ) -> String {
    #"{"format": "\#(format)"\#(more), "layers": {\#(layers)}}"#
  }

  @Test func `may be written by hand`() throws {
    let ranks = try RanksFile.ranks(from: file(), graph, map)
    #expect(ranks.criterion == "file")
    let (s, t) = (units("s", graph, map), units("t \"in\"", graph, map))
    #expect(ranks.groups.map(\.units) == [[1, 2, 0, 3].map { s[$0] }, t.reversed()])
    #expect(ranks.groups.map(\.scores) == [[1, 2, 3, 4], [1, 2, 3, 4, 5]])
    // Of layers that make channels together the larger score counts.
    let both = file(layers: #""s": [3, 1, 2, 4], "u": [0, 9, 0, 0], "t \"in\"": [5, 4, 3, 2, 1]"#)
    #expect(try RanksFile.ranks(from: both, graph, map).groups[0].scores == [2, 3, 4, 9])
  }

  @Test func `of another network is refused`() throws {
    let other = try Self.network(inner: 6)
    let text = RanksFile.text(
      FilterRanks(scores: [:], criterion: "none", map: ChannelMap(other)), other, ChannelMap(other))
    #expect(error(text) == .channelCount(layer: "t \"in\"", expected: 5, found: 6))
    let own = RanksFile.structure(of: graph, map)
    #expect(
      error(file(more: #", "structure": "0123""#)) == .otherModel(expected: own, found: "0123"))
    #expect(error(file(more: #", "structure": "\#(own)""#)) == nil)
  }

  @Test func `of wrong layers is refused, all of them named`() {
    let extra = file(layers: #""s": [3, 1, 2, 4], "t \"in\"": [5, 4, 3, 2, 1], "v": [], "w": [1]"#)
    #expect(error(extra) == .unknownLayers(["v", "w"], known: ["s", "t \"in\"", "u"]))
    // The output's channels cannot be cut.
    let frozen = file(layers: #""s": [3, 1, 2, 4], "t \"in\"": [5, 4, 3, 2, 1], "y": [1, 2]"#)
    #expect(error(frozen) == .unknownLayers(["y"], known: ["s", "t \"in\"", "u"]))
    #expect(error(file(layers: #""t \"in\"": [5, 4, 3, 2, 1]"#)) == .missingLayers(["s", "u"]))
    #expect(error(file(layers: #""s": [3, 1, 2, 4]"#)) == .missingLayers(["t \"in\""]))
    let short = file(layers: #""s": [3, 1, 2], "t \"in\"": [5, 4, 3, 2, 1]"#)
    #expect(error(short) == .channelCount(layer: "s", expected: 4, found: 3))
    let null = file(layers: #""s": [3, null, 2, 1], "t \"in\"": [5, 4, 3, 2, 1]"#)
    #expect(error(null) == .member("s", problem: "must have a number for channel 1"))
  }

  @Test(arguments: [
    ("", 1, "the text ends too early"), ("{\n\"a\": [1, 2", 2, "the text ends too early"),
    ("{\n\"a\" 1}", 2, "this is no JSON"), ("{}\n\n x", 3, "this is no JSON"),
    ("{\"layers\": {\"s\": [\n  nan]}}", 2, "this is no JSON"),
    ("[1]", 1, "the ranks are no object in braces"),
    ("7", 1, "the ranks are no object in braces"),
  ])
  func `that is no JSON is refused with the line`(text: String, line: Int, problem: String) {
    #expect(error(text) == .malformed(line: line, problem: problem))
  }

  @Test func `with other members is refused`() {
    #expect(error(file(format: "2")) == .member("format", problem: "must be \"espalier ranks 1\""))
    #expect(error(file(more: ", \"layer\": 1")) == .member("layer", problem: "is not known"))
    #expect(error(file(more: ", \"criterion\": 1")) == .member("criterion", problem: "must be a string"))
    #expect(error(file(more: ", \"structure\": []")) == .member("structure", problem: "must be a string"))
    #expect(error("{}") == .member("format", problem: "must be \"espalier ranks 1\""))
    #expect(
      error(#"{"format": "espalier ranks 1", "layers": 3}"#)
        == .member("layers", problem: "must be an object with a list of scores for each layer"))
    #expect(error(file(layers: #""s": 3"#)) == .member("s", problem: "must be a list of scores"))
    #expect(
      error(file(layers: #""s": [3, true, 2, 1]"#))
        == .member("s", problem: "must have a number for channel 1"))
    #expect(error(String(repeating: "[", count: 100_000)) != nil)
  }
}
