internal import EspalierGraph

/// A step that makes integers again of what floats gave for two integers.
///
/// Integers lie in float32 at run time and are exact as long as no result, before it wraps around, is beyond
/// 2^24. What that cannot promise for ordinary numbers has no correction: bits, and 32 bits and more without a
/// sign, which a small negative result makes large.
enum IntegerCorrection: Equatable {
  /// Cut off toward zero. Exact for quotients: of two integers below 2^24 none is rounded up to a whole number.
  case truncate
  /// Cut off toward zero after what powers are inexact by is added: exact up to 2^20.
  case truncatePower
  /// To the nearest integer.
  case round
  /// Into the range of a type of 8 or 16 bits, as two's complement does.
  case wrap(ElementType)

  /// The steps behind `kind(a, b)` for elements of these types; nil where nothing corrects it.
  static func steps(behind kind: Binary.Kind, _ a: ElementType, _ b: ElementType) -> [IntegerCorrection]? {
    if a.isFloating || a == .bool || kind.givesTruthValues { return [] }
    let isWide = a == .int32 || a == .int64
    let isNarrow = a.byteCount <= 2
    switch kind {
    case .maximum, .minimum, .modulo, .floorModulo: return []
    case .add, .multiply: return isNarrow ? [.wrap(a)] : []
    case .subtract, .prelu: return isNarrow ? [.wrap(a)] : isWide ? [] : nil
    case .divide: return isNarrow ? [.truncate, .wrap(a)] : [.truncate]
    case .power: return isWide ? [b.isFloating ? .truncatePower : .round] : nil
    default: return nil
    }
  }

  /// The steps behind a function of one integer; nil where nothing corrects it.
  static func steps(behind function: ElementFunction.Kind, _ element: ElementType) -> [IntegerCorrection]? {
    guard function == .neg || function == .abs, !element.isFloating else { return [] }
    if element.byteCount <= 2 { return [.wrap(element)] }
    return function == .abs || element == .int32 || element == .int64 ? [] : nil
  }
}

extension Lowering {
  /// Corrects integers in place.
  mutating func correct(_ view: View, _ steps: [IntegerCorrection]) throws(LoweringError) {
    for step in steps { try correct(view, step) }
  }

  private mutating func correct(_ view: View, _ step: IntegerCorrection) throws(LoweringError) {
    switch step {
    case .truncate: try unary(ElementFunction(.truncate), from: view, to: view)
    case .truncatePower:
      try unary(ElementFunction(.affine, alpha: 1 + 0x1p-21, beta: 0), from: view, to: view)
      try unary(ElementFunction(.truncate), from: view, to: view)
    case .round: try unary(ElementFunction(.round), from: view, to: view)
    case .wrap(let element): try wrap(view, into: element)
    }
  }

  private mutating func wrap(_ view: View, into element: ElementType) throws(LoweringError) {
    let range = element.integerRange
    let lowest = Float(range.lowerBound)
    if lowest != 0 { try unary(ElementFunction(.affine, alpha: 1, beta: -lowest), from: view, to: view) }
    try binary(.floorModulo, view, scalar(Float(range.count)), to: view)
    if lowest != 0 { try unary(ElementFunction(.affine, alpha: 1, beta: lowest), from: view, to: view) }
  }
}
