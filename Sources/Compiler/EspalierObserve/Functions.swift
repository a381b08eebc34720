internal import Foundation

extension Double {
  package var logarithm: Double { Foundation.log(self) }
  package var exponential: Double { Foundation.exp(self) }
}
