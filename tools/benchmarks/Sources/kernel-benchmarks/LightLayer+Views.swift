import CEspalierKernels
import EspalierKernels

extension LightLayer {
  /// Doubles an image's sides: `taps` 1 is nearest, 2 is linear.
  static func resize(_ name: String, _ size: Int, _ channels: Int, taps: Int) -> LightLayer {
    let (read, written) = (size * size * channels, 4 * size * size * channels)
    return LightLayer("\(name) resize \(size)x\(size)x\(channels)", read: read, written: written) {
      var p = ResizeParameters()
      (p.batch, p.channels) = (1, Int32(channels))
      (p.input_height, p.input_width) = (Int32(size), Int32(size))
      (p.output_height, p.output_width) = (Int32(2 * size), Int32(2 * size))
      (p.row_taps, p.column_taps) = (Int32(taps), Int32(taps))
      (p.input_stride_h, p.input_stride_w) = (Int32(size * channels), Int32(channels))
      (p.output_stride_h, p.output_stride_w) = (Int32(2 * size * channels), Int32(channels))
      let indices = (0..<2 * size * taps).map {
        Float(bitPattern: UInt32(min($0 / taps / 2 + $0 % taps, size - 1)))
      }
      let weights = [Float](repeating: 1 / Float(taps), count: indices.count)
      return TimedCall(
        p,
        [
          [Float](repeating: 0.5, count: read), indices, weights, indices, weights,
          [Float](repeating: 0, count: written),
        ])
    }
  }

  /// Reduces `rows` x `columns` along the columns, or else along the rows.
  static func reduce(
    _ name: String, _ reduction: espalier_reduction, rows: Int, columns: Int, alongColumns: Bool
  ) -> LightLayer {
    let written = alongColumns ? rows : columns
    let title = "\(name) \(rows)x\(columns) along \(alongColumns ? "columns" : "rows")"
    return LightLayer(title, read: rows * columns, written: written) {
      var p = ReduceParameters()
      p.kept = sixAxes([written], fill: 1)
      p.kept_input_stride = sixAxes([alongColumns ? columns : 1], fill: 0)
      p.kept_output_stride = sixAxes([1], fill: 0)
      p.reduced = sixAxes([alongColumns ? columns : rows], fill: 1)
      p.reduced_stride = sixAxes([alongColumns ? 1 : columns], fill: 0)
      p.reduction = Int32(reduction.rawValue)
      return TimedCall(
        p, [[Float](repeating: 0.5, count: rows * columns), [Float](repeating: 0, count: written)])
    }
  }

  /// Softmax of `rows` x `columns` along the columns, or else along the rows.
  static func softmax(rows: Int, columns: Int, alongColumns: Bool) -> LightLayer {
    let count = rows * columns
    let title = "softmax \(rows)x\(columns) along \(alongColumns ? "columns" : "rows")"
    return LightLayer(title, read: count, written: count) {
      var p = SoftmaxParameters()
      p.extent = sixAxes([alongColumns ? rows : columns], fill: 1)
      p.input_stride = sixAxes([alongColumns ? columns : 1], fill: 0)
      p.output_stride = p.input_stride
      p.length = Int32(alongColumns ? columns : rows)
      p.input_length_stride = Int32(alongColumns ? 1 : columns)
      p.output_length_stride = p.input_length_stride
      return TimedCall(p, [[Float](repeating: 0.5, count: count), [Float](repeating: 0, count: count)])
    }
  }

  /// Layer normalization of `rows` vectors of `columns` elements.
  static func layerNormalization(rows: Int, columns: Int) -> LightLayer {
    let count = rows * columns
    return LightLayer("layer normalization \(rows)x\(columns)", read: count, written: count) {
      var p = NormalizeParameters()
      p.kept = sixAxes([rows], fill: 1)
      p.kept_input_stride = sixAxes([columns], fill: 0)
      p.kept_output_stride = p.kept_input_stride
      p.reduced = sixAxes([columns], fill: 1)
      p.reduced_input_stride = sixAxes([1], fill: 0)
      p.reduced_output_stride = p.reduced_input_stride
      p.reduced_scale_stride = p.reduced_input_stride
      p.reduced_bias_stride = p.reduced_input_stride
      p.epsilon = 1e-5
      let one = [Float](repeating: 1, count: columns)
      return TimedCall(
        p, [[Float](repeating: 0.5, count: count), one, one, [Float](repeating: 0, count: count)])
    }
  }

  /// `batch` products of `[m, k]` and `[k, n]`, the latter's columns adjacent unless `transposed`.
  static func product(_ batch: Int, _ m: Int, _ n: Int, _ k: Int, transposed: Bool) -> LightLayer {
    LightLayer(
      "\(batch) x \(m)x\(k) times \(k)x\(n)\(transposed ? " transposed" : "")",
      multiplyAdds: Double(batch * m * n * k), read: batch * k * (m + n), written: batch * m * n
    ) {
      var p = MatMulParameters()
      p.batch = (1, 1, 1, Int32(batch))
      p.a_batch_stride.3 = Int32(m * k)
      p.b_batch_stride.3 = Int32(k * n)
      p.output_batch_stride.3 = Int32(m * n)
      (p.m, p.n, p.k) = (Int32(m), Int32(n), Int32(k))
      (p.a_stride_m, p.a_stride_k) = (Int32(k), 1)
      (p.b_stride_k, p.b_stride_n) = transposed ? (1, Int32(k)) : (Int32(n), 1)
      (p.output_stride_m, p.output_stride_n) = (Int32(n), 1)
      p.alpha = 1
      return TimedCall(
        p,
        [batch * m * k, batch * k * n, batch * m * n].map { [Float](repeating: 0.5, count: $0) })
    }
  }

  /// Layers that work on views.
  static var views: [LightLayer] {
    [
      resize("nearest", 40, 128, taps: 1), resize("linear", 40, 128, taps: 2),
      resize("linear", 40, 21, taps: 2),
      reduce("mean", espalier_reduction_mean, rows: 49, columns: 1280, alongColumns: false),
      reduce("mean", espalier_reduction_mean, rows: 3136, columns: 72, alongColumns: false),
      reduce("mean", espalier_reduction_mean, rows: 3136, columns: 72, alongColumns: true),
      reduce("maximum", espalier_reduction_max, rows: 3136, columns: 72, alongColumns: true),
      reduce("argmax", espalier_reduction_arg_max, rows: 4096, columns: 21, alongColumns: true),
      softmax(rows: 1, columns: 1000, alongColumns: true),
      softmax(rows: 400, columns: 400, alongColumns: true),
      softmax(rows: 21, columns: 4096, alongColumns: false), layerNormalization(rows: 196, columns: 192),
      product(4, 196, 196, 32, transposed: true), product(4, 196, 32, 196, transposed: false),
      product(1, 256, 256, 256, transposed: false), product(1, 1, 1000, 1024, transposed: false),
      product(1, 1, 1000, 1024, transposed: true),
    ]
  }
}
