import EspalierGraph

extension Importer {
  /// Makes constants of a graph's initializers. One that cannot be read is an error only where it is used.
  mutating func importInitializers(of graph: OnnxGraph, in scope: Scope?) throws(ImportError) {
    for initializer in graph.initializers {
      let name = scope?.resolve(initializer.name) ?? initializer.name
      guard meanings[name] == nil else { throw .malformed("'\(name)' is defined twice") }
      switch initializer.tensor {
      case .known(let tensor): meanings[name] = .value(builder.constant(tensor, name: name))
      case .unreadable(let problem): meanings[name] = .unreadable(problem: problem)
      }
    }
  }

  /// Makes inputs of everything that the file calls an input and that has no known value.
  mutating func importInputs() throws(ImportError) {
    let inputs = model.graph.inputs.filter { meanings[$0.name] == nil }
    let names = inputs.map(\.name)
    for name in Set(options.shapes.keys).union(options.constants.keys).sorted() where !names.contains(name) {
      errors.append(.noSuchInput(name, inputs: names))
    }
    let symbols = symbolExtents(of: inputs)
    for input in inputs {
      guard meanings[input.name] == nil else { throw .malformed("two inputs are called '\(input.name)'") }
      meanings[input.name] = .failed
      do { try importInput(input, symbols) } catch { errors.append(error) }
    }
  }

  private mutating func importInput(_ input: OnnxValue, _ symbols: [String: Int]) throws(ImportError) {
    guard let element = input.element else { throw .unsupportedInput(input.name) }
    if let tensor = options.constants[input.name] {
      guard input.accepts(tensor.shape) else {
        throw .inputShape(input.name, declared: input.shapeDescription, given: tensor.shape)
      }
      meanings[input.name] = .value(builder.constant(tensor, name: input.name))
      return
    }
    let shape = try fixedShape(of: input, symbols)
    guard shape.checkedElementCount != nil else {
      throw .malformed("input '\(input.name)' is a tensor of \(TensorType(element, shape))")
    }
    meanings[input.name] = .value(builder.input(name: input.name, type: TensorType(element, shape)))
  }

  private func fixedShape(of input: OnnxValue, _ symbols: [String: Int]) throws(ImportError) -> Shape {
    if let given = options.shapes[input.name] {
      guard options.changesFixedExtents || input.accepts(given) else {
        throw .inputShape(input.name, declared: input.shapeDescription, given: given)
      }
      return given
    }
    let extents = input.extents?.map { extent in
      switch extent {
      case .fixed(let count): Int?.some(count)
      case .unknown(let symbol): symbols[symbol]
      }
    }
    guard let extents, !extents.contains(nil) else {
      throw .unknownShape(input: input.name, shape: input.shapeDescription)
    }
    return extents.compactMap { $0 }
  }

  /// What the given shapes say about symbols: an `N` that one input fixes holds for all.
  private func symbolExtents(of inputs: [OnnxValue]) -> [String: Int] {
    var symbols: [String: Int] = [:]
    for input in inputs {
      let given = options.shapes[input.name] ?? options.constants[input.name]?.shape
      guard let given, let extents = input.extents else { continue }
      for case (.unknown(let symbol), let count) in zip(extents, given) where !symbol.isEmpty {
        symbols[symbol] = count
      }
    }
    return symbols
  }
}

extension OnnxValue {
  /// Whether a shape has the rank and the fixed extents that the file states.
  func accepts(_ shape: Shape) -> Bool {
    guard let extents else { return true }
    guard extents.count == shape.count else { return false }
    return zip(extents, shape).allSatisfy { extent, count in
      if case .fixed(let fixed) = extent { fixed == count } else { true }
    }
  }
}
