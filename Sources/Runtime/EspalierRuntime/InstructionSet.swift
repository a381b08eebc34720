internal import CEspalierKernels

/// Instruction sets that kernels exist for, in rising order within an architecture.
public enum InstructionSet: UInt32, Sendable, CaseIterable {
  case scalar = 0
  /// AVX2 and FMA.
  case avx2 = 1
  /// AVX2 and AVX-VNNI.
  case avxvnni = 2
  /// AVX-512 F, BW, DQ and VL.
  case avx512 = 3
  /// AVX-512 with VNNI and VBMI.
  case avx512vnni = 4
  /// What every 64-bit Arm has.
  case neon = 16
  /// NEON with SDOT.
  case neonDotprod = 17
  /// NEON with SDOT, USDOT and USMMLA.
  case neonI8mm = 18

  /// The best that this processor has.
  public static var best: InstructionSet { InstructionSet(espalier_isa_best()) }

  /// What the environment variable `ESPALIER_ISA` allows at most, the best where it is not set.
  public static var limit: InstructionSet { InstructionSet(espalier_isa_limit()) }

  init(_ isa: espalier_isa) { self = InstructionSet(rawValue: UInt32(isa.rawValue)) ?? .scalar }

  var isa: espalier_isa { espalier_isa(.init(rawValue)) }

  /// The name as C reads it; lives as long as the process.
  public var staticName: UnsafePointer<CChar> { espalier_isa_name(isa) }

  public var name: String { unsafe String(cString: espalier_isa_name(isa)) }
}
