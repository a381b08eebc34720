// swift-tools-version:6.2
import PackageDescription

/// Speed of single kernels against the processor's own limits; `swift run -c release kernel-benchmarks`.
let package = Package(
  name: "espalier-benchmarks",
  dependencies: [.package(name: "espalier", path: "../..")],
  targets: [
    .target(name: "CPeak"),
    .executableTarget(
      name: "kernel-benchmarks",
      dependencies: ["CPeak", .product(name: "EspalierKernels", package: "espalier")]),
  ],
  cLanguageStandard: .gnu17)
