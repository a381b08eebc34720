/// A class that a place of the outputs may hold.
struct Candidate: Equatable {
  var score: Float
  var place: UInt32
  /// Counted in the outputs, background and all.
  var category: UInt32

  /// Whether it is likelier; of two that are equally likely the one that stands earlier in the outputs is.
  @inline(__always)
  func precedes(_ other: Candidate) -> Bool {
    if score != other.score { return score > other.score }
    if place != other.place { return place < other.place }
    return category < other.category
  }
}

/// The likeliest of any number of candidates, in memory of a fixed size: which ones stay does not depend on the order
/// in which they come.
///
/// Once the memory is full it is a binary heap with the least likely candidate on top.
struct Candidates {
  private let room: UnsafeMutableBufferPointer<Candidate>
  private(set) var count = 0

  /// - Parameter room: Stays valid as long as the candidates are used; not empty.
  init(in room: UnsafeMutableBufferPointer<Candidate>) { self.room = room }

  subscript(place: Int) -> Candidate { room[place] }

  mutating func removeAll() { count = 0 }

  /// - Parameter candidate: Its score is no NaN.
  mutating func add(_ candidate: Candidate) {
    if count < room.count {
      room[count] = candidate
      count += 1
      if count == room.count { makeHeap() }
    } else if candidate.precedes(room[0]) {
      room[0] = candidate
      sink(0, within: count)
    }
  }

  /// Puts the likeliest first. Nothing can be added after that.
  mutating func sort() {
    if count < room.count { makeHeap() }
    var end = count
    while end > 1 {
      end -= 1
      room.swapAt(0, end)
      sink(0, within: end)
    }
  }

  private func makeHeap() {
    var parent = count / 2
    while parent > 0 {
      parent -= 1
      sink(parent, within: count)
    }
  }

  /// Moves an element down until none below it is less likely.
  private func sink(_ start: Int, within end: Int) {
    let moved = room[start]
    var place = start
    while true {
      var child = 2 * place + 1
      guard child < end else { break }
      if child + 1 < end, room[child].precedes(room[child + 1]) { child += 1 }
      guard moved.precedes(room[child]) else { break }
      room[place] = room[child]
      place = child
    }
    room[place] = moved
  }
}
