internal import CEspalierKernels
internal import Synchronization

/// One of a session's workers, to be run on a thread of the caller's.
public final class SessionWorker: Sendable {
  private let life: WorkerLife
  /// Not 0 once somebody runs it.
  private let isTaken = Atomic<UInt32>(0)

  init(_ life: WorkerLife) { self.life = life }

  /// Computes the calling thread's share of every frame until the session ends; waits between frames as the
  /// session's policy says.
  ///
  /// Core and priority of the thread are the caller's business. The floating-point mode is restored on return.
  /// A worker runs once: where another thread runs it or has run it, the call returns at once.
  public func run() {
    guard isTaken.exchange(1, ordering: .acquiringAndReleasing) == 0 else { return }
    life.live()
  }
}

/// What a worker thread does from its beginning to its end.
struct WorkerLife: @unchecked Sendable {
  let loop: FrameLoop
  let spinInNanoseconds: UInt64
  /// Keeps the signals; nothing else is looked at once the session has ended.
  let memory: SystemMemory

  /// Bytes of stack that are made present before the first frame; kernels need less.
  static let stackByteCount = 128 << 10

  /// Waits for frames and computes this thread's share of them, until the session ends.
  func live() {
    let signals = loop.signals
    let saved = espalier_float_mode_enter()
    espalier_stack_touch(WorkerLife.stackByteCount)
    signals.introduce(thread: Int(loop.thread))
    signals.present.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
    var frame: UInt32 = 0
    while true {
      frame = awaitFrame(after: frame)
      if signals.stop.pointee.load(ordering: .acquiring) != 0 { break }
      compute(frame)
    }
    espalier_float_mode_leave(saved)
  }

  /// Takes part in a frame, unless it is over or calls are being exchanged: either the pool sees this thread inside, or
  /// this thread sees that the frame is no longer the one that was begun.
  private func compute(_ frame: UInt32) {
    let signals = loop.signals
    signals.inside.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if !FrameWord.isClosed(frame), signals.frame.pointee.load(ordering: .sequentiallyConsistent) == frame {
      loop.run(frame: frame)
    }
    signals.inside.pointee.wrappingSubtract(1, ordering: .releasing)
  }

  /// Spins for a while, then sleeps, until there is a frame other than `frame`.
  ///
  /// - Returns: The newest.
  private func awaitFrame(after frame: UInt32) -> UInt32 {
    let signals = loop.signals
    let start = espalier_clock_nanoseconds()
    while espalier_clock_nanoseconds() &- start < spinInNanoseconds {
      for _ in 0..<32 {
        let newest = signals.frame.pointee.load(ordering: .acquiring)
        if newest != frame { return newest }
        espalier_pause()
      }
    }
    signals.sleepers.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    var newest = signals.frame.pointee.load(ordering: .sequentiallyConsistent)
    while newest == frame {
      espalier_futex_wait(signals.frame, frame)
      newest = signals.frame.pointee.load(ordering: .sequentiallyConsistent)
    }
    signals.sleepers.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    return newest
  }
}

extension Signals {
  /// Notes who the calling thread is, for `SessionFacts`.
  func introduce(thread: Int) {
    let number = UInt64(UInt32(bitPattern: espalier_thread_self()))
    let flushes: UInt64 = espalier_float_mode_flushes() ? 1 << 32 : 0
    identity(ofThread: thread).pointee.store(number | flushes, ordering: .releasing)
  }
}
