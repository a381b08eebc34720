internal import EspalierGraph

extension Window {
  /// What every operator with a window says of it; the rest differs from operator to operator.
  var poolingAttributes: [String: AttributeValue] {
    ["kernel_shape": .list(kernel), "strides": .list(strides), "pads": .list(pads)]
  }
}

extension ExportBuilder {
  /// What the current node reads, with known indices back in their place behind the data.
  mutating func inputs(inserting table: Gather.Table?) -> [String] {
    var inputs = self.inputs()
    if let table {
      let tensor = Tensor(shape: table.shape, integers: table.indices.map(Int64.init))
      inputs.insert(constant(tensor, "indices"), at: 1)
    }
    return inputs
  }
}

extension ScatterReduction {
  func exported(_ builder: ExportBuilder) throws(ExportError) -> [String: AttributeValue] {
    guard self != .max, self != .min else { throw builder.noForm("reduction '\(self)' came with opset 18") }
    return self == .none ? [:] : ["reduction": .string(rawValue)]
  }
}
