internal import EspalierGraph
internal import Foundation

/// Arithmetic on the elements of an integer tensor, which stand in `Int64` whatever their type.
///
/// Elements of `uint64` stand as bit patterns, so order, division and right shift need their own form.
struct IntegerArithmetic {
  let element: ElementType

  init(_ element: ElementType) { self.element = element }

  /// `kind(a, b)` in the element's own type; truth values are 1 and 0.
  ///
  /// - Throws: `EvaluationError.invalid` where b is 0 and the kind divides by it.
  func apply(_ kind: Binary.Kind, _ a: Int64, _ b: Int64) throws(EvaluationError) -> Int64 {
    switch kind {
    case .add: element.wrapped(a &+ b)
    case .subtract: element.wrapped(a &- b)
    case .multiply: element.wrapped(a &* b)
    case .divide, .modulo, .floorModulo: element.wrapped(try divide(kind, a, b))
    case .maximum: isLess(a, b) ? b : a
    case .minimum: isLess(b, a) ? b : a
    case .power: element.wrapped(power(a, b))
    case .prelu: a < 0 && element != .uint64 ? element.wrapped(a &* b) : a
    case .shiftLeft, .shiftRight: element.wrapped(shift(kind, a, b))
    case .bitwiseAnd: a & b
    case .bitwiseOr: a | b
    case .bitwiseXor: element.wrapped(a ^ b)
    default: holds(kind, a, b) ? 1 : 0
    }
  }

  func isLess(_ a: Int64, _ b: Int64) -> Bool {
    element == .uint64 ? UInt64(bitPattern: a) < UInt64(bitPattern: b) : a < b
  }

  /// The element as a number: a `uint64` above 2^63 is positive.
  func double(_ a: Int64) -> Double { element == .uint64 ? Double(UInt64(bitPattern: a)) : Double(a) }

  private func holds(_ kind: Binary.Kind, _ a: Int64, _ b: Int64) -> Bool {
    element == .uint64 ? kind.holds(UInt64(bitPattern: a), UInt64(bitPattern: b)) : kind.holds(a, b)
  }

  private func divide(_ kind: Binary.Kind, _ a: Int64, _ b: Int64) throws(EvaluationError) -> Int64 {
    guard b != 0 else { throw .invalid("an integer is divided by 0") }
    if element == .uint64 {
      let (x, y) = (UInt64(bitPattern: a), UInt64(bitPattern: b))
      return Int64(bitPattern: kind == .divide ? x / y : x % y)
    }
    if kind == .divide { return a.dividedReportingOverflow(by: b).partialValue }
    let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
    let takesSignOfDivisor = kind == .floorModulo && remainder != 0 && (remainder < 0) != (b < 0)
    return takesSignOfDivisor ? remainder + b : remainder
  }

  /// By squaring; a negative exponent gives the fraction cut off (0, or ±1 for bases of ±1).
  private func power(_ base: Int64, _ exponent: Int64) -> Int64 {
    if exponent < 0, element != .uint64 {
      if base == 1 { return 1 }
      return base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0
    }
    var (result, square, bits) = (Int64(1), base, UInt64(bitPattern: exponent))
    while bits != 0 {
      if bits & 1 == 1 { result = result &* square }
      square = square &* square
      bits >>= 1
    }
    return result
  }

  private func shift(_ kind: Binary.Kind, _ a: Int64, _ b: Int64) -> Int64 {
    let (bits, amount) = (UInt64(bitPattern: a), UInt64(bitPattern: b))
    return Int64(bitPattern: kind == .shiftLeft ? bits << amount : bits >> amount)
  }
}

extension ElementType {
  /// A number cut off toward zero and brought to the nearest that this integer type has; NaN gives 0.
  ///
  /// - Precondition: The type is not floating.
  func truncating(_ value: Double) -> Int64 {
    if self == .bool { return value != 0 ? 1 : 0 }
    if value.isNaN { return 0 }
    let whole = value.rounded(.towardZero)
    if self == .uint64 {
      if whole <= 0 { return 0 }
      return Int64(bitPattern: UInt64(exactly: whole) ?? .max)
    }
    let range = integerRange
    if whole <= Double(range.lowerBound) { return range.lowerBound }
    return whole >= Double(range.upperBound) ? range.upperBound : Int64(whole)
  }

  /// The values of an integer type; of `uint64` those that `Int64` can hold.
  var integerRange: ClosedRange<Int64> {
    switch self {
    case .int8: Int64(Int8.min)...Int64(Int8.max)
    case .uint8: 0...Int64(UInt8.max)
    case .int16: Int64(Int16.min)...Int64(Int16.max)
    case .uint16: 0...Int64(UInt16.max)
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint32: 0...Int64(UInt32.max)
    case .bool: 0...1
    default: Int64.min...Int64.max
    }
  }
}

extension ElementFunction {
  /// The function of an integer.
  ///
  /// - Precondition: `Unary.inferOutputs` takes integers for this function.
  func apply(integer x: Int64) -> Int64 {
    switch kind {
    case .relu: max(x, 0)
    case .abs: x < 0 ? 0 &- x : x
    case .neg: 0 &- x
    case .sign: x.signum()
    case .not: x == 0 ? 1 : 0
    case .bool: x != 0 ? 1 : 0
    default: x
    }
  }
}
