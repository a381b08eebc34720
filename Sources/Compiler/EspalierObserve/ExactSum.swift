/// A sum of numbers without rounding, so that it is the same in whatever order and by whatever parts they are added.
///
/// Source: Shewchuk 1997, Adaptive Precision Floating-Point Arithmetic, sections 2.3 and 2.4.
package struct ExactSum: Sendable {
  /// Numbers whose exact sum it is: no two have bits in the same places, the least first.
  package private(set) var parts: [Double] = []

  package init() {}

  /// - Precondition: Finite, and so is the sum.
  package mutating func add(_ number: Double) {
    var carry = number
    var count = 0
    for index in parts.indices {
      let (larger, smaller) =
        abs(carry) >= abs(parts[index]) ? (carry, parts[index]) : (parts[index], carry)
      carry = larger + smaller
      let rest = smaller - (carry - larger)
      if rest != 0 {
        parts[count] = rest
        count += 1
      }
    }
    parts.removeSubrange(count...)
    if carry != 0 { parts.append(carry) }
  }

  /// The same parts for the same sum, whatever it was made of: the nearest number, the nearest to what is left, and so on;
  /// the least first.
  package var canonicalParts: [Double] {
    var (rest, found) = (self, [Double]())
    while true {
      let next = rest.value
      guard next != 0 else { return found.reversed() }
      found.append(next)
      rest.add(-next)
    }
  }

  /// The nearest number, of two equally near the even one.
  package var value: Double {
    guard var sum = parts.last else { return 0 }
    for index in parts.indices.dropLast().reversed() {
      let next = sum + parts[index]
      let rest = parts[index] - (next - sum)
      sum = next
      guard rest != 0 else { continue }
      // Half way between two numbers, what is left below decides; its sign is that of the largest part of it.
      if index > 0, (rest < 0) == (parts[index - 1] < 0), sum + 2 * rest - sum == 2 * rest {
        return sum + 2 * rest
      }
      return sum
    }
    return sum
  }
}
