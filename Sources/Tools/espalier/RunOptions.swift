internal import ArgumentParser
internal import Foundation

/// Where frames come from and how many threads compute one.
struct InputOptions: ParsableArguments {
  @Option(
    name: [.long, .customShort("i")], parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Frames: a .npy file in the model's own layout and units (N times its batch is N frames), raw float32 \
      (.bin), a JPEG or PNG picture, or a folder of them. NAME= where the model has several inputs.
      """, valueName: "[NAME=]FILE"))
  var input: [String] = []
}

struct ThreadOptions: ParsableArguments {
  @Option(
    name: [
      .long, .customShort("t"), .customLong("nthreads"), .customLong("nthreads", withSingleDash: true),
    ],
    help: ArgumentHelp("Threads that compute a frame.", valueName: "N"))
  var threads = 1

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads is at least 1") }
  }
}

/// How many threads do what no frame waits for: calibration, fitting, training. The results have the same bits with any
/// number of them.
struct JobOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Threads for the work on calibration frames: as many as there are cores, unless told.", valueName: "N"))
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard jobs > 0 else { throw ValidationError("--jobs is at least 1") }
  }
}
