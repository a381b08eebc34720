extension Graph {
  /// The graph as text, one value a line:
  ///
  ///     input %x : float32[1, 3, 8, 8]
  ///     %w = constant float32[4, 3, 3, 3] random 7
  ///     %y = Conv(%x, %w) {groups = 1, pads = [1, 1, 1, 1]} : float32[1, 4, 8, 8] @conv1
  ///     output %y as "features"
  ///
  /// `@` gives the node's name where it is not its first output's, `as` the output's where it is not the
  /// value's. Names of anything but letters, digits and `_ . + - / $` stand in quotes.
  ///
  /// - Parameter constantLimit: Constants of more elements are left out and a checksum stands for them; such
  ///   a text cannot be read again.
  public func text(constantLimit: Int = 16) -> String {
    var lines = inputs.map { "input \(reference($0)) : \(type(of: $0))" }
    var printed: Set<ValueID> = []
    func printConstant(_ value: ValueID) {
      guard let tensor = constant(of: value), printed.insert(value).inserted else { return }
      lines.append("\(reference(value)) = constant \(tensor.type) \(tensor.text(limit: constantLimit))")
    }
    for node in nodes {
      node.inputs.forEach(printConstant)
      lines.append(line(of: node))
    }
    outputs.forEach(printConstant)
    for (output, name) in zip(outputs, outputNames) {
      let suffix = name == self[output].name ? "" : " as \(TextValue.quoted(name))"
      lines.append("output \(reference(output))\(suffix)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func reference(_ value: ValueID) -> String { "%" + TextValue.name(self[value].name) }

  private func line(of node: Node) -> String {
    let outputs = node.outputs.map(reference).joined(separator: ", ")
    let inputs = node.inputs.map(reference).joined(separator: ", ")
    let types = node.outputs.map { "\(type(of: $0))" }.joined(separator: ", ")
    let attributes = node.op.attributeText
    let name = node.outputs.first.map { self[$0].name } == node.name ? "" : " @\(TextValue.name(node.name))"
    return "\(outputs) = \(node.op.name)(\(inputs))\(attributes) : \(types)\(name)"
  }
}

extension Operator {
  /// ` {groups = 1, pads = [1, 1, 1, 1]}`, or nothing for an operator without attributes.
  fileprivate var attributeText: String {
    do {
      let value = try TextEncoder.value(of: self)
      return value == .record([]) ? "" : " \(value)"
    } catch {
      return " {error = \(TextValue.quoted("\(error)"))}"
    }
  }
}

extension Tensor {
  fileprivate func text(limit: Int) -> String {
    guard count <= limit else { return "elided \(String(checksum, radix: 16))" }
    switch storage {
    case .floats(let elements): return "[\(elements.map { "\($0)" }.joined(separator: ", "))]"
    case .integers(let elements): return "[\(elements.map { "\($0)" }.joined(separator: ", "))]"
    }
  }

  /// FNV-1a over the elements' bits.
  fileprivate var checksum: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ bits: UInt64) { hash = (hash ^ bits) &* 0x0000_0100_0000_01b3 }
    switch storage {
    case .floats(let elements): for element in elements { mix(UInt64(element.bitPattern)) }
    case .integers(let elements): for element in elements { mix(UInt64(bitPattern: element)) }
    }
    return hash
  }
}
