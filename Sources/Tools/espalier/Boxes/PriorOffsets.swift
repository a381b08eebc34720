internal import EspalierMedia
internal import Foundation

/// SSD before its DetectionOutput: `[1, 4N]` offsets of center and sides from N prior boxes, and `[1, C · N]`
/// likelihoods of classes, of which the first is the background.
///
/// Source: Liu et al., "SSD: Single Shot MultiBox Detector", 2016; OpenVINO's `PriorBoxClustered` and
/// `DetectionOutput` with `CENTER_SIZE`.
struct PriorOffsets: BoxDecoder {
  private struct Prior {
    var box: Box
    var variances: ArraySlice<Float>
  }

  private let priors: [Prior]
  private let classes: Int
  /// Which outputs hold them.
  private let offsets: Int
  private let likelihoods: Int

  /// - Parameter priors: A `.npy` file `[1, 2, 4N]`: corners as shares, then variances.
  init(_ ports: DetectorPorts, priors path: String?) throws {
    guard let path else {
      throw UsageError("--boxes ssd needs the boxes that offsets are from: --priors FILE.npy")
    }
    let stored = try NumPyFile.decode(try Files.read(path), path: path)
    let values = stored.elements
    guard stored.shape.suffix(2).first == 2, values.count % 8 == 0, !values.isEmpty else {
      throw CommandError(
        "'\(path)' has the shape \(Format.shape(stored.shape)), but priors are [1, 2, 4N]: corners, variances"
      )
    }
    let count = values.count / 8
    let sizes = ports.shapes.map { $0.reduce(1, *) }
    guard sizes.count == 2, let offsets = sizes.firstIndex(of: count * 4),
      sizes[1 - offsets] % count == 0, sizes[1 - offsets] >= 2 * count
    else { throw ports.mismatch(.ssd, "[1, \(count * 4)] and [1, C·\(count)] with these priors") }
    (self.offsets, likelihoods, classes) = (offsets, 1 - offsets, sizes[1 - offsets] / count)
    priors = (0..<count).map { place in
      let box = Box(
        category: 0, score: 1, left: values[place * 4], top: values[place * 4 + 1],
        right: values[place * 4 + 2], bottom: values[place * 4 + 3])
      let start = (count + place) * 4
      return Prior(box: box, variances: values[start..<start + 4])
    }
  }

  func candidates(_ outputs: [[Float]], least: Float) -> [Box] {
    let (places, scores) = (outputs[offsets], outputs[likelihoods])
    var found: [Box] = []
    for (index, prior) in priors.enumerated() {
      for category in 1..<classes where scores[index * classes + category] > least {
        let sides = (x: prior.box.right - prior.box.left, y: prior.box.bottom - prior.box.top)
        let scaled = zip(prior.variances, places[index * 4..<index * 4 + 4]).map { $0 * $1 }
        found.append(
          Box(
            category: category - 1, score: scores[index * classes + category],
            center: (
              scaled[0] * sides.x + (prior.box.left + prior.box.right) / 2,
              scaled[1] * sides.y + (prior.box.top + prior.box.bottom) / 2
            ), sides: (exp(scaled[2]) * sides.x, exp(scaled[3]) * sides.y)))
      }
    }
    return found
  }
}
