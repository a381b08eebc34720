internal import EspalierKernels
internal import EspalierOperators
internal import EspalierPlan

extension Place {
  /// The statistics of those tensors that lie in one piece where they are computed, in the order of the calls.
  ///
  /// - Parameter tensors: More than a pack holds are cut off.
  func watches(_ tensors: [WatchedTensor], limits: PlanLimits = PlanLimits()) -> [Plan.Watch] {
    let points = lowering.watchPoints.sorted { ($0.call, $0.value) < ($1.call, $1.value) }
    let found = points.compactMap { point in
      tensors.first { $0.value == point.value }.flatMap { watch($0, at: point) }
    }
    return Array(found.prefix(limits.watchCount))
  }

  /// Nil where the tensor has no element, more axes than a kernel takes, or another form than was thought.
  private func watch(_ tensor: WatchedTensor, at point: WatchPoint) -> Plan.Watch? {
    guard let axes = try? lowering.mergedAxes([point.view]),
      point.isOfBytes == (tensor.quantization != nil)
    else { return nil }
    let (extent, strides) = (sixAxes(axes.extent, fill: 1), sixAxes(axes.strides[0], fill: 0))
    let (family, words) =
      point.isOfBytes
      ? (
        ByteStatisticsParameters.family,
        ByteStatisticsParameters(
          extent: extent, input_stride: strides, input_base: point.view.offsetFromLowest
        ).words
      )
      : (
        StatisticsParameters.family,
        StatisticsParameters(
          extent: extent, input_stride: strides, input_base: point.view.offsetFromLowest,
          low: tensor.digest?.least ?? -.infinity, high: tensor.digest?.largest ?? .infinity
        ).words
      )
    let lowest = point.view.atLowest
    let source = LoweredCall.Operand(
      buffer: lowest.buffer, byteOffset: lowest.base * (point.isOfBytes ? 1 : 4))
    return Plan.Watch(
      call: point.call,
      statistics: Plan.Call(
        family: family, operands: [operand(source), .absent], parameters: words, name: tensor.name),
      scale: tensor.quantization?.scale ?? 1, zeroPoint: UInt8(clamping: tensor.quantization?.zeroPoint ?? 0),
      digest: tensor.digest)
  }
}
