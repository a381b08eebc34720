internal import CEspalierKernels
internal import EspalierKernels
public import EspalierPlan

extension PictureInput {
  /// The input that a picture becomes, as float32: what `Session.run(pictures:)` computes with, for those who want to
  /// look at it or to run it otherwise. Allocates.
  ///
  /// - Parameter shape: With as many channels as are declared.
  /// - Returns: The elements in the input's own layout.
  /// - Throws: Also `notAPicture` where the channels differ, `declaration` where a number has no meaning.
  public func tensor(
    of picture: Picture, shape: PictureShape, limit: InstructionSet = .limit
  ) throws(PictureFault) -> [Float] {
    guard shape.channels == channels.count else { throw .notAPicture }
    if let fault { throw .declaration(fault) }
    try picture.requireSound()
    let target = PictureTarget(input: 0, shape: shape)
    let size = (width: picture.width, height: picture.height)
    let placement = PicturePlacement(self, picture: size, input: (shape.width, shape.height))
    var columns = [Int32](repeating: 0, count: 2 * shape.width)
    var rows = [Int32](repeating: 0, count: 3 * shape.height)
    var levels = [UInt32](repeating: 0, count: 3 * PictureLevels.count)
    var elements = [Float](repeating: 0, count: shape.channels * shape.height * shape.width)
    let values = PictureLevels(self, nil)
    levels.withUnsafeMutableBytes { values.fill($0.baseAddress.unsafelyUnwrapped) }
    columns.withUnsafeMutableBufferPointer { placement.fillColumns($0, pictureWidth: size.width) }
    rows.withUnsafeMutableBufferPointer { placement.fillRows($0, pictureHeight: size.height) }
    let pass = PictureTable.Pass((call: 0, target: target), self, shape, values)
    var parameters = pass.parameters(for: picture, at: placement)
    let needs = PictureCalls.resources(of: target, shape)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: needs.scratchByteCount, alignment: 64)
    defer { scratch.deallocate() }
    var call = espalier_call()
    for plane in 0..<picture.format.planeCount {
      espalier_call_set_operand(
        &call, UInt32(plane), UnsafeMutableRawPointer(mutating: picture.plane(plane)))
    }
    guard let kernel = espalier_kernel_for(espalier_frame_u8_parameters.family, limit.isa) else { return [] }
    columns.withUnsafeMutableBytes { columns in
      rows.withUnsafeMutableBytes { rows in
        levels.withUnsafeMutableBytes { levels in
          elements.withUnsafeMutableBytes { elements in
            espalier_call_set_operand(&call, 3, columns.baseAddress)
            espalier_call_set_operand(&call, 4, rows.baseAddress)
            espalier_call_set_operand(&call, 5, levels.baseAddress)
            espalier_call_set_operand(&call, 6, elements.baseAddress)
            withUnsafePointer(to: &parameters) { parameters in
              call.parameters = UnsafeRawPointer(parameters)
              kernel(&call, 0, needs.items, scratch)
            }
          }
        }
      }
    }
    return elements
  }
}
