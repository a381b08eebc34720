internal import CDrawing
internal import CVideo
internal import EspalierRuntime

/// What is drawn on a frame of `-o`: masks, boxes with labels, what became of the frame, classes.
struct Annotation {
  let verdict: FrameVerdict
  let findings: Findings
  let names: ClassNames
  /// The layer that a cancelled frame ended at.
  let cancelledAt: String?
  /// Canvas-sized masks, by number.
  let masks: [[UInt8]]

  /// - Parameter frame: Boxes are in its pixels; the canvas may have others.
  func draw(on canvas: Canvas, frame: espalier_video_frame) {
    for (index, mask) in masks.enumerated() { canvas.draw(mask: mask, firstColor: 2 * index) }
    let scale = (
      x: Float(canvas.width) / Float(frame.width), y: Float(canvas.height) / Float(frame.height)
    )
    for box in findings.boxes {
      let scaled = DetectedBox(
        category: box.category, score: box.score, left: box.left * scale.x, top: box.top * scale.y,
        right: box.right * scale.x, bottom: box.bottom * scale.y)
      canvas.draw(scaled, label: names.label(box.category, box.score))
    }
    canvas.draw(line: verdictLine, row: 0, tone: tone)
    for (row, entry) in findings.classes.prefix(5).enumerated() {
      canvas.draw(line: names.label(entry.category, entry.score), row: row + 1, tone: ESPALIER_TONE_GOOD)
    }
  }

  var verdictLine: String {
    let time = Format.milliseconds(
      Double(verdict.modelNanoseconds + verdict.overheadNanoseconds) / 1e6)
    return switch verdict.outcome {
    case .met: "met, \(time)"
    case .late(let nanoseconds): "late by \(Format.milliseconds(Double(nanoseconds) / 1e6)), \(time)"
    case .cancelled: "cancelled at \(cancelledAt ?? "a layer"), \(time)"
    case .skipped: "skipped"
    }
  }

  private var tone: espalier_tone {
    switch verdict.outcome {
    case .met: ESPALIER_TONE_GOOD
    case .late: ESPALIER_TONE_WARNING
    case .cancelled, .skipped: ESPALIER_TONE_BAD
    }
  }
}
