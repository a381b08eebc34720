import EspalierGraph
import EspalierOperators
import Testing

/// Concatenations and splits cost nothing at run time where their parts are written in place.
@Suite("Concatenating and splitting without copies") struct CopyTests {
  /// The number of copy_f32 in kernels.def.
  private static let copy: UInt16 = 7

  private func copies(_ text: String) throws -> [String] {
    var lowering = Lowering(try simplified(text))
    try lowering.lowerAll()
    return lowering.calls.filter { $0.family == Self.copy }.map(\.name)
  }

  private static let head = """
    input %x : float32[1, 8, 6, 6]
    %w = constant float32[16, 8, 1, 1] random 1
    %v = constant float32[8, 8, 3, 3] random 2
    %s = \(Text.conv("x", "v", pad: 1))
    %a = \(Text.conv("s", "w"))

    """

  @Test func `writes convolutions straight into their concatenation`() throws {
    let text =
      Self.head + """
        %b = \(Text.conv("s", "v", pad: 1))
        %c = \(Text.concat("a", "b", axis: 1))
        %u = constant float32[2, 24, 1, 1] random 3
        %y = \(Text.conv("c", "u"))
        %z = \(Text.reduce("mean", "y", [2, 3]))
        output %z
        """
    // One copy brings the caller's NCHW into NHWC.
    #expect(try copies(text).count == 1)
  }

  /// YOLOv8's C2f: two halves, one of them read by a convolution, joined with what that computes.
  @Test(arguments: [true, false])
  func `keeps two halves where the concatenation is`(slices: Bool) throws {
    let halves =
      slices
      ? "%l = \(Text.slice("a", [(1, 0, 8, 1)]))\n%r = \(Text.slice("a", [(1, 8, 16, 1)]))\n"
      : "%l, %r = Split(%a) {axis = 1, sizes = [8, 8]}\n"
    let text =
      Self.head + halves + """
        %b = \(Text.conv("r", "v", pad: 1))
        %c = \(Text.concat("l", "r", "b", axis: 1))
        %u = constant float32[2, 24, 1, 1] random 3
        %y = \(Text.conv("c", "u"))
        %z = \(Text.reduce("mean", "y", [2, 3]))
        output %z
        """
    #expect(try copies(text).count == 1)
  }
}
