internal import ArgumentParser
internal import EspalierPlan

/// `[NAME=]rgb:letterbox:mean=123.7,116.3,103.5:scale=58:fill=114`: how pictures become an input.
struct PictureArgument: ExpressibleByArgument, Equatable {
  /// Of the input; nil where the model has one.
  var name: String?
  /// Nil: gray for inputs of one channel, otherwise rgb.
  var channels: PictureInput.Channels?
  private var declared = PictureInput()
  /// As it was written.
  let text: String

  init?(argument: String) {
    text = argument
    var parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if let first = parts.first, let separator = first.firstIndex(of: "="),
      !Self.keys.contains(String(first[..<separator]))
    {
      name = String(first[..<separator])
      parts[0] = String(first[first.index(after: separator)...])
    }
    for part in parts where !take(part) { return nil }
    guard declared.fault == nil else { return nil }
  }

  private static let keys = ["mean", "scale", "fill", "crop"]

  /// - Returns: Whether a part between colons means something.
  private mutating func take(_ part: String) -> Bool {
    if let channels = PictureInput.Channels.allCases.first(where: { $0.name == part }) {
      self.channels = channels
      return true
    }
    if let fit = PictureInput.Fit.allCases.first(where: { $0.name == part }) {
      declared.fit = fit
      return true
    }
    guard let separator = part.firstIndex(of: "="),
      let numbers = ChannelValues(argument: String(part[part.index(after: separator)...]))
    else { return false }
    switch String(part[..<separator]) {
    case "mean": declared.mean = numbers.three
    case "scale": declared.scale = numbers.three
    case "fill" where numbers.values.count == 1: declared.fill = numbers.values[0]
    case "crop" where numbers.values.count == 1:
      (declared.fit, declared.cropShare) = (.crop, numbers.values[0])
    default: return false
    }
    return true
  }

  /// What it says of an input of so many channels.
  func input(channels count: Int) -> PictureInput {
    var input = declared
    input.channels = channels ?? (count == 1 ? .gray : .rgb)
    return input
  }
}

extension ChannelValues {
  /// One for each channel.
  var three: SIMD3<Float> {
    values.count == 3 ? SIMD3(values[0], values[1], values[2]) : SIMD3(repeating: values[0])
  }
}

extension PictureInput.Channels {
  var name: String {
    switch self {
    case .rgb: "rgb"
    case .bgr: "bgr"
    case .gray: "gray"
    }
  }
}

extension PictureInput.Fit {
  var name: String {
    switch self {
    case .stretch: "stretch"
    case .letterbox: "letterbox"
    case .letterboxTopLeft: "letterbox-top-left"
    case .crop: "crop"
    }
  }
}

extension PictureInput {
  /// As `--input` takes it.
  var text: String {
    func numbers(_ values: SIMD3<Float>) -> String {
      channels == .gray || values == SIMD3(repeating: values[0])
        ? "\(values[0])" : "\(values[0]),\(values[1]),\(values[2])"
    }
    var parts = [channels.name, fit == .crop ? "crop=\(cropShare)" : fit.name]
    parts += ["mean=\(numbers(mean))", "scale=\(numbers(scale))"]
    if fit == .letterbox || fit == .letterboxTopLeft { parts.append("fill=\(fill)") }
    return parts.joined(separator: ":")
  }
}
