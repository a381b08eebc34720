import EspalierGraph
import Testing

/// What ONNX Runtime 1.31 (Swish: ONNX's reference evaluator) computes for one operator.
struct UnaryGolden: Sendable, CustomTestStringConvertible {
  static let any: [Float] = [-4, -1.5, -0.5, 0, 0.25, 1, 2.5, 7]
  static let unit: [Float] = [-0.9, -0.5, -0.1, 0, 0.2, 0.5, 0.75, 0.99]
  static let positive: [Float] = [1, 1.25, 1.5, 2, 3, 5, 8, 100]

  var type: String
  var attributes: [String: AttributeValue]
  var input: [Float]
  var output: [Float]

  init(
    _ type: String, _ attributes: [String: AttributeValue] = [:], of input: [Float] = UnaryGolden.any,
    gives output: [Float]
  ) {
    self.type = type
    self.attributes = attributes
    self.input = input
    self.output = output
  }

  var testDescription: String { attributes.isEmpty ? type : "\(type) with attributes" }

  static let all: [UnaryGolden] = [
    UnaryGolden(
      "Relu", gives: [0, 0, 0, 0, 0.25, 1, 2.5, 7]),
    UnaryGolden(
      "LeakyRelu", gives: [-0.04, -0.015, -0.005, 0, 0.25, 1, 2.5, 7]),
    UnaryGolden(
      "LeakyRelu", ["alpha": .float(0.1)], gives: [-0.4, -0.15, -0.05, 0, 0.25, 1, 2.5, 7]),
    UnaryGolden(
      "HardSigmoid", gives: [0, 0.19999999, 0.4, 0.5, 0.55, 0.7, 1, 1]),
    UnaryGolden(
      "HardSigmoid", ["alpha": .float(1 / 6), "beta": .float(0.5)],
      gives: [0, 0.25, 0.41666666, 0.5, 0.5416667, 0.6666667, 0.9166667, 1]),
    UnaryGolden(
      "HardSwish", gives: [-0, -0.375, -0.20833333, 0, 0.13541667, 0.6666667, 2.2916667, 7]),
    UnaryGolden(
      "Sigmoid",
      gives: [0.017986238, 0.18242556, 0.3775407, 0.5, 0.56217647, 0.7310586, 0.9241418, 0.99908894]),
    UnaryGolden(
      "Tanh", gives: [-0.9993292, -0.9051482, -0.46211717, 0, 0.24491866, 0.7615942, 0.98661435, 0.99999833]),
    UnaryGolden(
      "Elu", gives: [-0.9816844, -0.77686983, -0.39346933, 0, 0.25, 1, 2.5, 7]),
    UnaryGolden(
      "Selu", gives: [-1.7258986, -1.3658143, -0.69175816, 0, 0.26267526, 1.050701, 2.6267526, 7.354907]),
    UnaryGolden(
      "Celu", ["alpha": .float(2.0)], gives: [-1.7293295, -1.0552669, -0.44239843, 0, 0.25, 1, 2.5, 7]),
    UnaryGolden(
      "Softplus",
      gives: [0.01814993, 0.20141326, 0.474077, 0.6931472, 0.8259395, 1.3132617, 2.5788898, 7.000911]),
    UnaryGolden(
      "Softsign", gives: [-0.8, -0.6, -0.33333334, 0, 0.2, 0.5, 0.71428573, 0.875]),
    UnaryGolden(
      "ThresholdedRelu", gives: [0, 0, 0, 0, 0, 0, 2.5, 7]),
    UnaryGolden(
      "Erf", gives: [-1, -0.96610516, -0.5204999, 0, 0.2763264, 0.8427008, 0.9995931, 1]),
    UnaryGolden(
      "Gelu", gives: [-0.00012671947, -0.100210816, -0.15426877, 0, 0.14967658, 0.8413447, 2.484476, 7]),
    UnaryGolden(
      "Gelu", ["approximate": .string("tanh")],
      gives: [-0.00007009506, -0.10042843, -0.154286, 0, 0.14967535, 0.841192, 2.4849157, 7]),
    UnaryGolden(
      "Mish", gives: [-0.07259174, -0.2980997, -0.22074378, 0, 0.16957243, 0.8650985, 2.4713924, 6.999989]),
    UnaryGolden(
      "Swish", ["alpha": .float(1.5)],
      gives: [-0.009890493, -0.1430242, -0.16041064, 0, 0.14816666, 0.8175745, 2.4425566, 6.9998074]),
    UnaryGolden(
      "Abs", gives: [4, 1.5, 0.5, 0, 0.25, 1, 2.5, 7]),
    UnaryGolden(
      "Neg", gives: [4, 1.5, 0.5, -0, -0.25, -1, -2.5, -7]),
    UnaryGolden(
      "Exp", gives: [0.01831564, 0.22313017, 0.60653067, 1, 1.2840254, 2.7182817, 12.182494, 1096.6332]),
    UnaryGolden(
      "Log", of: UnaryGolden.positive,
      gives: [0, 0.22314355, 0.4054651, 0.6931472, 1.0986123, 1.609438, 2.0794415, 4.6051702]),
    UnaryGolden(
      "Sqrt", of: UnaryGolden.positive,
      gives: [1, 1.118034, 1.2247449, 1.4142135, 1.7320508, 2.236068, 2.828427, 10]),
    UnaryGolden(
      "Reciprocal", of: UnaryGolden.positive, gives: [1, 0.8, 0.6666667, 0.5, 0.33333334, 0.2, 0.125, 0.01]),
    UnaryGolden(
      "Floor", gives: [-4, -2, -1, 0, 0, 1, 2, 7]),
    UnaryGolden(
      "Ceil", gives: [-4, -1, -0, 0, 1, 1, 3, 7]),
    UnaryGolden(
      "Round", gives: [-4, -2, -0, 0, 0, 1, 2, 7]),
    UnaryGolden(
      "Sign", gives: [-1, -1, -1, 0, 1, 1, 1, 1]),
    UnaryGolden(
      "Sin", gives: [0.7568025, -0.997495, -0.47942555, 0, 0.24740396, 0.84147096, 0.5984722, 0.6569866]),
    UnaryGolden(
      "Cos", gives: [-0.6536436, 0.0707372, 0.87758255, 1, 0.9689124, 0.5403023, -0.8011436, 0.75390226]),
    UnaryGolden(
      "Tan", gives: [-1.1578213, -14.10142, -0.5463025, 0, 0.25534192, 1.5574077, -0.74702233, 0.871448]),
    UnaryGolden(
      "Asin", of: UnaryGolden.unit,
      gives: [-1.1197696, -0.52359873, -0.100167416, 0, 0.20135792, 0.52359873, 0.84806216, 1.4292569]),
    UnaryGolden(
      "Acos", of: UnaryGolden.unit,
      gives: [2.6905658, 2.0943952, 1.670964, 1.5707964, 1.3694383, 1.0471976, 0.7227343, 0.14153941]),
    UnaryGolden(
      "Atan", gives: [-1.3258177, -0.9827938, -0.46364754, 0, 0.24497868, 0.7853981, 1.19029, 1.4288993]),
    UnaryGolden(
      "Sinh", gives: [-27.289919, -2.1292794, -0.5210953, 0, 0.25261232, 1.1752012, 6.0502048, 548.31616]),
    UnaryGolden(
      "Cosh", gives: [27.308231, 2.3524096, 1.127626, 1, 1.0314131, 1.5430806, 6.1322894, 548.317]),
    UnaryGolden(
      "Asinh", gives: [-2.0947125, -1.1947632, -0.48121184, 0, 0.24746647, 0.8813736, 1.6472312, 2.6441207]),
    UnaryGolden(
      "Acosh", of: UnaryGolden.positive,
      gives: [0, 0.6931472, 0.9624237, 1.316958, 1.7627472, 2.2924316, 2.7686594, 5.298292]),
    UnaryGolden(
      "Atanh", of: UnaryGolden.unit,
      gives: [-1.4722193, -0.54930615, -0.100335345, 0, 0.20273255, 0.54930615, 0.9729551, 2.646653]),
    UnaryGolden(
      "Shrink", gives: [-4, -1.5, 0, 0, 0, 1, 2.5, 7]),
    UnaryGolden(
      "Shrink", ["lambd": .float(1.0), "bias": .float(0.5)], gives: [-3.5, -1, 0, 0, 0, 0, 2, 6.5]),
  ]
}
