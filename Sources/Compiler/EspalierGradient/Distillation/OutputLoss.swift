internal import CGradient
internal import EspalierGraph
internal import EspalierPasses

/// How far a student is from its teacher, and the gradients of that.
struct OutputLoss {
  /// One tensor that is compared, and what its distance is divided by.
  struct Term {
    let counterpart: Counterpart
    /// The mean square of the teacher's elements.
    var energy: Double
    let weight: Double
  }

  /// Scores of classes in student and teacher; nil where outputs are compared as they are.
  let scores: (student: ClassScores, teacher: ClassScores)?
  /// Outputs without scores, then tensors within the network.
  var terms: [Term]
  /// How many of `terms` are outputs.
  let outputTerms: Int
  let temperature: Float
  /// What elements of outputs count, in place of the energies of their terms.
  var scale: OutputScale?

  var studentOutputs: [ValueID] {
    (scores.map { [$0.student.value] } ?? []) + terms.map(\.counterpart.student)
  }
  var teacherOutputs: [ValueID] {
    (scores.map { [$0.teacher.value] } ?? []) + terms.map(\.counterpart.teacher)
  }

  /// Adds the loss of one frame's gradients to the student's memory.
  ///
  /// Scores of classes: `T² KL(p_T ‖ q_T)` (Hinton et al. 2015, section 2). Other tensors: the square of the
  /// distance, over the teacher's mean square.
  func seed(_ student: TapeMemory, _ teacher: TapeMemory) -> Double {
    var loss = 0.0
    if let scores, let z = student.value(of: scores.student.value).baseAddress,
      let reference = teacher.value(of: scores.teacher.value).baseAddress
    {
      let p = scores.teacher.probabilities(reference, temperature: temperature)
      let q = scores.student.probabilities(z, temperature: temperature)
      let answers = Float(scores.student.starts.count)
      let gradient = student.gradient(of: scores.student.value)
      for i in 0..<scores.student.count { gradient[i] += temperature * (q[i] - p[i]) / answers }
      loss += Double(temperature * temperature) * Self.divergence(p, q) / Double(answers)
    }
    loss += seedOutputs(student, teacher)
    for term in terms[(scale == nil ? 0 : outputTerms)...] {
      let (value, count) = (term.counterpart.student, term.counterpart.count)
      let target = term.counterpart.target(teacher)
      guard let own = student.value(of: value).baseAddress,
        let gradient = student.gradient(of: value).baseAddress
      else { continue }
      let scale = term.weight / (Double(count) * max(term.energy, 1e-12))
      gradient_add_difference(count, Float(2 * scale), own, target, gradient)
      loss += scale * gradient_squared_distance(count, own, target)
    }
    return loss
  }

  /// The outputs' part of `seed` where it is known what their elements count.
  private func seedOutputs(_ student: TapeMemory, _ teacher: TapeMemory) -> Double {
    guard let scale else { return 0 }
    let targets = outputs(of: teacher)
    let factor = 1 / Double(scale.parts.count)
    var loss = 0.0
    for (index, importance) in scale.importance(of: targets).enumerated() {
      let value = terms[index].counterpart.student
      let (own, gradient) = (student.value(of: value), student.gradient(of: value))
      for (place, weight) in importance.enumerated() where weight > 0 {
        let difference = own[place] - targets[index][place]
        gradient[place] += 2 * Float(factor) * weight * difference
        loss += factor * Double(weight * difference * difference)
      }
    }
    return loss
  }

  /// The teacher's outputs.
  func outputs(of teacher: TapeMemory) -> [[Float]] {
    terms.prefix(outputTerms).map { $0.counterpart.target(teacher) }
  }

  /// `Σ p log(p / q)`.
  static func divergence(_ p: [Float], _ q: [Float]) -> Double {
    gradient_divergence(p.count, p, q)
  }

  /// How far the outputs of one frame are apart (KL at temperature 1, or normalized squares), and whether the first
  /// answers agree; nil where there are no scores of classes.
  func judge(_ student: TapeMemory, _ teacher: TapeMemory) -> (loss: Double, agreement: Double?) {
    if let scores, let z = student.value(of: scores.student.value).baseAddress,
      let reference = teacher.value(of: scores.teacher.value).baseAddress
    {
      let divergence = Self.divergence(
        scores.teacher.probabilities(reference), scores.student.probabilities(z))
      let starts = scores.student.starts
      let same = starts.filter {
        scores.student.top(z, start: $0) == scores.teacher.top(reference, start: $0)
      }
      return (divergence / Double(starts.count), Double(same.count) / Double(starts.count))
    }
    if let scale {
      let own = terms.prefix(outputTerms).map { Array(student.value(of: $0.counterpart.student)) }
      return (scale.distance(from: outputs(of: teacher), to: own) / Double(scale.parts.count), nil)
    }
    let loss = terms.prefix(outputTerms).reduce(0.0) { sum, term in
      let target = term.counterpart.target(teacher)
      let distance = gradient_squared_distance(
        term.counterpart.count, student.value(of: term.counterpart.student).baseAddress, target)
      return sum + distance / (Double(term.counterpart.count) * max(term.energy, 1e-12))
    }
    return (loss / Double(max(outputTerms, 1)), nil)
  }
}
