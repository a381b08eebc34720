import EspalierMedia
import EspalierPlan
import Foundation
import PlanFixtures
import Testing

@testable import espalier

@Suite("eval --boxes") struct EvaluateBoxesTests {
  /// A detector whose frames are its detections: rows of frame, class, score, corners.
  private func pack(in folder: String) throws -> String {
    var builder = PlanBuilder()
    let input = builder.input("rows", shape: [1, 1, 2, 7])
    let output = builder.output("boxes", shape: [1, 1, 2, 7])
    builder.copy(14, from: input, to: output)
    let path = "\(folder)/detector.espalier"
    try Files.write(try PlanWriter.bytes(of: builder.plan), to: path)
    return path
  }

  /// Two frames: a box of class 1 and one of class 2; then a box of class 1 alone. The input has 7 by 2 pixels.
  private func frames(in folder: String) throws -> String {
    let rows: [[Float]] = [
      [0, 1, 0.9, 0, 0, 0.5, 0.5], [0, 2, 0.8, 0.5, 0.5, 1, 1],
      [0, 1, 0.7, 0, 0, 1, 1], [-1, 0, 0, 0, 0, 0, 0],
    ]
    let path = "\(folder)/frames.npy"
    let array = FloatArray(shape: [2, 1, 2, 7], elements: rows.flatMap { $0 })
    try Files.write(NumPyFile.encode(array), to: path)
    return path
  }

  private func evaluate(_ folder: String, _ arguments: [String]) throws -> CommandRun {
    try CommandRun(
      [
        "eval", try pack(in: folder), "--data", try frames(in: folder), "--boxes", "detection-output",
        "--json",
      ] + arguments)
  }

  private func write(_ text: String, to path: String) throws { try Files.write(Array(text.utf8), to: path) }

  @Test func `measures boxes against a table`() throws {
    try withFolder { folder in
      // The second frame's box covers half of what is expected: right at overlap 0.5 alone.
      try write(
        "file,class,left,top,right,bottom\n0,car,0,0,3.5,1\n0,bus,3.5,1,7,2\n1,car,0,0,7,1\n",
        to: "\(folder)/a.csv")
      try write("car\nbus\n", to: "\(folder)/names.txt")
      let run = try evaluate(
        folder, ["--labels", "\(folder)/a.csv", "--classes", "\(folder)/names.txt", "--class-offset", "1"])
      #expect(run.status == 0, "\(run.errors)")
      let labels = try #require(try run.json()["labels"] as? [String: Any])
      #expect(labels["map50"] as? Double == 1)
      // Above 0.5 a car is right and a car is wrong: 51 of 101 recalls.
      let car = (1 + 9 * 51.0 / 101) / 10
      #expect(abs(try #require(labels["map"] as? Double) - (car + 1) / 2) < 1e-9)
      #expect(labels["f1"] as? Double == 1)
      let classes = try #require(labels["classes"] as? [[String: Any]])
      #expect(classes.map { $0["name"] as? String } == ["car", "bus"])
      #expect(classes.map { $0["expected"] as? Int } == [2, 1])
    }
  }

  @Test func `takes COCO's files and folders of YOLO's`() throws {
    try withFolder { folder in
      try write(
        """
        {"images": [{"id": 7, "file_name": "a"}, {"id": 3, "file_name": "b"}],
         "categories": [{"id": 11, "name": "car"}, {"id": 90, "name": "bus"}],
         "annotations": [
          {"image_id": 7, "category_id": 11, "bbox": [0, 0, 3.5, 1], "iscrowd": 0},
          {"image_id": 7, "category_id": 90, "bbox": [3.5, 1, 3.5, 1]},
          {"image_id": 3, "category_id": 11, "bbox": [0, 0, 7, 2]}]}
        """, to: "\(folder)/coco.json")
      let yolo = "\(folder)/labels"
      try FileManager.default.createDirectory(atPath: yolo, withIntermediateDirectories: true)
      try write("0 0.25 0.25 0.5 0.5\n1 0.75 0.75 0.5 0.5\n", to: "\(yolo)/a.txt")
      try write("0 0.5 0.5 1 1\n", to: "\(yolo)/b.txt")
      for labels in ["\(folder)/coco.json", yolo] {
        let run = try evaluate(folder, ["--labels", labels, "--class-offset", "1"])
        #expect(run.status == 0, "\(run.errors)")
        let score = try #require(try run.json()["labels"] as? [String: Any])
        #expect(score["map"] as? Double == 1)
        #expect(score["expected"] as? Int == 3)
      }
    }
  }

  @Test func `measures boxes against another pack's, which are expected where they are likely`() throws {
    try withFolder { folder in
      let run = try evaluate(
        folder, ["--against", try pack(in: folder), "--score", "0.75"])
      #expect(run.status == 0, "\(run.errors)")
      let against = try #require(try run.json()["against"] as? [String: Any])
      let agreement = try #require(against["agreement"] as? [String: Any])
      #expect(agreement["expected"] as? Int == 2)
      #expect(agreement["f1"] as? Double == 1)
      #expect(agreement["map"] as? Double == 1)
    }
  }

  @Test func `says what is missing or does not fit`() throws {
    try withFolder { folder in
      try write("0,car,0,0,3.5,1\n", to: "\(folder)/words.csv")
      try write("0,1,3,0,2,1\n", to: "\(folder)/turned.csv")
      try write("0,1,0,0,2,1\n", to: "\(folder)/one.csv")
      try write("{}", to: "\(folder)/empty.json")
      let cases = [
        ("words.csv", "class 'car' is no number; give --classes"),
        ("turned.csv", "line 1: expected file, class, left, top, right, bottom"),
        ("one.csv", "holds 2 frames, but"), ("empty.json", "is no COCO file"),
        ("none.csv", "No such file or directory"),
      ]
      for (name, sentence) in cases {
        let run = try evaluate(folder, ["--labels", "\(folder)/\(name)"])
        #expect(run.status == 1)
        #expect(run.errors.contains(sentence), "\(run.errors)")
      }
      #expect(try evaluate(folder, []).status == 2)
      let signs = try CommandRun([
        "eval", try Signs.pack.get(), "--data", Signs.pictures, "--boxes", "yolov8", "--against",
        try Signs.pack.get(),
      ])
      #expect(signs.status == 1)
      #expect(signs.errors.contains("--boxes yolov8 takes [1, 4+C, N], but the outputs are [1, 43]"))
    }
  }
}
