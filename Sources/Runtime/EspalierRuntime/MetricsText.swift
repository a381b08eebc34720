/// Appends Prometheus text to a buffer, and counts what it would take where there is no room.
///
/// Source: Prometheus text exposition format 0.0.4.
struct MetricsText {
  private let room: UnsafeMutableBufferPointer<UInt8>
  /// Bytes of the text, those without room included.
  private(set) var byteCount = 0

  init(_ room: UnsafeMutableBufferPointer<UInt8>) { self.room = room }

  /// What is said of a metric in front of its samples.
  mutating func begin(_ name: StaticString, _ type: StaticString, _ help: StaticString) {
    write("# HELP ")
    write(name)
    write(" ")
    write(help)
    write("\n# TYPE ")
    write(name)
    write(" ")
    write(type)
    write("\n")
  }

  /// One label, the first of a sample or a further one.
  mutating func label(_ name: StaticString, _ value: String, isFirst: Bool = true) {
    beginLabel(name, isFirst)
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): write("\\\\")
      case UInt8(ascii: "\""): write("\\\"")
      case 0x0A: write("\\n")
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }

  mutating func label(_ name: StaticString, _ value: StaticString, isFirst: Bool = true) {
    beginLabel(name, isFirst)
    write(value)
    append(UInt8(ascii: "\""))
  }

  private mutating func beginLabel(_ name: StaticString, _ isFirst: Bool) {
    append(UInt8(ascii: isFirst ? "{" : ","))
    write(name)
    write("=\"")
  }

  mutating func endLabels() { append(UInt8(ascii: "}")) }

  /// The value of a sample, and the end of its line.
  mutating func end(_ value: UInt64) {
    append(UInt8(ascii: " "))
    writeDigits(value, atLeast: 1)
    append(0x0A)
  }

  /// The same with nine significant digits, which give every `Float` back.
  mutating func end(_ value: Float) {
    append(UInt8(ascii: " "))
    write(value)
    append(0x0A)
  }

  mutating func write(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(unsafe text.utf8Start[index]) }
  }

  private mutating func write(_ value: Float) {
    if value.isNaN { return write("NaN") }
    if value.isInfinite { return write(value < 0 ? "-Inf" : "+Inf") }
    if value == 0 { return write("0") }
    if value < 0 { append(UInt8(ascii: "-")) }
    var (scaled, exponent) = (Double(abs(value)), 8)
    while scaled < 1e8 { (scaled, exponent) = (scaled * 10, exponent - 1) }
    while scaled >= 1e9 { (scaled, exponent) = (scaled / 10, exponent + 1) }
    var digits = UInt64(scaled.rounded(.toNearestOrEven))
    if digits == 1_000_000_000 { (digits, exponent) = (100_000_000, exponent + 1) }
    append(UInt8(ascii: "0") + UInt8(digits / 100_000_000))
    append(UInt8(ascii: "."))
    writeDigits(digits % 100_000_000, atLeast: 8)
    append(UInt8(ascii: "e"))
    if exponent < 0 { append(UInt8(ascii: "-")) }
    writeDigits(UInt64(abs(exponent)), atLeast: 1)
  }

  private mutating func writeDigits(_ value: UInt64, atLeast count: Int) {
    var (divisor, digits) = (UInt64(1), 1)
    while digits < count || value / divisor >= 10 { (divisor, digits) = (divisor * 10, digits + 1) }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  private mutating func append(_ byte: UInt8) {
    if byteCount < room.count { room[byteCount] = byte }
    byteCount += 1
  }
}
