public import EspalierOperators

/// Layers as networks have them, to know a processor by: every kernel at several widths and sizes.
public enum StandardLayers {
  /// In float32; every one has a twin in 8 bits.
  private static let float: [LayerShape] =
    pointwise + square(3, [(80, 16), (56, 64), (28, 128), (14, 256), (7, 512)])
    + square(3, [(56, 64), (28, 128), (14, 256)], stride: 2) + square(5, [(28, 32), (14, 64)])
    + depthwise(3, 1, [(112, 32), (56, 96), (28, 192), (14, 384), (7, 960)])
    + depthwise(3, 2, [(56, 96), (28, 144), (14, 240)]) + depthwise(5, 1, [(28, 120), (14, 480)])
    + depthwise(5, 2, [(14, 240)])
    + [
      LayerShape(
        .float32, height: 112, width: 112, inputChannels: 3, outputChannels: 32, kernel: [3, 3],
        strides: [2, 2]),
      LayerShape(.float32, height: 1, width: 1, inputChannels: 1024, outputChannels: 1000),
      LayerShape(
        .float32, height: 28, width: 28, inputChannels: 128, outputChannels: 128, kernel: [3, 3], groups: 4),
    ]

  public static let all = (float + float.map { $0.computed(in: .bytes) }).sorted()

  private static let pointwise: [LayerShape] = [
    (112, 32, 16), (56, 16, 96), (56, 64, 64), (56, 64, 256), (28, 192, 32), (28, 128, 128), (14, 96, 576),
    (14, 256, 256), (7, 160, 960), (7, 512, 512), (7, 320, 1280),
  ].map { size, inputs, outputs in
    LayerShape(.float32, height: size, width: size, inputChannels: inputs, outputChannels: outputs)
  }

  private static func square(
    _ kernel: Int, _ layers: [(size: Int, channels: Int)], stride: Int = 1
  ) -> [LayerShape] {
    layers.map { size, channels in
      LayerShape(
        .float32, height: size / stride, width: size / stride, inputChannels: channels,
        outputChannels: channels, kernel: [kernel, kernel], strides: [stride, stride])
    }
  }

  private static func depthwise(
    _ kernel: Int, _ stride: Int, _ layers: [(size: Int, channels: Int)]
  ) -> [LayerShape] {
    square(kernel, layers, stride: stride).map { layer in
      var layer = layer
      layer.groups = layer.inputChannels
      return layer
    }
  }
}
