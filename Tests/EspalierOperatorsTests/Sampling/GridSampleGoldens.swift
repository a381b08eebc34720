import EspalierOperators
import Testing

/// What ONNX Runtime 1.31 computes for one form of GridSample.
struct GridSampleGolden: Sendable, CustomTestStringConvertible {
  var mode: GridSample.Mode
  var padding: GridSample.Padding
  var aligned: Bool
  var output: [Float]

  init(_ mode: GridSample.Mode, _ padding: GridSample.Padding, aligned: Bool, _ output: [Float]) {
    (self.mode, self.padding, self.aligned, self.output) = (mode, padding, aligned, output)
  }

  var testDescription: String { "\(mode) \(padding)\(aligned ? " with aligned corners" : "")" }

  var op: GridSample { GridSample(mode: mode, padding: padding, alignsCorners: aligned) }

  /// Of `.pattern([1, 2, 3, 4])` at `imageGrid`.
  static let images = [
    GridSampleGolden(
      .linear, .zeros, aligned: false, [-1.25, -2.5, -0.25, 0, 0, 0, -1.25, -3.04, -0.25, 0, 0, 0]),
    GridSampleGolden(.linear, .zeros, aligned: true, [-5, -3.6, -1, 0, 0, 0, -5, -3.6, -1, 0, 0, 0]),
    GridSampleGolden(
      .linear, .border, aligned: false, [-5, -2.5, -1, 5, 0.55, -1, -5, -3.04, -1, -4, 2.55, -1]),
    GridSampleGolden(
      .linear, .border, aligned: true, [-5, -3.6, -1, 5, 0.7, -0.700001, -5, -3.6, -1, -4, 2.7, -0.700001]),
    GridSampleGolden(
      .linear, .reflection, aligned: false,
      [-5, -2.5, -1, -0.75, -3.265, 5, -5, -3.04, -1, -0.75, -3.265, -4]),
    GridSampleGolden(
      .linear, .reflection, aligned: true,
      [-5, -3.6, -1, -2.2, -4.01, 4.475, -5, -3.6, -1, -2.2, -4.055, -3.85]),
    GridSampleGolden(.nearest, .zeros, aligned: false, [-5, -2, 0, 0, 0, 0, -5, -2, 0, 0, 0, 0]),
    GridSampleGolden(.nearest, .zeros, aligned: true, [-5, -5, -1, 0, 0, 0, -5, -5, -1, 0, 0, 0]),
    GridSampleGolden(.nearest, .border, aligned: false, [-5, -2, -1, 5, 1, -1, -5, -2, -1, -4, 3, -1]),
    GridSampleGolden(.nearest, .border, aligned: true, [-5, -5, -1, 5, 1, -1, -5, -5, -1, -4, 3, -1]),
    GridSampleGolden(.nearest, .reflection, aligned: false, [-5, -2, -1, 2, -5, 5, -5, -2, -1, 2, -5, -4]),
    GridSampleGolden(.nearest, .reflection, aligned: true, [-5, -5, -1, -5, -5, 5, -5, -5, -1, -5, -5, -4]),
    GridSampleGolden(
      .cubic, .zeros, aligned: false,
      [-1.93848, -3.50206, -0.674805, 0, 0, 0, -2.0498, -4.11653, -0.674805, 0, 0, 0]),
    GridSampleGolden(
      .cubic, .zeros, aligned: true, [-5, -4.95928, -1, -0.132375, 0, 0, -5, -4.78141, -1, 0.09375, 0, 0]),
    GridSampleGolden(
      .cubic, .border, aligned: false,
      [-6.29785, -3.35281, -1.75293, 5, 1.10463, -1.432, -6.50293, -3.84383, -1.75293, -4, 3.26719, -1.432]),
    GridSampleGolden(
      .cubic, .border, aligned: true,
      [-5, -4.81044, -1, 5.2461, 1.1185, -0.766775, -5, -4.6545, -1, -4.07031, 3.24, -0.731653]),
    GridSampleGolden(
      .cubic, .reflection, aligned: false,
      [
        -7.75391, -3.35281, -2.69922, -1.45594, -3.991, 6.8225, -8.19922, -3.84383, -2.69922, -0.724405,
        -3.8612, -5.78875,
      ]),
    GridSampleGolden(
      .cubic, .reflection, aligned: true,
      [-5, -4.59329, -1, -2.81144, -4.52896, 4.89949, -5, -4.41516, -1, -2.39547, -4.58407, -3.99135]),
  ]

  /// Of `.pattern([1, 2, 2, 2, 3])` at `volumeGrid`.
  static let volumes = [
    GridSampleGolden(.linear, .zeros, aligned: false, [-0.625, 0.27, 0, -0.625, 0.999, 0]),
    GridSampleGolden(.linear, .zeros, aligned: true, [-5, 1.016, -0.245, -5, 1.436, -0.245]),
    GridSampleGolden(.linear, .border, aligned: false, [-5, 0.3, -1.3, -5, 1.11, -1.3]),
    GridSampleGolden(.linear, .border, aligned: true, [-5, 1.016, -1.4, -5, 1.436, -1.4]),
    GridSampleGolden(.linear, .reflection, aligned: false, [-5, 0.3, -1.3, -5, 1.11, -0.7]),
    GridSampleGolden(.linear, .reflection, aligned: true, [-5, 1.016, -0.29, -5, 1.436, 0.22]),
    GridSampleGolden(.nearest, .zeros, aligned: false, [-5, 2, 0, -5, 2, 0]),
    GridSampleGolden(.nearest, .zeros, aligned: true, [-5, 2, 0, -5, 2, 0]),
    GridSampleGolden(.nearest, .border, aligned: false, [-5, 2, -1, -5, 2, -1]),
    GridSampleGolden(.nearest, .border, aligned: true, [-5, 2, -1, -5, 2, -1]),
    GridSampleGolden(.nearest, .reflection, aligned: false, [-5, 2, -1, -5, 2, -1]),
    GridSampleGolden(.nearest, .reflection, aligned: true, [-5, 2, -1, -5, 2, -1]),
  ]

  /// `[1, 3, 2, 2]`: a corner, places inside, and places outside on every side.
  static let imageGrid: [Float] = [-1, -1, 0.3, -0.4, 1, 1, 1.5, -2.2, -3.7, 0.1, 0.95, 7]
  /// `[1, 1, 1, 3, 3]`
  static let volumeGrid: [Float] = [-1, -1, -1, 0.3, -0.4, 0.6, 1.3, 0.2, -2.5]
}
