import EspalierMedia
import EspalierPlan
import PlanFixtures
import Testing

@testable import espalier

@Suite("Results") struct ResultsTests {
  /// A detector whose frames are its detections, named: rows of frame, class, score, corners on 7 by 2 pixels.
  private func detector(in folder: String) throws -> String {
    var builder = PlanBuilder()
    let input = builder.input("rows", shape: [1, 1, 2, 7])
    builder.copy(14, from: input, to: builder.output("boxes", shape: [1, 1, 2, 7]))
    var plan = builder.plan
    plan.results = Plan.Results(.detectionOutput, outputs: [0])
    plan.results?.labels = ["", "car", "bus"]
    let path = "\(folder)/detector.espalier"
    try Files.write(try PlanWriter.bytes(of: plan), to: path)
    return path
  }

  private func frames(in folder: String) throws -> String {
    let rows: [Float] = [0, 1, 0.9, 0, 0, 0.5, 0.5, 0, 2, 0.6, 0.5, 0.5, 1, 1]
    let path = "\(folder)/frames.npy"
    try Files.write(NumPyFile.encode(FloatArray(shape: [1, 1, 2, 7], elements: rows)), to: path)
    return path
  }

  private func boxes(_ arguments: [String]) throws -> [[String: Any]] {
    var boxes: [[String: Any]] = []
    try withFolder { folder in
      let run = try CommandRun(
        ["run", try detector(in: folder), "--input", try frames(in: folder), "--json"] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      let found = try #require(run.json()["results"] as? [[String: Any]])
      boxes = try #require(found.first?["boxes"] as? [[String: Any]])
    }
    return boxes
  }

  @Test func `are printed with names and edges in pixels`() throws {
    let found = try boxes([])
    #expect(found.map { $0["label"] as? String } == ["car", "bus"])
    #expect(found.map { $0["category"] as? Int } == [1, 2])
    #expect(found[0]["right"] as? Double == 3.5 && found[1]["bottom"] as? Double == 2)
    try withFolder { folder in
      let run = try CommandRun(["run", try detector(in: folder), "--input", try frames(in: folder)])
      #expect(
        run.output.contains("car") && run.output.contains("90.0 %") && run.output.contains("4, 1 … 7, 2"))
    }
  }

  @Test func `are those that options ask for`() throws {
    #expect(try boxes(["--score", "0.7"]).count == 1)
    #expect(try boxes(["--class-threshold", "car=0.95"]).map { $0["label"] as? String } == ["bus"])
    #expect(try boxes(["--class-threshold", "2=0.95"]).map { $0["label"] as? String } == ["car"])
    #expect(try boxes(["--score", "0.95", "--class-threshold", "bus=0.1"]).count == 1)
  }

  @Test func `are refused with a sentence where an option means nothing`() throws {
    try withFolder { folder in
      let (pack, frames) = (try detector(in: folder), try frames(in: folder))
      let unknown = try CommandRun(["run", pack, "--input", frames, "--class-threshold", "van=0.5"])
      #expect(unknown.status == 2 && unknown.errors.contains("no class is named 'van'"))
      let wrong = try CommandRun(["run", pack, "--input", frames, "--score", "2"])
      #expect(wrong.status == 2 && wrong.errors.contains("shares"))
      var builder = PlanBuilder()
      let input = builder.input("rows", shape: [1, 1, 2, 7])
      builder.copy(14, from: input, to: builder.output("boxes", shape: [1, 1, 2, 7]))
      let plain = "\(folder)/plain.espalier"
      try Files.write(try PlanWriter.bytes(of: builder.plan), to: plain)
      let undeclared = try CommandRun(["run", plain, "--input", frames, "--score", "0.5"])
      #expect(undeclared.status == 2 && undeclared.errors.contains("compile it with --results"))
    }
  }

  @Test func `are declared when a model is compiled, and shown by inspect and run`() throws {
    try withFolder { folder in
      let pack = "\(folder)/signs.espalier"
      let compile = try CommandRun([
        "compile", Signs.model, "--shape", "input=1x3x32x32", "--mean", "127.5", "--scale", "127.5",
        "--results", "classes", "--labels", "\(Signs.root)/models/gtsrb_classes.txt", "-o", pack,
      ])
      #expect(compile.status == 0, "\(compile.errors)")
      let inspect = try CommandRun(["inspect", pack, "--json"])
      let results = try #require(inspect.json()["results"] as? [String: Any])
      #expect(results["form"] as? String == "classes" && results["softmax"] as? Bool == true)
      #expect((results["labels"] as? [String])?.count == 43)
      #expect(try CommandRun(["inspect", pack]).output.contains("results: classes from 'logits'"))
      let picture = try #require(
        try Files.list("\(Signs.root)/models/pictures") { $0.hasSuffix(".png") }.first)
      let run = try CommandRun(["run", pack, "--input", picture, "--json", "--top", "3"])
      #expect(run.status == 0, "\(run.errors)")
      let frame = try #require((run.json()["results"] as? [[String: Any]])?.first)
      let classes = try #require(frame["classes"] as? [[String: Any]])
      #expect(classes.count == 3 && classes.allSatisfy { ($0["label"] as? String)?.isEmpty == false })
      let top = try #require((run.json()["top"] as? [[[String: Any]]])?.first)
      #expect(classes.map { $0["category"] as? Int } == top.map { $0["index"] as? Int })
    }
  }

  @Test func `are refused where the model's outputs have other shapes`() throws {
    try withFolder { folder in
      for (results, words) in [
        ("yolox", "takes [1, 21, 5+C]"), ("mask", "outputs [1, C, H, W]"), ("ssd", "ssd:priors=FILE.npy"),
        ("classes:outputs=nothing", "no output 'nothing'"), ("classes:offset=43", "leaves no class"),
      ] {
        let run = try CommandRun([
          "compile", Signs.model, "--shape", "input=1x3x32x32", "--results", results, "-o", "\(folder)/a",
        ])
        #expect(run.status != 0 && run.errors.contains(words), "\(results): \(run.errors)")
      }
      let lost = try CommandRun([
        "compile", Signs.model, "--shape", "input=1x3x32x32", "--labels", "names.txt", "-o", "\(folder)/a",
      ])
      #expect(lost.status == 2 && lost.errors.contains("--results"))
    }
  }

  @Test func `are read from what --results says`() throws {
    let ssd = try #require(
      ResultsArgument(argument: "ssd:priors=a/b.npy:score=0.25:overlap=0.5:capacity=10:offset=1"))
    #expect(ssd.format == .boxes(.ssd) && ssd.priors == "a/b.npy" && ssd.score == 0.25 && ssd.overlap == 0.5)
    #expect(ssd.capacity == 10 && ssd.offset == 1)
    #expect(ssd.summary == "ssd:score=0.25:overlap=0.5:capacity=10:offset=1")
    #expect(ResultsArgument(argument: "classes:raw")?.format == .classes(softmax: false))
    #expect(ResultsArgument(argument: "mask:outputs=a,b")?.outputs == ["a", "b"])
    for wrong in ["", "yolo", "yolox:", "yolox:raw", "mask:score=2", "mask:score=nan", "classes:top=3"] {
      #expect(ResultsArgument(argument: wrong) == nil, "\(wrong)")
    }
  }

  /// A box around the whole picture is where the letterbox puts the picture.
  @Test func `of labels are moved to where a letterboxed picture lies`() throws {
    let path = "\(Signs.root)/models/pictures/danger.png"
    let picture = try EspalierMedia.Picture.decode(try Files.read(path), path: path)
    let reader = FrameReader(
      ports: [Plan.Port(name: "x", shape: [1, 3, 32, 96])], preprocessing: Preprocessing(),
      pictures: [PictureInput(fit: .letterbox)])
    try withFolder { folder in
      let table = "\(folder)/labels.csv"
      try Files.write(Array("danger.png,0,0,0,\(picture.width),\(picture.height)\n".utf8), to: table)
      let labels = try BoxLabels(path: table, classes: nil)
      let samples = try BoxSamples(
        data: "\(Signs.root)/models/pictures", labels: labels, path: table, reader: reader)
      let box = try #require(try samples.sample(0).expected?.first?.box)
      let scale = min(96 / Double(picture.width), 32 / Double(picture.height))
      let (width, height) = (Double(picture.width) * scale / 96, Double(picture.height) * scale / 32)
      // Sides are rounded to whole pixels, and half of what is left is rounded down.
      let pairs = [
        (box.left, (1 - width) / 2), (box.right, (1 + width) / 2), (box.top, (1 - height) / 2),
        (box.bottom, (1 + height) / 2),
      ]
      #expect(pairs.allSatisfy { abs(Double($0) - $1) <= 1.0 / 32 }, "\(box)")
      #expect(width < 0.6, "the picture must not fill the input")
    }
  }
}
