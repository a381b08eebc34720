internal import EspalierGraph
public import EspalierKernels

/// Calls of the kernels that many operators share.
extension Lowering {
  /// Emits one kernel call for the current node; an operand's address is its view's `base`.
  ///
  /// - Parameter operands: In the family's order; nil where one is absent.
  public mutating func emit(_ parameters: some KernelParameters, _ operands: [View?]) {
    let resolved = operands.map { view in
      view.map {
        LoweredCall.Operand(
          buffer: $0.buffer, byteOffset: $0.base * element(of: $0.buffer).byteCount)
      }
    }
    calls.append(
      LoweredCall(
        family: type(of: parameters).family, parameters: parameters.words, operands: resolved,
        name: currentName))
  }

  /// Copies elements between views of one shape (layout changes, pads, slices).
  ///
  /// - Precondition: Both are float32, or both are bytes.
  public mutating func copy(from source: View, to target: View) throws(LoweringError) {
    precondition(element(of: source.buffer) == element(of: target.buffer))
    switch element(of: target.buffer) {
    case .byte: eachElement(ByteCopyParameters.self, from: source, to: target)
    case .float32: eachElement(CopyParameters.self, from: source, to: target)
    }
  }

  /// Emits a call that makes each element of `target` from the same element of `source`: one call, or as many
  /// as the axes beyond the kernels' 6 have indices.
  ///
  /// - Parameters:
  ///   - tables: Operands that stand between source and target.
  ///   - complete: Fills in what the block holds beside the views.
  mutating func eachElement<Parameters: ElementwiseParameters>(
    _: Parameters.Type, from source: View, to target: View, tables: [View] = [],
    complete: (inout Parameters) -> Void = { _ in }
  ) {
    guard let axes = allMergedAxes([target, source]) else { return }
    let cut = max(0, axes.extent.count - 6)
    var parameters = Parameters()
    parameters.extent = sixAxes(Array(axes.extent[cut...]), fill: 1)
    parameters.input_stride = sixAxes(Array(axes.strides[1][cut...]), fill: 0)
    parameters.output_stride = sixAxes(Array(axes.strides[0][cut...]), fill: 0)
    complete(&parameters)
    let outer = Array(axes.extent[..<cut])
    let (from, to) = (Array(axes.strides[1][..<cut]), Array(axes.strides[0][..<cut]))
    for (read, written) in zip(
      stridedOffsets(shape: outer, strides: from), stridedOffsets(shape: outer, strides: to))
    {
      parameters.input_base = source.offsetFromLowest + Int32(read)
      parameters.output_base = target.offsetFromLowest + Int32(written)
      emit(parameters, [source.atLowest] + tables.map { $0 } + [target.atLowest])
    }
  }

  /// Sets every element of a view.
  public mutating func fill(_ target: View, with value: Float) {
    guard target.shape.elementCount > 0 else { return }
    precondition(target.rank <= 6)
    if element(of: target.buffer) == .byte { return fillBytes(target, with: Int32(value)) }
    var parameters = FillParameters()
    parameters.extent = sixAxes(target.shape, fill: 1)
    parameters.stride = sixAxes(target.strides, fill: 0)
    parameters.base = target.offsetFromLowest
    parameters.value = value
    emit(parameters, [target.atLowest])
  }

  private mutating func fillBytes(_ target: View, with value: Int32) {
    var parameters = ByteFillParameters()
    parameters.extent = sixAxes(target.shape, fill: 1)
    parameters.stride = sixAxes(target.strides, fill: 0)
    parameters.base = target.offsetFromLowest
    parameters.value = value
    emit(parameters, [target.atLowest])
  }

  /// `target = function(source)`, element by element.
  public mutating func unary(
    _ function: ElementFunction, from source: View, to target: View
  ) throws(LoweringError) {
    eachElement(UnaryParameters.self, from: source, to: target) {
      $0.function = function.kernelCode
      $0.alpha = function.alpha
      $0.beta = function.beta
    }
  }

  /// `target = function(operation(a, b))`, with a and b broadcast to the target's shape.
  ///
  /// - Parameter operation: The number of an `espalier_binary` (see espalier_parameters.h).
  public mutating func binary(
    _ operation: Int32, _ a: View, _ b: View, to target: View, function: ElementFunction = .identity
  ) throws(LoweringError) {
    let (a, b) = (a.broadcast(to: target.shape), b.broadcast(to: target.shape))
    guard let axes = try mergedAxes([target, a, b]) else { return }
    var parameters = BinaryParameters()
    parameters.extent = sixAxes(axes.extent, fill: 1)
    parameters.output_stride = sixAxes(axes.strides[0], fill: 0)
    parameters.a_stride = sixAxes(axes.strides[1], fill: 0)
    parameters.b_stride = sixAxes(axes.strides[2], fill: 0)
    parameters.output_base = target.offsetFromLowest
    parameters.a_base = a.offsetFromLowest
    parameters.b_base = b.offsetFromLowest
    parameters.operation = operation
    parameters.function = function.kernelCode
    parameters.alpha = function.alpha
    parameters.beta = function.beta
    emit(parameters, [a.atLowest, b.atLowest, target.atLowest])
  }

  /// `target = condition != 0 ? a : b`, all three broadcast to the target's shape.
  mutating func select(
    where condition: View, _ a: View, otherwise b: View, to target: View
  ) throws(LoweringError) {
    let sources = [condition, a, b].map { $0.broadcast(to: target.shape) }
    guard let axes = try mergedAxes([target] + sources) else { return }
    var parameters = SelectParameters()
    parameters.extent = sixAxes(axes.extent, fill: 1)
    parameters.output_stride = sixAxes(axes.strides[0], fill: 0)
    parameters.c_stride = sixAxes(axes.strides[1], fill: 0)
    parameters.a_stride = sixAxes(axes.strides[2], fill: 0)
    parameters.b_stride = sixAxes(axes.strides[3], fill: 0)
    parameters.output_base = target.offsetFromLowest
    parameters.c_base = sources[0].offsetFromLowest
    parameters.a_base = sources[1].offsetFromLowest
    parameters.b_base = sources[2].offsetFromLowest
    emit(parameters, (sources + [target]).map(\.atLowest))
  }

  /// One number among the weights, as a tensor of rank 0.
  mutating func scalar(_ value: Float) -> View {
    View(.weights, base: weights.append(floats: [value]).base, shape: [], strides: [])
  }

  /// The axes of views of one shape as kernels want them: sorted so that the first view's memory is walked
  /// forward, without axes of extent 1, neighbors that run on into each other in every view merged.
  ///
  /// - Returns: Extents and one list of strides per view; nil where there is no element.
  /// - Throws: `LoweringError.tooManyAxes` where more than 6 axes are left.
  public func mergedAxes(
    _ views: [View]
  ) throws(LoweringError) -> (extent: [Int], strides: [[Int]])? {
    guard let axes = allMergedAxes(views) else { return nil }
    guard axes.extent.count <= 6 else { throw .tooManyAxes(node: currentName, shape: views[0].shape) }
    return axes
  }

  /// The longest axis that a kernel takes (`espalier_axis_limit` of the kernels' view.h).
  static let axisLimit = 1 << 24

  private func allMergedAxes(_ views: [View]) -> (extent: [Int], strides: [[Int]])? {
    let shape = views[0].shape
    precondition(views.allSatisfy { $0.shape == shape })
    guard shape.elementCount > 0 else { return nil }
    let order = shape.indices.filter { shape[$0] != 1 }
      .sorted { (abs(views[0].strides[$0]), $1) > (abs(views[0].strides[$1]), $0) }
    var extent: [Int] = []
    var strides = [[Int]](repeating: [], count: views.count)
    for axis in order {
      let merges =
        (extent.last.map { $0 * shape[axis] <= Self.axisLimit } ?? false)
        && views.indices.allSatisfy { (strides[$0].last ?? 0) == shape[axis] * views[$0].strides[axis] }
      if merges {
        extent[extent.count - 1] *= shape[axis]
        for index in views.indices { strides[index][extent.count - 1] = views[index].strides[axis] }
      } else {
        extent.append(shape[axis])
        for index in views.indices { strides[index].append(views[index].strides[axis]) }
      }
    }
    return (extent, strides)
  }
}

extension View {
  /// From the lowest element that the view reaches to index (0, …, 0): a kernel's `base` field.
  public var offsetFromLowest: Int32 { Int32(base - lowest) }

  /// The view with its address at the lowest element that it reaches.
  public var atLowest: View {
    var view = self
    view.base = lowest
    return view
  }
}
