/// How often each byte value occurs, as shares of 4096: what a stream of bytes is coded by.
struct ByteModel {
  static let total = 4096

  /// Of the 256 values; they add up to `total`.
  let frequencies: [Int]
  /// For each value the sum of the frequencies below it.
  let starts: [Int]

  /// - Precondition: 256 frequencies that add up to `total`.
  private init(frequencies: [Int]) {
    var starts: [Int] = []
    var sum = 0
    for frequency in frequencies {
      starts.append(sum)
      sum += frequency
    }
    precondition(frequencies.count == 256 && sum == Self.total)
    (self.frequencies, self.starts) = (frequencies, starts)
  }

  /// The shares of values that occur so often; one that occurs gets a share.
  ///
  /// - Parameter counts: Of the 256 values.
  init(counts: [Int]) {
    let sum = counts.reduce(0, +)
    var frequencies = counts.map { $0 == 0 ? 0 : max(1, ($0 * Self.total + sum / 2) / sum) }
    if sum == 0 { frequencies[0] = Self.total }
    var excess = frequencies.reduce(0, +) - Self.total
    while excess != 0 {
      // The most frequent value can spare most, and gains most.
      let largest = frequencies.indices.max { (frequencies[$0], $1) < (frequencies[$1], $0) } ?? 0
      let step = excess > 0 ? min(excess, max(1, frequencies[largest] / 16)) : excess
      frequencies[largest] -= step
      excess -= step
    }
    self.init(frequencies: frequencies)
  }

  /// The values of positions `first`, `first + step`, … of some bytes.
  init(of bytes: [UInt8], from first: Int, by step: Int) {
    var counts = [Int](repeating: 0, count: 256)
    for position in stride(from: first, to: bytes.count, by: step) { counts[Int(bytes[position])] += 1 }
    self.init(counts: counts)
  }

  // MARK: - In a file

  /// One byte for a frequency below 128, two for a larger one, two for a run of values that do not occur.
  func write(to writer: inout ByteWriter) {
    var value = 0
    while value < 256 {
      let frequency = frequencies[value]
      guard frequency == 0 else {
        if frequency >= 128 { writer.write(UInt8(128 | frequency >> 8)) }
        writer.write(UInt8(frequency & 255))
        value += 1
        continue
      }
      let run = frequencies[value...].prefix { $0 == 0 }.count
      writer.write(UInt8(0))
      writer.write(UInt8(run - 1))
      value += run
    }
  }

  /// - Throws: `invalid` where the frequencies do not add up.
  init(_ reader: inout ByteReader, stream: Int) throws(PlanError) {
    var frequencies: [Int] = []
    var sum = 0
    while frequencies.count < 256 {
      let first = Int(try reader.read(UInt8.self))
      switch first {
      case 0:
        let run = Int(try reader.read(UInt8.self)) + 1
        guard run <= 256 - frequencies.count else {
          throw .invalid(.byteModel, index: stream, found: UInt64(run))
        }
        frequencies += [Int](repeating: 0, count: run)
      case 1..<128: frequencies.append(first)
      default: frequencies.append((first & 127) << 8 | Int(try reader.read(UInt8.self)))
      }
      sum += frequencies[frequencies.count - 1]
    }
    guard sum == Self.total else { throw .invalid(.byteModel, index: stream, found: UInt64(sum)) }
    self.init(frequencies: frequencies)
  }

  /// For each of the `total` slots: its value in bits 0 … 7, the value's frequency less 1 in bits 8 … 19, and from
  /// bit 20 on the slot's place among those of the value.
  var slots: [UInt32] {
    var slots: [UInt32] = []
    slots.reserveCapacity(Self.total)
    for (value, frequency) in frequencies.enumerated() {
      for place in 0..<frequency {
        slots.append(UInt32(value) | UInt32(frequency - 1) << 8 | UInt32(place) << 20)
      }
    }
    return slots
  }
}
