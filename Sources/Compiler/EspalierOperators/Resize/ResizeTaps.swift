internal import EspalierGraph

/// Which elements of an axis every output position is made of: `count` taps each.
struct ResizeTaps {
  var count: Int
  /// `[output][tap]`, each inside the input.
  var indices: [Int]
  /// `[output][tap]`
  var weights: [Float]
  /// Output positions that lie outside the input altogether (`cropAndResize`).
  var outside: [Bool]

  var outputExtent: Int { outside.count }

  /// The same weighted sum for every line of a tensor along one axis.
  func applied(to tensor: Tensor, axis: Int, outside value: Float) -> Tensor {
    if count == 1, !outside.contains(true) { return tensor.gathered(axis: axis, table: indices) }
    let outer = tensor.shape[..<axis].reduce(1, *)
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let extent = tensor.shape[axis]
    let source = tensor.asFloats
    var result: [Float] = []
    result.reserveCapacity(outer * outputExtent * inner)
    for block in 0..<outer {
      for position in 0..<outputExtent {
        for column in 0..<inner {
          var sum: Double = 0
          for tap in position * count..<(position + 1) * count where weights[tap] != 0 {
            sum += Double(weights[tap]) * Double(source[(block * extent + indices[tap]) * inner + column])
          }
          result.append(outside[position] ? value : Float(sum))
        }
      }
    }
    let shape = tensor.shape.replacing(axis: axis, with: outputExtent)
    guard tensor.type.element.isFloating else {
      return Tensor(shape: shape, element: tensor.type.element, integers: result.map { Int64($0) })
    }
    return Tensor(shape: shape, element: tensor.type.element, floats: result)
  }
}

extension Resize {
  /// The taps of one axis of `inputExtent` elements.
  func taps(of axis: Axis, inputExtent: Int) -> ResizeTaps {
    let width = tapCount(scale: axis.scale)
    var taps = ResizeTaps(count: mode == .nearest ? 1 : width, indices: [], weights: [], outside: [])
    for position in 0..<axis.extent {
      let place = coordinate(of: position, axis, inputExtent)
      taps.outside.append(
        coordinates == .cropAndResize && (place < 0 || place > Float(inputExtent - 1)))
      // The element to the left is preferred: a place on an element has ratio 1 from its left neighbor.
      let left = place == place.rounded(.down) ? place - 1 : place.rounded(.down)
      let ratio = place - left
      if mode == .nearest {
        let index = Int(left) + (takesRight(ratio) ? 1 : 0)
        taps.indices.append(min(max(index, 0), inputExtent - 1))
        taps.weights.append(1)
      } else {
        let first = Int(left) + 1 - width / 2
        let range = first..<first + width
        taps.indices += range.map { min(max($0, 0), inputExtent - 1) }
        taps.weights += weights(ratio: ratio, scale: axis.scale, range, inputExtent)
      }
    }
    return taps
  }

  /// Where in the input an output position samples.
  ///
  /// Of a length that scales make fractional, `align_corners` counts with the fraction, as ONNX's node tests
  /// do (ONNX Runtime with the whole number).
  private func coordinate(of position: Int, _ axis: Axis, _ inputExtent: Int) -> Float {
    let (x, input) = (Float(position), Float(inputExtent))
    switch coordinates {
    case .halfPixel: return (x + 0.5) / axis.scale - 0.5
    case .halfPixelSymmetric:
      let adjustment = Float(axis.extent) / axis.length
      return input / 2 * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5
    case .pytorchHalfPixel: return axis.extent == 1 ? 0 : (x + 0.5) / axis.scale - 0.5
    case .alignCorners: return axis.length == 1 ? 0 : x * (input - 1) / (axis.length - 1)
    case .asymmetric: return x / axis.scale
    case .halfPixelForNearest: return (x + 0.5) / axis.scale
    case .cropAndResize:
      let span = (axis.end - axis.start) * (input - 1)
      return axis.start * (input - 1) + (axis.length == 1 ? span / 2 : x * span / (axis.length - 1))
    }
  }

  private func takesRight(_ ratio: Float) -> Bool {
    switch nearest {
    case .roundPreferFloor: ratio > 0.5
    case .roundPreferCeil: ratio >= 0.5
    case .floor: ratio >= 1
    case .ceil: true
    }
  }

  /// Elements that one output is made of: 2 or 4, more where the filter widens.
  private func tapCount(scale: Float) -> Int {
    let radius: Float = mode == .cubic ? 2 : 1
    let reach = antialiases ? radius / min(scale, 1) : radius
    return 2 * Int(clamping: reach.rounded(.up))
  }

  /// The weights of the elements `range`, the place being `ratio` behind the element left of the middle.
  private func weights(ratio: Float, scale: Float, _ range: Range<Int>, _ inputExtent: Int) -> [Float] {
    let stretch = antialiases ? min(scale, 1) : 1
    var weights = range.indices.map { index in
      filter((Float(index - range.lowerBound + 1 - range.count / 2) - ratio) * stretch)
    }
    if excludesOutside {
      for (index, element) in range.enumerated() where !(0..<inputExtent).contains(element) {
        weights[index] = 0
      }
    }
    let sum = weights.reduce(0, +)
    if antialiases || excludesOutside, sum != 0 { weights = weights.map { $0 / sum } }
    return weights
  }

  /// The interpolation kernel at a distance; cubic by Keys (1981), equation 4.
  private func filter(_ distance: Float) -> Float {
    let x = abs(distance)
    guard mode == .cubic else { return max(0, 1 - x) }
    let a = cubicCoefficient
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }
}
