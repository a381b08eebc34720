internal import ArgumentParser
internal import CVideo
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier watch`: a packed file looks at a video, a camera, a folder of pictures or a pipe.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Look at a video, a camera or a pipe with a packed file.",
    discussion: """
      SOURCE is a video file, a folder of pictures, a camera (/dev/video0), or '-' for
      raw frames on standard input, which need --size and --format. The pack says how
      pictures become its input and what its outputs mean (espalier compile --input,
      --results).

        espalier watch d.espalier drive.mp4 -o seen.mp4 --json seen.jsonl
        espalier watch d.espalier drive.mp4 --camera 30 --deadline 20ms
        espalier watch d.espalier /dev/video0 --size 1280x720
        producer | espalier watch d.espalier - --size 640x480 --format nv12 --json -

      Frames of a file are taken as fast as they can be computed; with --camera they
      come at that rate, and one that comes while another is computed replaces the one
      that waits. Frames that nobody took are counted as never seen. With --camera a
      deadline counts from when a frame came, otherwise from when its call begins.

      Ctrl-C ends it: files are completed and the summary is printed.
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @Argument(help: ArgumentHelp("Where frames come from.", valueName: "SOURCE"))
  var source = "/dev/video0"

  @Option(
    name: [.long, .customShort("o")],
    help: ArgumentHelp("Write the frames with what was found drawn on them.", valueName: "VIDEO.mp4"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write one JSON object a frame: time, verdict, results. '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Option(
    help: ArgumentHelp("Cancel a frame that is not ready so long after it came.", valueName: "8ms"))
  var deadline: MillisecondsArgument?

  @Option(help: ArgumentHelp("Frames come at this rate, as from a camera.", valueName: "HZ"))
  var camera: Double?

  @Option(help: ArgumentHelp("Extents of frames from a camera or standard input.", valueName: "WxH"))
  var size: String?

  @Option(
    help: ArgumentHelp(
      "Pixels on standard input: nv12, i420, yuyv, uyvy, rgb, bgr, rgba, bgra, gray.", valueName: "FORMAT"))
  var format: PipeFormat?

  @Option(help: ArgumentHelp("Frames a second of a camera, a folder or a pipe.", valueName: "HZ"))
  var rate: Double?

  @Option(help: ArgumentHelp("End after so many frames.", valueName: "N"))
  var frames: Int?

  @OptionGroup var threading: ThreadOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions
  @Option(help: ArgumentHelp("Names of the classes, one a line, in place of the pack's.", valueName: "FILE"))
  var labels: String?

  @OptionGroup(title: "Results") var results: RunResultOptions

  func validate() throws {
    if let size, FrameSize(size) == nil {
      throw ValidationError("--size is two extents up to \(FrameSize.limit), as in 1280x720")
    }
    for rate in [camera, rate].compactMap({ $0 }) where !(rate > 0 && rate <= 100_000) {
      throw ValidationError("--camera and --rate are frames a second, above 0")
    }
    if let frames, frames < 1 { throw ValidationError("--frames is at least 1") }
  }

  func run() throws {
    let model = try Pack.load(pack)
    let names = try labels.map { try Labels(path: $0).names } ?? model.results?.labels ?? []
    let session = try PictureSession(
      model, threads: threading.threads, deadline: deadline,
      pictures: try pictures.preprocessing(for: model.provenance), options: try results.options(names))
    espalier_interruption_watch()
    let arguments = SourceArguments(
      size: size.flatMap(FrameSize.init), format: format, rate: rate, camera: camera)
    var watching = Watching(
      session: session, source: try arguments.open(source), names: ClassNames(names: names),
      limit: frames ?? .max,
      video: output.map { (path: $0, camera: camera) }, records: try json.map(RecordWriter.init(path:)))
    try watching.run()
    let summary = watching.summary(of: source, output: output, json: json)
    if json == "-" { Console.note(summary) } else { print(summary) }
  }
}
