import EspalierPlan
import EspalierRuntime
import PlanFixtures

/// A network whose outputs are its input, said to mean something.
struct Meaning {
  let form: Plan.Results.Form
  let input: [Int]
  let output: [Int]

  static let all = [
    Meaning(form: .yolov8, input: [1, 1, 9, 400], output: [1, 9, 400]),
    Meaning(form: .classes, input: [1, 1, 1, 1000], output: [1, 1000]),
    Meaning(form: .mask, input: [1, 3, 40, 30], output: [1, 3, 40, 30]),
  ]

  func session(threads: Int) throws -> Session {
    var builder = PlanBuilder()
    let x = builder.input("x", shape: input)
    builder.copy(input.reduce(1, *), from: x, to: builder.output("y", shape: output))
    var plan = builder.plan
    plan.results = Plan.Results(form, outputs: [0])
    plan.results?.appliesSoftmax = form == .classes
    return try Session(Model(bytes: PlanWriter.bytes(of: plan)), threads: threads)
  }
}

/// Runs frames and reads what is in them, without buffers for outputs.
struct ResultStream: ~Copyable {
  private var session: Session
  private let input: UnsafeMutableBufferPointer<Float>
  private let inputs: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
  private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: 90 * 70)
  private(set) var found = 0

  init(_ meaning: Meaning, threads: Int) throws {
    session = try meaning.session(threads: threads)
    awaitWorkers(session)
    input = .allocate(capacity: meaning.input.reduce(1, *))
    for place in input.indices { input.initializeElement(at: place, to: Float(place * 37 % 101) / 101) }
    inputs = .allocate(capacity: 1)
    inputs.initializeElement(at: 0, to: UnsafePointer(input.baseAddress))
  }

  mutating func run() throws {
    let none = UnsafeBufferPointer<UnsafeMutablePointer<Float>?>(start: nil, count: 0)
    try session.run(inputs: UnsafeBufferPointer(inputs), outputs: none, deadline: .none)
    switch session.model.results?.kind {
    case .boxes: found += try session.boxes().count
    case .classes: found += try session.classes().count
    case .mask:
      try session.fill(MaskRoom(mask, width: 90, height: 70, stride: 90), withMask: 0)
      found += Int(mask[0]) + Int(mask[4000]) + 1
    case nil: break
    }
  }
}

func countResults(threads: Int) throws {
  var sums = [0, 0, 0]
  var isFound = true
  for meaning in Meaning.all {
    var stream = try ResultStream(meaning, threads: threads)
    let counts = try count { try stream.run() }
    for place in sums.indices { sums[place] += counts[place] }
    isFound = isFound && stream.found > 0
  }
  // One array for each kind.
  print(sums[0], sums[1], sums[2] / Meaning.all.count, isFound)
}
