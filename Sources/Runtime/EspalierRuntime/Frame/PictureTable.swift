internal import CEspalierKernels
internal import EspalierKernels
internal import EspalierPlan

/// Resolved calls of frames that are given pictures, and what of them changes from picture to picture.
final class PictureTable: @unchecked Sendable {
  /// What a pass needs beside the picture and its place.
  struct Pass {
    let call: Int
    let input: Int
    let isFloat: Bool
    /// The sides, strides and filling; everything that depends on the picture is 0.
    let parameters: espalier_frame_u8_parameters
  }

  let table: CallTable
  private let memory: SystemMemory
  private let passes: UnsafeMutableBufferPointer<Pass>
  private let parameters: UnsafeMutableBufferPointer<espalier_frame_u8_parameters>
  private let origins: UnsafeMutableBufferPointer<Int>

  /// - Parameters:
  ///   - buffers: For each input where it lies as float32, if any call reads it so.
  /// - Throws: `outOfMemory`.
  init(
    _ calls: PictureCalls, _ model: Model, declared: [PictureInput], shapes: [PictureShape],
    tables: (columns: [UnsafeMutablePointer<Int32>], rows: [UnsafeMutablePointer<Int32>]),
    buffers: [UnsafeMutablePointer<Float>?], arena: UnsafeMutableRawPointer, threads: Int,
    limit: InstructionSet
  ) throws(SessionError) {
    table = try CallTable(model, calls.list, arena: arena, threads: threads, limit: limit)
    var plan = MemoryPlan()
    let passRoom = plan.room(for: Pass.self, count: calls.passes.count)
    let parameterRoom = plan.room(for: espalier_frame_u8_parameters.self, count: calls.passes.count)
    let originRoom = plan.room(for: Int.self, count: calls.list.origins.count)
    let levelRoom = calls.passes.map { _ in plan.room(for: UInt32.self, count: 3 * PictureLevels.count) }
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    passes = passRoom.bound(in: memory)
    parameters = parameterRoom.bound(in: memory)
    origins = originRoom.bound(in: memory)
    _ = origins.initialize(from: calls.list.origins)
    for (index, pass) in calls.passes.enumerated() {
      let input = pass.target.input
      let levels = PictureLevels(declared[input], pass.target.quantization)
      let room = levelRoom[index].bound(in: memory)
      levels.fill(UnsafeMutableRawPointer(room.baseAddress.unsafelyUnwrapped))
      passes.initializeElement(at: index, to: Pass(pass, declared[input], shapes[input], levels))
      let call = table.calls.baseAddress.unsafelyUnwrapped + pass.call
      call.pointee.call.parameters = UnsafeRawPointer(parameters.baseAddress.unsafelyUnwrapped + index)
      espalier_call_set_operand(&call.pointee.call, 3, tables.columns[input])
      espalier_call_set_operand(&call.pointee.call, 4, tables.rows[input])
      espalier_call_set_operand(&call.pointee.call, 5, room.baseAddress)
      if let buffer = buffers[input], pass.target.operand.space == .none {
        espalier_call_set_operand(&call.pointee.call, 6, buffer)
      }
    }
  }

  /// Gives every pass of an input its picture.
  func set(_ picture: Picture, at placement: PicturePlacement, input: Int) {
    for index in passes.indices where passes[index].input == input {
      parameters[index] = passes[index].parameters(for: picture, at: placement)
      let call = table.calls.baseAddress.unsafelyUnwrapped + passes[index].call
      for plane in 0..<3 {
        let address = plane < picture.format.planeCount ? picture.plane(plane) : nil
        espalier_call_set_operand(
          &call.pointee.call, UInt32(plane), UnsafeMutableRawPointer(mutating: address))
      }
    }
  }

  /// The model's index of a call.
  func origin(ofCall call: Int) -> Int { origins[call] }
}

extension PictureTable.Pass {
  init(
    _ pass: (call: Int, target: PictureTarget), _ declared: PictureInput, _ shape: PictureShape,
    _ levels: PictureLevels
  ) {
    var block = espalier_frame_u8_parameters()
    block.channels = Int32(declared.channels.rawValue)
    block.output_width = Int32(shape.width)
    block.output_height = Int32(shape.height)
    block.output_stride_c = Int32(pass.target.strides.channel)
    block.output_stride_h = Int32(pass.target.strides.row)
    block.output_stride_w = Int32(pass.target.strides.column)
    block.output_is_float = pass.target.quantization == nil ? 1 : 0
    block.fill = (levels.fill(0), levels.fill(1), levels.fill(2))
    self.init(
      call: pass.call, input: pass.target.input, isFloat: pass.target.quantization == nil, parameters: block)
  }

  func parameters(
    for picture: Picture, at placement: PicturePlacement
  ) -> espalier_frame_u8_parameters {
    var block = parameters
    block.format = Int32(picture.format.rawValue)
    block.color = Int32(picture.color.rawValue)
    block.width = Int32(picture.width)
    block.height = Int32(picture.height)
    block.stride = (Int32(picture.strides.0), Int32(picture.strides.1), Int32(picture.strides.2))
    block.left = Int32(placement.left)
    block.top = Int32(placement.top)
    block.placed_width = Int32(placement.width)
    block.placed_height = Int32(placement.height)
    return block
  }
}

/// What each value of a pixel becomes in each channel. (value − mean) / scale and the quantization behind it have 256
/// arguments, so that a table gives exactly what the two calls would, whatever the mean, scale and rounding are.
struct PictureLevels {
  static let count = 256
  let declared: PictureInput
  let quantization: PictureTarget.Quantization?

  init(_ declared: PictureInput, _ quantization: PictureTarget.Quantization?) {
    (self.declared, self.quantization) = (declared, quantization)
  }

  /// The element that a value becomes: a byte, or the bits of a float32.
  func element(_ value: Float, channel: Int) -> UInt32 {
    let element = (value - declared.mean[channel]) / declared.scale[channel]
    guard let quantization else { return element.bitPattern }
    let place = (element / quantization.scale).rounded(.toNearestOrEven) + quantization.zero
    let above = place > quantization.low ? place : quantization.low  // a NaN gives the lower end
    let clamped = above < quantization.high ? above : quantization.high
    return UInt32(clamped.rounded(.toNearestOrEven))
  }

  func fill(_ channel: Int) -> UInt32 { element(declared.fill, channel: channel) }

  /// Writes the elements of all channels, each as wide as it is.
  func fill(_ table: UnsafeMutableRawPointer) {
    for channel in 0..<declared.channels.count {
      for value in 0..<Self.count {
        let element = element(Float(value), channel: channel)
        let place = channel * Self.count + value
        if quantization == nil {
          table.storeBytes(of: element, toByteOffset: place * 4, as: UInt32.self)
        } else {
          table.storeBytes(of: UInt8(truncatingIfNeeded: element), toByteOffset: place, as: UInt8.self)
        }
      }
    }
  }
}
