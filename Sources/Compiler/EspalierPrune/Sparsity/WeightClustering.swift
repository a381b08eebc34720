public import EspalierGraph

/// Weights that share few values: each layer has a codebook, and its weights are places in it.
///
/// Source: Han, Mao and Dally 2016, section 3: k-means in one dimension, begun with values evenly apart.
public enum WeightClustering {
  private static let rounds = 25

  /// - Parameters:
  ///   - centers: How many values a layer's weights may have, 2 or more.
  ///   - keepsZeros: Whether weights that are 0 stay so, and take one of the values.
  public static func apply(centers: Int, keepsZeros: Bool = false, to graph: Graph) -> Graph {
    var result = graph
    for node in MagnitudePruning.layers(of: graph) {
      guard let weights = graph.constant(of: node.inputs[1]) else { continue }
      let others = keepsZeros ? weights.floats.filter { $0 != 0 } : weights.floats
      let book = codebook(others, centers: others.count < weights.count ? max(1, centers - 1) : centers)
      let shared = weights.floats.map { keepsZeros && $0 == 0 ? 0 : book[nearest($0, in: book)] }
      result.setConstant(Tensor(shape: weights.shape, floats: shared), input: 1, of: node.id)
    }
    return result
  }

  /// The values in order, at most `centers` of them.
  static func codebook(_ numbers: [Float], centers: Int) -> [Float] {
    let sorted = numbers.sorted()
    guard let low = sorted.first, let high = sorted.last, low < high else {
      return sorted.first.map { [$0] } ?? [0]
    }
    guard centers > 1 else {
      return [Float(sorted.reduce(0.0) { $0 + Double($1) } / Double(sorted.count))]
    }
    let step = (Double(high) - Double(low)) / Double(centers - 1)
    var book = (0..<centers).map { Float(Double(low) + Double($0) * step) }
    for _ in 0..<rounds {
      let refined = centroids(sorted, book)
      if refined == book { break }
      book = refined
    }
    return book
  }

  /// The mean of the numbers that are nearest to each value; a value that is nearest to none stays.
  private static func centroids(_ sorted: [Float], _ book: [Float]) -> [Float] {
    var (result, start) = (book, 0)
    for (place, value) in book.enumerated() {
      let border = place + 1 < book.count ? (value + book[place + 1]) / 2 : Float.infinity
      var (end, sum) = (start, 0.0)
      while end < sorted.count, sorted[end] <= border {
        sum += Double(sorted[end])
        end += 1
      }
      if end > start { result[place] = Float(sum / Double(end - start)) }
      start = end
    }
    return result
  }

  /// The place of the value that is nearest to a number.
  static func nearest(_ number: Float, in book: [Float]) -> Int {
    var (low, high) = (0, book.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if number <= (book[middle] + book[middle + 1]) / 2 { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
