/// What each module may import: the table of ARCHITECTURE.md.
enum ImportTable {
  /// Modules that a module may import beside Swift's own.
  static let allowed: [String: Set<String>] = [
    "EspalierGraph": [],
    "EspalierPlan": ["CEspalierKernels", "EspalierKernels"],
    "EspalierKernels": ["CEspalierKernels"],
    "EspalierOperators": ["EspalierGraph", "EspalierKernels", "EspalierPlan", "Foundation"],
    "EspalierImport": ["CONNX", "EspalierGraph", "EspalierOperators"],
    "EspalierExport": ["CONNX", "EspalierGraph"],
    "EspalierObserve": ["EspalierGraph", "Foundation"],
    "EspalierPasses": [
      "CMoments",
      "EspalierGraph", "EspalierKernels", "EspalierObserve", "EspalierOperators", "EspalierPlan",
    ],
    "EspalierPrune": [
      "CLAPACK", "EspalierGraph", "EspalierObserve", "EspalierOperators", "EspalierPasses", "EspalierSearch",
      "Foundation",
    ],
    "EspalierSearch": [
      "EspalierGraph", "EspalierKernels", "EspalierOperators", "EspalierPasses", "EspalierPlan",
    ],
    "EspalierGradient": [
      "CEspalierKernels", "CGradient", "CLAPACK", "EspalierGraph", "EspalierOperators", "EspalierPasses",
    ],
    "EspalierReport": ["Foundation"],
    "EspalierRuntime": ["CEspalierKernels", "EspalierKernels", "EspalierPlan", "Synchronization"],
    "EspalierCAPI": ["CEspalier", "EspalierPlan", "EspalierRuntime", "Synchronization"],
    "EspalierMedia": ["CMedia", "Foundation"],
    "espalier": [
      "ArgumentParser", "CDrawing", "CEspalierKernels", "CMeasure", "CPeak", "CVideo", "EspalierExport",
      "EspalierGradient", "EspalierGraph",
      "EspalierImport", "EspalierKernels", "EspalierMedia", "EspalierObserve", "EspalierOperators",
      "EspalierPasses", "EspalierPlan", "EspalierPrune",
      "EspalierReport", "EspalierRuntime", "EspalierSearch", "Foundation", "Histogram",
    ],
  ]

  /// What an embedder takes: these build as Embedded Swift, with the C library alone.
  static let runtimeHalf = ["EspalierPlan", "EspalierKernels", "EspalierRuntime", "EspalierCAPI"]

  /// Modules that are no target of this package.
  static let foreign: Set<String> = ["ArgumentParser", "Foundation", "Histogram", "Synchronization"]
}

/// A target of Package.swift and what it names as its dependencies.
struct DeclaredTarget {
  let name: String
  let dependencies: Set<String>

  /// Every target that Package.swift declares, the system libraries too.
  static func all(in manifest: String) -> [DeclaredTarget] {
    let starts = manifest.matches(
      of: /\.(?:target|executableTarget|testTarget|systemLibrary)\(\s*name: "([\w-]+)"/)
    return starts.enumerated().map { index, start in
      let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : manifest.endIndex
      let block = manifest[start.range.upperBound..<end]
      // Products of other packages stand in parentheses, with their package's name behind.
      let list = block.firstMatch(of: /dependencies: \[((?:[^\[\]])*)\]/).map { String($0.1) } ?? ""
      let names = list.replacing(/package: "[^"]*"/, with: "").matches(of: /"([\w-]+)"/).map { String($0.1) }
      return DeclaredTarget(name: String(start.1), dependencies: Set(names))
    }
  }
}
