import EspalierGraph
import EspalierImport
import Foundation
import PlanFixtures

/// Runs single cases within limits of time and memory.
final class Probe {
  private let models: [SoundModel]
  private var packs: [Int: [UInt8]] = [:]
  /// Where damaged models are written, with a file beside them that some claim to keep their weights in.
  private let folder: URL

  init(models: [SoundModel]) throws {
    self.models = models
    folder = FileManager.default.temporaryDirectory.appending(path: "damage-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(repeating: 1, count: 64).write(to: folder.appending(path: "weights.bin"))
    let link = folder.appending(path: "link.bin")
    try? FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder)
  }

  func removeFolder() { try? FileManager.default.removeItem(at: folder) }

  // MARK: - Cases

  /// Damages a model's file, and sometimes the constants that are given beside it.
  func tryModel(_ seed: UInt64) -> (model: Int, outcome: String) {
    var random = SeededGenerator(seed: seed ^ 0xDA3A_6E00)
    let index = Int.random(in: models.indices, using: &random)
    let sound = models[index]
    var options = sound.options
    var bytes = sound.bytes
    if options.constants.isEmpty || Bool.random(using: &random) {
      var damage = OnnxDamage(seed: seed)
      bytes = damage.damage(bytes)
    }
    if Bool.random(using: &random) { damageConstants(&options, &random) }
    keep(bytes)
    guard let model = read(bytes, asFile: Int.random(in: 0..<4, using: &random) == 0) else {
      return (index, Outcome.refused.rawValue)
    }
    return (index, outcome { () throws(Fault) in try Stages.run(model, options, seed: seed) })
  }

  /// Damages the packed file of a model.
  func tryPack(_ seed: UInt64) throws -> (model: Int, outcome: String) {
    var random = SeededGenerator(seed: seed ^ 0xDA3A_6E00)
    var index = Int.random(in: models.indices, using: &random)
    let coded = Bool.random(using: &random)
    while true {
      let place = 2 * index + (coded ? 1 : 0)
      if packs[place] == nil { packs[place] = try models[index].pack(coded ? .coded : .mapped) ?? [] }
      if let pack = packs[place], !pack.isEmpty {
        var damage = PackDamage(seed: seed)
        let bytes = damage.damage(pack)
        keep(bytes)
        return (index, outcome { () throws(Fault) in try Stages.run(pack: bytes, seed: seed, isOurs: false) })
      }
      index = (index + 1) % models.count
    }
  }

  /// Writes the damaged file where `DAMAGE_KEEP` says, to look into it.
  private func keep(_ bytes: [UInt8]) {
    guard let path = ProcessInfo.processInfo.environment["DAMAGE_KEEP"] else { return }
    try? Data(bytes).write(to: URL(filePath: path))
  }

  private func outcome(of stages: () throws(Fault) -> Outcome) -> String {
    do { return try stages().rawValue } catch {
      return "FAULT:" + error.description.replacing("\n", with: "; ").replacing(" ", with: "_")
    }
  }

  private func read(_ bytes: [UInt8], asFile: Bool) -> OnnxModel? {
    guard asFile else { return try? OnnxModel(bytes: bytes) }
    let file = folder.appending(path: "model.onnx")
    guard (try? Data(bytes).write(to: file)) != nil else { return nil }
    return try? OnnxModel(contentsOf: file.path)
  }

  /// Puts absurd numbers in the place of axes, sizes and indices.
  private func damageConstants(_ options: inout Importer.Options, _ random: inout SeededGenerator) {
    guard let name = options.constants.keys.sorted().randomElement(using: &random),
      let tensor = options.constants[name], case .integers(var integers) = tensor.storage, !integers.isEmpty
    else { return }
    let place = Int.random(in: integers.indices, using: &random)
    let number = OnnxDamage.absurd.randomElement(using: &random) ?? 0
    integers[place] = tensor.type.element.wrapped(number)
    options.constants[name] = Tensor(
      shape: tensor.shape, element: tensor.type.element, integers: integers)
  }

  /// Unbuffered, so that nothing is lost when the process is ended.
  func write(_ line: String, to file: FileHandle) { file.write(Data((line + "\n").utf8)) }

  // MARK: - Limits

  /// A sanitizer slows everything down and needs more addresses than any limit gives.
  private let isUnlimited = ProcessInfo.processInfo.environment["DAMAGE_NO_LIMIT"] != nil

  /// Names the case on standard error and gives it 10 s of processor time, 120 s in all; a minute and ten
  /// under a sanitizer.
  func begin(_ seed: UInt64) {
    write("\(seed)", to: .standardError)
    var time = itimerval()
    time.it_value.tv_sec = isUnlimited ? 60 : 10
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &time, nil)
    alarm(isUnlimited ? 600 : 120)
  }

  /// 6 GB of addresses.
  func limitMemory() {
    guard !isUnlimited else { return }
    var limit = rlimit(rlim_cur: 6 << 30, rlim_max: 6 << 30)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  private static var usage: rusage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage
  }

  static var processorMilliseconds: Int {
    let times = [usage.ru_utime, usage.ru_stime]
    return times.reduce(0) { $0 + $1.tv_sec * 1000 + Int($1.tv_usec) / 1000 }
  }

  static var peakMegabytes: Int { usage.ru_maxrss / 1024 }
}
