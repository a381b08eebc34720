internal import ArgumentParser
internal import EspalierGraph
internal import EspalierPlan

/// `--results FORMAT[:KEY=VALUE]…`: what a network's outputs mean.
struct ResultsArgument: ExpressibleByArgument, Equatable {
  enum Meaning: Equatable {
    /// Softmax is applied where the network does not end in shares; or as is said.
    case classes(softmax: Bool?)
    case mask
    case boxes(BoxFormat)
  }

  /// What each takes beside the formats of `eval --boxes`, for the help.
  static let explanation = """
    classes           [1, C]: how likely each class is; classes:softmax and classes:raw say
                      whether shares are still to be made
    mask              [1, C, H, W], one or more: the class of each pixel, by the greatest
                      channel

    Behind the format, each after a colon: outputs=NAME,NAME (where the network has others),
    priors=FILE.npy (ssd), score=0.3, overlap=0.45, capacity=300, offset=1 (the output's
    place of class 0).
    """

  let text: String
  /// The same without paths.
  let summary: String
  let format: Meaning
  private(set) var outputs: [String] = []
  private(set) var priors: String?
  private(set) var score: Float?
  private(set) var overlap: Float?
  private(set) var capacity: Int?
  private(set) var offset: Int?

  init?(argument: String) {
    text = argument
    var parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    summary = parts.filter { !$0.hasPrefix("priors=") }.joined(separator: ":")
    let name = parts.removeFirst()
    var softmax: Bool?
    for part in parts {
      let (key, value) = Self.split(part)
      switch (key, value) {
      case ("softmax", nil) where name == "classes": softmax = true
      case ("raw", nil) where name == "classes": softmax = false
      case ("outputs", let value?): outputs = value.split(separator: ",").map(String.init)
      case ("priors", let value?) where !value.isEmpty: priors = value
      case ("score", let value?):
        guard let share = Self.share(value) else { return nil }
        score = share
      case ("overlap", let value?):
        guard let share = Self.share(value) else { return nil }
        overlap = share
      case ("capacity", let value?):
        guard let count = Int(value), 1...65_536 ~= count else { return nil }
        capacity = count
      case ("offset", let value?):
        guard let count = Int(value), 0...65_536 ~= count else { return nil }
        offset = count
      default: return nil
      }
    }
    switch name {
    case "classes": format = .classes(softmax: softmax)
    case "mask": format = .mask
    default:
      guard let boxes = BoxFormat(rawValue: String(name)) else { return nil }
      format = .boxes(boxes)
    }
  }

  private static func split(_ part: Substring) -> (String, String?) {
    guard let sign = part.firstIndex(of: "=") else { return (String(part), nil) }
    return (String(part[..<sign]), String(part[part.index(after: sign)...]))
  }

  static func share(_ text: String) -> Float? { Float(text).flatMap { (0...1).contains($0) ? $0 : nil } }

  /// What the outputs of a network mean.
  ///
  /// - Parameters:
  ///   - path: The model's, for errors.
  ///   - shares: Of each output whether its values are shares already.
  /// - Throws: `CommandError` where the outputs have other shapes, `UsageError`, `MediaError`.
  func results(
    path: String, inputs: [Plan.Port], outputs ports: [Plan.Port], shares: [Bool], labels: [String]
  ) throws -> Plan.Results {
    let chosen = try outputs.map { name in
      guard let index = ports.firstIndex(where: { $0.name == name }) else {
        let names = ports.map { "'\($0.name)'" }.joined(separator: ", ")
        throw UsageError("--results \(text): there is no output '\(name)' among \(names)")
      }
      return index
    }
    var results = try found(path, inputs, ports, chosen.isEmpty ? Array(ports.indices) : chosen, shares)
    results.labels = labels
    if let score { results.scoreThreshold = score }
    if let overlap { results.overlapThreshold = overlap }
    if let capacity { results.capacity = capacity }
    if let offset { results.classOffset = offset }
    guard results.layout(inputs: inputs, outputs: ports) != nil else {
      throw CommandError("'\(path)': --results \(text) leaves no class")
    }
    return results
  }

  private func found(
    _ path: String, _ inputs: [Plan.Port], _ ports: [Plan.Port], _ chosen: [Int], _ shares: [Bool]
  ) throws -> Plan.Results {
    if case .boxes(let format) = format {
      let model = try DetectorPorts(path: path, inputs: inputs, outputs: ports)
      return try format.results(model, priors: priors, outputs: chosen, option: "--results")
    }
    guard priors == nil else { throw UsageError("priors go with --results ssd") }
    var results = Plan.Results(format == .mask ? .mask : .classes, outputs: chosen)
    if case .classes(let softmax) = format {
      results.appliesSoftmax = softmax ?? !(chosen.first.map { shares[$0] } ?? false)
    }
    guard results.layout(inputs: inputs, outputs: ports) != nil else {
      let shapes = ports.map { Format.shape($0.shape) }.joined(separator: " and ")
      let expected = format == .mask ? "outputs [1, C, H, W] on one picture" : "one output [1, C]"
      throw CommandError("'\(path)': --results \(text) takes \(expected), but the outputs are \(shapes)")
    }
    return results
  }
}
