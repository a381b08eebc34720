internal import ArgumentParser

/// `espalier quantize`: `compile --precision int8` by a name of its own.
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile an ONNX model into a packed file that computes in 8 bits.",
    discussion: """
      The same as 'compile --calibrate', which says everything about it.

        espalier quantize signs.onnx --calibrate pictures/ -o signs8.espalier
      """)

  @OptionGroup var compile: Compile

  func validate() throws {
    guard compile.calibration.quantizes else {
      throw ValidationError("quantize needs frames to quantize by: --calibrate DIR")
    }
  }

  func run() throws { try compile.run() }
}
