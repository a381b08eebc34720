public import CEspalier
internal import EspalierPlan
internal import EspalierRuntime

@c @implementation
public func espalier_model_result_kind(_ model: OpaquePointer!) -> espalier_result_kind {
  guard let model, let results = ModelHandle.from(model).model.results else { return ESPALIER_RESULT_NONE }
  switch results.kind {
  case .classes: return ESPALIER_RESULT_CLASSES
  case .boxes: return ESPALIER_RESULT_BOXES
  case .mask: return ESPALIER_RESULT_MASK
  }
}

@c @implementation
public func espalier_model_label_count(_ model: OpaquePointer!) -> Int {
  guard let model else { return 0 }
  return ModelHandle.from(model).labels.count
}

@c @implementation
public func espalier_model_label(_ model: OpaquePointer!, _ classIndex: Int) -> UnsafePointer<CChar>! {
  guard let model else { return nil }
  let labels = ModelHandle.from(model).labels
  return labels.indices.contains(classIndex) ? UnsafePointer(labels[classIndex]) : nil
}

@c @implementation
public func espalier_session_set_result_options(
  _ session: OpaquePointer!, _ options: UnsafePointer<espalier_result_options>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_set_result_options", error) { handle throws(Failure) in
    let wanted = try ResultOptions(SizedStructure.resultOptions(options))
    do throws(ResultError) { try handle.session.setResultOptions(wanted) } catch { throw Failure(error) }
  }
}

@c @implementation
public func espalier_session_boxes(
  _ session: OpaquePointer!, _ boxes: UnsafeMutablePointer<espalier_box>!, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>!, _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_boxes", error) { handle throws(Failure) in
    guard let count, boxes != nil || capacity == 0, capacity >= 0 else {
      throw Failure("espalier_session_boxes: the boxes or their count are NULL")
    }
    let found: UnsafeBufferPointer<DetectedBox>
    do throws(ResultError) { found = try handle.session.boxes() } catch { throw Failure(error) }
    count.pointee = found.count
    for index in 0..<min(capacity, found.count) {
      let box = found[index]
      boxes[index] = espalier_box(
        left: box.left, top: box.top, right: box.right, bottom: box.bottom, score: box.score,
        class_index: Int32(clamping: box.category))
    }
  }
}

@c @implementation
public func espalier_session_classes(
  _ session: OpaquePointer!, _ classes: UnsafeMutablePointer<espalier_class>!, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>!, _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_classes", error) { handle throws(Failure) in
    guard let count, classes != nil || capacity == 0, capacity >= 0 else {
      throw Failure("espalier_session_classes: the classes or their count are NULL")
    }
    let found: UnsafeBufferPointer<RankedClass>
    do throws(ResultError) { found = try handle.session.classes() } catch { throw Failure(error) }
    count.pointee = found.count
    for index in 0..<min(capacity, found.count) {
      classes[index] = espalier_class(
        score: found[index].score, class_index: Int32(clamping: found[index].category))
    }
  }
}

@c @implementation
public func espalier_session_mask(
  _ session: OpaquePointer!, _ index: Int, _ mask: UnsafeMutablePointer<UInt8>!, _ width: UInt32,
  _ height: UInt32, _ stride: Int, _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_mask", error) { handle throws(Failure) in
    guard let mask else { throw Failure("espalier_session_mask: the mask is NULL") }
    let room = MaskRoom(mask, width: Int(width), height: Int(height), stride: stride)
    do throws(ResultError) { try handle.session.fill(room, withMask: index) } catch { throw Failure(error) }
  }
}

extension ResultOptions {
  fileprivate init(_ options: espalier_result_options) throws(Failure) {
    self.init()
    if !options.score_threshold.isNaN { scoreThreshold = options.score_threshold }
    if !options.overlap_threshold.isNaN { overlapThreshold = options.overlap_threshold }
    if options.capacity > 0 { capacity = Int(options.capacity) }
    guard options.class_thresholds != nil || options.class_count == 0,
      (0...ResultOptions.capacityLimit).contains(options.class_count)
    else { throw Failure("the class thresholds are NULL, or more than \(ResultOptions.capacityLimit)") }
    classThresholds = Array(
      UnsafeBufferPointer(start: options.class_thresholds, count: options.class_count))
  }
}
