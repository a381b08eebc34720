internal import CGradient
internal import CLAPACK

/// Work cut into a fixed number of shards, which any number of threads take in turn: what a shard computes, and the
/// order in which results are put together, does not depend on the threads.
struct ParallelShards {
  /// As many threads can work at once.
  static let count = 8

  let threads: Int

  init(threads: Int) { self.threads = min(max(threads, 1), Self.count) }

  /// Calls `body` for every shard; calls with the same worker never overlap.
  func run(_ body: (_ shard: Int, _ worker: Int) -> Void) {
    // One thread for each product: the threads here are the frames'.
    openblas_set_num_threads(1)
    let threads = self.threads
    withoutActuallyEscaping(body) { escaping in
      let box = Box { worker in
        for shard in stride(from: worker, to: Self.count, by: threads) { escaping(shard, worker) }
      }
      gradient_parallel(
        Int32(threads),
        { context, worker in
          guard let context else { return }
          Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().body(Int(worker))
        }, Unmanaged.passUnretained(box).toOpaque())
      withExtendedLifetime(box) {}
    }
  }

  /// Calls `body` for every index of a range, in as many threads.
  func forEach(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    run { shard, worker in
      for index in stride(from: shard, to: count, by: Self.count) { body(index, worker) }
    }
  }

  private final class Box {
    let body: (Int) -> Void
    init(_ body: @escaping (Int) -> Void) { self.body = body }
  }
}

/// The gradients of trained tensors, one sum for each shard.
final class ShardGradients: @unchecked Sendable {
  let count: Int
  private let base: UnsafeMutablePointer<Float>

  init(_ parameters: TapeParameters) {
    count = parameters.count
    base = TapeMemory.zeros(ParallelShards.count * count)
  }

  deinit { base.deallocate() }

  subscript(_ shard: Int) -> UnsafeMutablePointer<Float> { base + shard * count }

  func clear() { gradient_fill(ParallelShards.count * count, 0, base) }

  /// The sum over all shards, added up in order; it lies in place of the first.
  func sum() -> UnsafeMutablePointer<Float> {
    for shard in 1..<ParallelShards.count { gradient_accumulate(count, self[shard], base) }
    return base
  }
}
