internal import CDrawing
internal import CVideo
internal import EspalierRuntime

/// A transparent picture to draw on, that is then blended onto a frame.
final class Canvas {
  let width: Int
  let height: Int
  private let canvas: OpaquePointer

  /// Nil where an extent is 0 or too large.
  init?(width: UInt32, height: UInt32) {
    guard let canvas = espalier_canvas_create(width, height) else { return nil }
    (self.width, self.height, self.canvas) = (Int(width), Int(height), canvas)
  }

  deinit { espalier_canvas_destroy(canvas) }

  func clear() { espalier_canvas_clear(canvas) }

  /// Outlines a box; edges are in pixels of the canvas.
  func draw(_ box: DetectedBox, label: String) {
    espalier_canvas_box(canvas, box.left, box.top, box.right, box.bottom, Int32(box.category), label)
  }

  /// Tints classes other than 0. `mask` holds one for each pixel of the canvas.
  func draw(mask: [UInt8], firstColor: Int) {
    precondition(mask.count == width * height)
    espalier_canvas_mask(canvas, mask, width, Int32(firstColor))
  }

  func draw(line: String, row: Int, tone: espalier_tone) {
    espalier_canvas_text(canvas, UInt32(row), line, tone)
  }

  /// - Precondition: The frame has the canvas's extents.
  func blend(onto frame: espalier_video_frame) {
    var surface = espalier_surface()
    (surface.format, surface.color) = (frame.format, frame.color)
    (surface.width, surface.height) = (frame.width, frame.height)
    (surface.planes, surface.strides) = (frame.planes, frame.strides)
    let status = espalier_canvas_blend(canvas, &surface)
    precondition(status == 0, "a canvas is blended onto frames of its size")
  }
}
