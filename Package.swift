// swift-tools-version:6.2
import PackageDescription

/// ESPALIER_EMBEDDED=1 builds only the runtime half, as Embedded Swift: a C library that needs libc alone.
let embedded = Context.environment["ESPALIER_EMBEDDED"] == "1"

/// Packages that depend on this one by version may not be given unsafe flags, and need none: release builds
/// optimize anyway. For us, kernels without optimization would be 200 times slower and no test would end.
let developing = !Context.packageDirectory.contains("/checkouts/")
let kernelSettings: [CSetting] =
  (developing
    ? [
      .unsafeFlags(["-O2"], .when(configuration: .debug)), .unsafeFlags(["-Werror", "-Wall", "-Wextra"]),
    ] : [])
  + (embedded
    ? [
      .define("ESPALIER_EMBEDDED"),
      .unsafeFlags([
        "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fomit-frame-pointer",
        "-ffunction-sections",
      ]),
    ] : [])
/// Tests search, train and calibrate with debug builds, which take ten times as long where Swift is not optimized;
/// no check of arithmetic or of bounds is lost by it, and the sources have no 'assert'.
let optimized: [SwiftSetting] =
  developing && !embedded ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []
let runtimeSettings: [SwiftSetting] =
  embedded
  ? [
    .enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo"], .when(configuration: .debug)),
    .unsafeFlags(["-Osize"], .when(configuration: .release)),
    .unsafeFlags(["-Xfrontend", "-function-sections"]),
  ]
  : [.enableUpcomingFeature("InternalImportsByDefault"), .treatAllWarnings(as: .error)] + optimized
/// The embedded library exports espalier.h alone and leaves out what it does not use.
let exports = "\(Context.packageDirectory)/Sources/Runtime/EspalierCAPI/espalier.map"
let sharedSettings: [LinkerSetting] =
  embedded
  ? [
    .unsafeFlags([
      "-use-ld=lld", "-Xlinker", "--icf=safe", "-Xlinker", "--gc-sections", "-Xlinker",
      "--version-script=\(exports)", "-Xlinker",
      "--soname=libespalier.so.1",
    ])
  ] : []
let toolSettings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"), .treatAllWarnings(as: .error),
]
let compilerSettings = toolSettings + optimized

var products: [Product] = [
  .library(name: "EspalierRuntime", targets: ["EspalierRuntime"]),
  .library(name: "espalier-shared", type: .dynamic, targets: ["EspalierCAPI"]),
  .library(name: "espalier-static", type: .static, targets: ["EspalierCAPI"]),
]

var targets: [Target] = [
  .target(
    name: "CEspalierKernels", path: "Sources/Runtime/CEspalierKernels",
    cSettings: kernelSettings, linkerSettings: [.linkedLibrary("m")]),
  .target(
    name: "EspalierPlan", dependencies: ["CEspalierKernels", "EspalierKernels"],
    path: "Sources/Plan/EspalierPlan", swiftSettings: runtimeSettings),
  .target(
    name: "EspalierKernels", dependencies: ["CEspalierKernels"],
    path: "Sources/Runtime/EspalierKernels", swiftSettings: runtimeSettings),
  .target(
    name: "EspalierRuntime", dependencies: ["CEspalierKernels", "EspalierKernels", "EspalierPlan"],
    path: "Sources/Runtime/EspalierRuntime", swiftSettings: runtimeSettings),
  .target(name: "CEspalier", path: "Sources/Runtime/CEspalier"),
  .target(
    name: "EspalierCAPI", dependencies: ["CEspalier", "EspalierRuntime", "EspalierPlan"],
    path: "Sources/Runtime/EspalierCAPI", exclude: ["espalier.map"], swiftSettings: runtimeSettings,
    linkerSettings: sharedSettings),
]

var dependencies: [Package.Dependency] = []

if !embedded {
  dependencies = [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", .upToNextMinor(from: "0.2.0")),
  ]
  products += [
    .executable(name: "espalier", targets: ["espalier"]),
    .library(name: "EspalierKernels", targets: ["EspalierKernels", "CEspalierKernels"]),
    .library(name: "ProcessorPeak", targets: ["CPeak"]),
    .library(
      name: "EspalierCompiler",
      targets: [
        "EspalierGraph", "EspalierOperators", "EspalierImport", "EspalierObserve", "EspalierPasses",
        "EspalierPrune", "EspalierSearch", "EspalierExport", "EspalierGradient",
      ]),
  ]
  targets += [
    .systemLibrary(
      name: "CProtobuf", path: "Sources/Compiler/CProtobuf", pkgConfig: "protobuf",
      providers: [.apt(["libprotobuf-dev"])]),
    .systemLibrary(
      name: "CLAPACK", path: "Sources/Compiler/CLAPACK", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/Tools/CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/Tools/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/Tools/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CFFmpeg", path: "Sources/Tools/CFFmpeg",
      pkgConfig: "libavformat libavcodec libswscale libavutil",
      providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev"])]),
    .systemLibrary(
      name: "CCairo", path: "Sources/Tools/CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .target(
      name: "CONNX", dependencies: ["CProtobuf"], path: "Sources/Compiler/CONNX",
      cxxSettings: [.define("ONNX_NAMESPACE", to: "onnx"), .define("ONNX_ML", to: "1")],
      linkerSettings: [
        .linkedLibrary("onnx"), .linkedLibrary("onnx_proto"), .linkedLibrary("protobuf"),
      ]),
    .target(
      name: "EspalierGraph", path: "Sources/Compiler/EspalierGraph", swiftSettings: compilerSettings),
    .target(
      name: "EspalierOperators", dependencies: ["EspalierGraph", "EspalierKernels", "EspalierPlan"],
      path: "Sources/Compiler/EspalierOperators", swiftSettings: compilerSettings),
    .target(
      name: "EspalierImport", dependencies: ["CONNX", "EspalierGraph", "EspalierOperators"],
      path: "Sources/Compiler/EspalierImport", swiftSettings: compilerSettings),
    .target(
      name: "EspalierExport", dependencies: ["CONNX", "EspalierGraph"],
      path: "Sources/Compiler/EspalierExport", swiftSettings: compilerSettings),
    .target(
      name: "EspalierObserve", dependencies: ["EspalierGraph"],
      path: "Sources/Compiler/EspalierObserve", swiftSettings: compilerSettings),
    .target(name: "CMoments", path: "Sources/Compiler/CMoments", cSettings: kernelSettings),
    .target(
      name: "EspalierPasses",
      dependencies: [
        "CMoments", "EspalierGraph", "EspalierKernels", "EspalierObserve", "EspalierOperators",
        "EspalierPlan",
      ],
      path: "Sources/Compiler/EspalierPasses", swiftSettings: compilerSettings),
    .target(
      name: "EspalierPrune",
      dependencies: [
        "CLAPACK", "EspalierGraph", "EspalierObserve", "EspalierOperators", "EspalierPasses",
        "EspalierSearch",
      ],
      path: "Sources/Compiler/EspalierPrune", swiftSettings: compilerSettings),
    .target(
      name: "EspalierSearch",
      dependencies: [
        "EspalierGraph", "EspalierKernels", "EspalierOperators", "EspalierPasses", "EspalierPlan",
      ],
      path: "Sources/Compiler/EspalierSearch", swiftSettings: compilerSettings),
    .target(
      name: "CGradient", dependencies: ["CEspalierKernels"], path: "Sources/Compiler/CGradient",
      cSettings: kernelSettings),
    .target(
      name: "EspalierGradient",
      dependencies: [
        "CEspalierKernels", "CGradient", "CLAPACK", "EspalierGraph", "EspalierOperators", "EspalierPasses",
      ],
      path: "Sources/Compiler/EspalierGradient", swiftSettings: compilerSettings),
    .target(
      name: "EspalierReport", path: "Sources/Compiler/EspalierReport", swiftSettings: compilerSettings),
    .target(
      name: "CMedia", dependencies: ["CJPEG", "CPNG", "CZlib"], path: "Sources/Tools/CMedia"),
    .target(
      name: "EspalierMedia", dependencies: ["CMedia"],
      path: "Sources/Tools/EspalierMedia", swiftSettings: compilerSettings),
    .target(
      name: "CPeak", path: "Sources/Tools/CPeak",
      cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
    .target(name: "CMeasure", path: "Sources/Tools/CMeasure"),
    .target(
      name: "CVideo", dependencies: ["CEspalier", "CFFmpeg"], path: "Sources/Tools/CVideo",
      cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
    .target(
      name: "CDrawing", dependencies: ["CCairo", "CEspalier"], path: "Sources/Tools/CDrawing",
      cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
    .executableTarget(
      name: "espalier",
      dependencies: [
        "EspalierGraph", "EspalierOperators", "EspalierImport", "EspalierExport", "EspalierGradient",
        "EspalierObserve", "EspalierPasses", "EspalierPrune", "EspalierReport", "EspalierSearch",
        "EspalierPlan", "EspalierRuntime",
        "EspalierMedia",
        "EspalierKernels", "CEspalierKernels", "CDrawing", "CMeasure", "CPeak", "CVideo",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      path: "Sources/Tools/espalier", swiftSettings: toolSettings),
    .testTarget(
      name: "EspalierGraphTests", dependencies: ["EspalierGraph", "EspalierOperators"]),
    .testTarget(
      name: "EspalierKernelsTests", dependencies: ["CEspalierKernels", "EspalierKernels"]),
    .target(
      name: "PlanFixtures", dependencies: ["EspalierPlan", "EspalierKernels", "CEspalierKernels"],
      path: "Tests/PlanFixtures", swiftSettings: compilerSettings),
    .testTarget(
      name: "EspalierPlanTests",
      dependencies: ["EspalierPlan", "EspalierKernels", "CEspalierKernels", "PlanFixtures"]),
    .testTarget(
      name: "EspalierRuntimeTests",
      dependencies: [
        "EspalierRuntime", "EspalierPlan", "EspalierKernels", "CEspalierKernels", "PlanFixtures",
        "allocation-probe",
      ], exclude: ["Fixtures"]),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .executableTarget(
      name: "allocation-probe",
      dependencies: [
        "CAllocationCounter", "EspalierImport", "EspalierPasses", "EspalierPlan", "EspalierRuntime",
        "PlanFixtures",
      ],
      path: "Tests/AllocationProbe"),
    .testTarget(
      name: "EspalierOperatorsTests",
      dependencies: [
        "EspalierOperators", "EspalierGraph", "EspalierPlan", "EspalierKernels", "CEspalierKernels",
      ]),
    .testTarget(
      name: "EspalierImportTests", dependencies: ["EspalierImport", "EspalierGraph", "EspalierOperators"]),
    .testTarget(
      name: "EspalierExportTests",
      dependencies: ["EspalierExport", "EspalierImport", "EspalierGraph", "EspalierOperators"]),
    .testTarget(
      name: "EspalierPassesTests",
      dependencies: [
        "EspalierPasses", "EspalierGraph", "EspalierObserve", "EspalierOperators", "PlanFixtures",
      ]),
    .testTarget(
      name: "EspalierGradientTests",
      dependencies: [
        "EspalierGradient", "EspalierGraph", "EspalierImport", "EspalierOperators", "EspalierPasses",
        "PlanFixtures",
      ]),
    .testTarget(
      name: "EspalierObserveTests",
      dependencies: ["EspalierObserve", "EspalierGraph", "EspalierOperators", "PlanFixtures"]),
    .testTarget(
      name: "EspalierPruneTests",
      dependencies: [
        "EspalierPrune", "EspalierGraph", "EspalierImport", "EspalierMedia", "EspalierObserve",
        "EspalierOperators", "EspalierPasses", "EspalierPlan", "EspalierRuntime", "PlanFixtures",
      ]),
    .testTarget(
      name: "EspalierSearchTests",
      dependencies: [
        "EspalierSearch", "EspalierGraph", "EspalierOperators", "EspalierPasses", "EspalierPlan",
        "EspalierRuntime",
      ]),
    .testTarget(name: "EspalierReportTests", dependencies: ["EspalierReport"]),
    .testTarget(
      name: "EspalierMediaTests", dependencies: ["EspalierMedia"], exclude: ["Fixtures"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "CVideo", "espalier", "EspalierMedia", "EspalierOperators", "EspalierPlan", "EspalierRuntime",
        "EspalierSearch", "PlanFixtures",
      ],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "EspalierExport", "EspalierImport", "EspalierGraph", "EspalierOperators", "EspalierPasses",
        "EspalierPlan", "EspalierRuntime",
      ]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "EspalierExport", "EspalierImport", "EspalierGraph", "EspalierObserve", "EspalierOperators",
        "EspalierPasses", "EspalierPlan", "EspalierRuntime", "EspalierMedia", "PlanFixtures",
      ]),
    .executableTarget(
      name: "damage-probe",
      dependencies: [
        "EspalierImport", "EspalierGraph", "EspalierOperators", "EspalierPasses", "EspalierPlan",
        "EspalierRuntime", "PlanFixtures",
      ],
      path: "Tests/DamageProbe", swiftSettings: toolSettings),
    .testTarget(name: "DamageTests", dependencies: ["damage-probe"]),
    .testTarget(name: "ArchitectureTests"),
  ]
}

let package = Package(
  name: "espalier", products: products, dependencies: dependencies, targets: targets,
  cLanguageStandard: .gnu17, cxxLanguageStandard: .cxx17)
