internal import ArgumentParser
internal import EspalierGraph
internal import EspalierPlan

/// What `compile` writes into the pack about the meaning of outputs.
struct MeaningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What the outputs mean, for the runtime to find it: classes, mask, or a format of 'eval --boxes', such as \
      yolox or ssd:priors=FILE.npy. A detector is then pruned by what its boxes need.
      """, valueName: "FORMAT[:KEY=VALUE]…"))
  var results: ResultsArgument?

  @Option(
    help: ArgumentHelp(
      "Names of the classes, one a line, for --results; --labels does the same where nothing is judged.",
      valueName: "FILE"))
  var classes: String?

  /// - Parameter labels: The file of `--labels`, where it does not belong to `--judge`.
  func results(
    _ path: String, inputs: [Plan.Port], outputs: [Plan.Port], shares: [Bool], labels: String?
  ) throws -> Plan.Results? {
    guard let results else { return nil }
    let names = try (classes ?? labels).map(Labels.init(path:))?.trimmed ?? []
    return try results.results(path: path, inputs: inputs, outputs: outputs, shares: shares, labels: names)
  }
}

extension Labels {
  /// Without empty lines at the end.
  var trimmed: [String] {
    var names = names.map { $0.filter { $0 != "\r" && $0 != "\0" } }
    while names.last?.isEmpty == true { names.removeLast() }
    return names
  }
}

extension Graph {
  var outputPorts: [Plan.Port] {
    zip(outputNames, outputs).map { Plan.Port(name: $0, shape: type(of: $1).shape) }
  }

  /// Inputs as a pack has them.
  func ports(_ values: [ValueID]) -> [Plan.Port] {
    values.map { Plan.Port(name: self[$0].name, shape: type(of: $0).shape) }
  }

  /// Of each output whether softmax or the logistic function makes its values.
  var outputsShares: [Bool] {
    outputs.map { output in
      var value = output
      while let node = producer(of: value) {
        let name = Swift.type(of: node.op).name
        if ["Softmax", "Sigmoid"].contains(name) { return true }
        guard Self.carriers.contains(name), let source = node.inputs.first else { return false }
        value = source
      }
      return false
    }
  }

  /// Operators that leave values as they are.
  private static let carriers = [
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "DequantizeLinear",
  ]
}
