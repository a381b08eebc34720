// swift-tools-version:6.2
import PackageDescription

/// Speed of single kernels against the processor's own limits, `swift run -c release kernel-benchmarks`, and of
/// training, `swift run -c release gradient-benchmarks model.onnx`. Deadlines: `tools/deadlines`; races:
/// `tools/test-threads`.
let package = Package(
  name: "espalier-benchmarks",
  dependencies: [.package(name: "espalier", path: "../..")],
  targets: [
    .executableTarget(
      name: "kernel-benchmarks",
      dependencies: [
        .product(name: "EspalierKernels", package: "espalier"),
        .product(name: "ProcessorPeak", package: "espalier"),
      ]),
    .executableTarget(
      name: "gradient-benchmarks", dependencies: [.product(name: "EspalierCompiler", package: "espalier")]),
    .executableTarget(
      name: "deadline-benchmarks", dependencies: [.product(name: "EspalierRuntime", package: "espalier")]),
    .executableTarget(
      name: "thread-stress", dependencies: [.product(name: "EspalierRuntime", package: "espalier")]),
  ],
  cLanguageStandard: .gnu17)
