internal import CEspalierKernels
internal import EspalierPlan

/// One stream of frames through a model: its working memory, its resolved calls and its worker threads.
///
/// After it is made, a frame allocates nothing, takes no lock and makes no system call except one to wake
/// sleeping workers, as long as every thread has a core to itself; where the calling thread has moved to another
/// core since the last frame, one more for each worker (`ThreadPolicy.cores`). The bits of the outputs depend on the
/// model and the instruction set, never on the number of threads.
public struct Session: ~Copyable, Sendable {
  /// The most threads that a session may have.
  public static let threadLimit = 256

  public let model: Model
  public let threads: Int
  /// Kernels of no higher instruction set were chosen.
  public let instructionSetLimit: InstructionSet
  /// How workers wait and where they were asked to run.
  public let policy: ThreadPolicy
  /// Reads the counters, from any thread.
  public let monitor: SessionMonitor

  let table: CallTable
  let pool: WorkerPool
  let arena: SystemMemory
  let scratch: SystemMemory
  let forecast: LevelForecast
  /// Which levels of the pack frames may go through: 0 is the largest. Frames without a deadline take the first.
  public var allowedLevels: ClosedRange<Int> {
    didSet { precondition(allowedLevels.lowerBound >= 0 && allowedLevels.upperBound < model.levels.count) }
  }
  var preparation = PreparationRecord()
  /// Keeps outputs for results; nil where the pack does not say what they mean.
  let store: ResultStore?
  /// Gathers statistics of watched frames; nil where none is watched.
  var watcher: TensorWatcher?
  /// The frame that makes it 0 is watched.
  var framesUntilWatched = Session.never
  /// The sequence number of the last frame that had one.
  var lastSequence: UInt64?
  /// For each input how pictures become it.
  var declaredPictures: [PictureInput?]
  /// What frames on pictures need; nil where some input is not declared.
  var pictureFrames: PictureFrames?
  var lastFrameHadPictures = false

  /// Allocates working memory, resolves every call and starts `threads - 1` workers.
  ///
  /// - Parameters:
  ///   - threads: How many threads compute a frame, the calling one included.
  ///   - policy: How the workers wait and where they run.
  ///   - limit: Caps the instruction set, for tests and comparisons.
  /// - Throws: `threadCount`, `outOfMemory` or `threadRefused`.
  public init(
    _ model: Model, threads: Int = 1, policy: ThreadPolicy = ThreadPolicy(),
    limit: InstructionSet = .limit
  ) throws(SessionError) {
    guard 1...Session.threadLimit ~= threads else {
      throw .threadCount(threads, limit: Session.threadLimit)
    }
    let pictureScratch = model.inputs.reduce(0) {
      max($0, PictureShape($1.shape).map { PictureCalls.scratchByteCount($0) } ?? 0)
    }
    let scratchStride = (max(model.scratchByteCount, pictureScratch) + 127) / 128 * 128
    guard let arena = SystemMemory(byteCount: model.touchedArenaByteCount) else {
      throw .outOfMemory(byteCount: model.touchedArenaByteCount)
    }
    guard let scratch = SystemMemory(byteCount: scratchStride * threads) else {
      throw .outOfMemory(byteCount: scratchStride * threads)
    }
    let store = try ResultStore.of(model)
    let table = try CallTable(model, CallList(model), arena: arena.base, threads: threads, limit: limit)
    let pictures = try PictureFrames.make(
      model, declared: model.pictureInputs, keepsOutputs: store == nil, arena: arena, threads: threads,
      limit: limit)
    let frame = FrameState(
      work: FrameWork(table), threads: UInt32(threads), scratch: scratch.base, scratchStride: scratchStride,
      spinsPerBarrier: policy.spinsPerBarrier(threads: threads))
    guard let pool = WorkerPool(frame, policy: policy, table: table, keeping: (arena, scratch)) else {
      throw .outOfMemory(byteCount: Signals.byteCount)
    }
    try pool.start()
    self.pool = pool
    self.model = model
    self.threads = threads
    self.policy = policy
    instructionSetLimit = limit
    monitor = SessionMonitor(pool.signalMemory)
    self.table = table
    self.store = store
    self.arena = arena
    self.scratch = scratch
    forecast = LevelForecast(multiplyAdds: model.levels.map { $0.multiplyAdds })
    allowedLevels = 0...model.levels.count - 1
    declaredPictures = model.pictureInputs
    pictureFrames = pictures
  }

  /// What became of the frames so far.
  public var counters: SessionCounters { monitor.counters }

  /// A worker for a thread of the caller's.
  ///
  /// - Returns: Nil where the policy is not `fromCaller`, or all `threads - 1` have been made.
  public mutating func makeWorker() -> SessionWorker? { pool.makeWorker() }
}
