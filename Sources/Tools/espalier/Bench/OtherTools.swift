internal import ArgumentParser

/// Options of trtexec, benchmark_app and benchmark_model that mean nothing here, or one thing alone.
struct OtherTools: ParsableArguments {
  @Option(
    name: [
      .customLong("loadEngine"), .customShort("m"), .customLong("path_to_model"), .customLong("graph"),
    ], help: .hidden)
  var pack: String?

  @Option(name: [.customShort("d"), .customLong("target_device")], help: .hidden)
  var device: String?

  @Option(
    name: [
      .customLong("nstreams", withSingleDash: true), .customLong("number_streams"), .customLong("streams"),
      .customLong("infStreams"),
    ], help: .hidden)
  var streams: Int?

  @Option(
    name: [.customLong("nireq", withSingleDash: true), .customLong("number_infer_requests")], help: .hidden)
  var requests: Int?

  @Option(name: [.customLong("hint", withSingleDash: true), .customLong("perf_hint")], help: .hidden)
  var hint: String?

  @Option(name: [.customLong("api", withSingleDash: true), .customLong("api_type")], help: .hidden)
  var interface: String?

  func validate() throws {
    if let streams, streams != 1 {
      throw ValidationError(
        "-nstreams \(streams): a session is one stream; --threads shares the cores among a frame's work")
    }
    if let requests, requests != 1 {
      throw ValidationError("-nireq \(requests): one frame is in flight; --camera HZ queue lets others wait")
    }
    if let hint, !["latency", "none"].contains(hint) {
      throw ValidationError("-hint \(hint): frames are computed one by one for latency; --threads is ours")
    }
    if let interface, interface != "sync" {
      throw ValidationError(
        "-api \(interface): a frame returns when it is done; --camera HZ queue lets others wait")
    }
    if let device, device != "CPU" { throw ValidationError("-d \(device): kernels are for the CPU alone") }
  }

  /// A sentence for the first argument that is another benchmark's and has no meaning here; nil: there is none.
  static func refusal(of arguments: [String]) -> String? {
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts[0].hasPrefix("-"), let reason = reasons[String(parts[0].drop { $0 == "-" })] else {
        continue
      }
      if parts.count == 2, ["false", "0"].contains(parts[1]) { continue }
      return "\(parts[0]): \(reason)"
    }
    return nil
  }

  private static let reasons: [String: String] = {
    let rows: [([String], String)] = [
      (
        [
          "useCudaGraph", "noDataTransfers", "useManagedMemory", "exposeDMA", "threads-per-stream", "device",
          "useDLACore", "allowGPUFallback", "use_gpu", "use_nnapi", "use_hexagon", "use_coreml",
          "gpu_precision_loss_allowed",
        ],
        "there is no device but the CPU; --threads, --cores and --spin say how it is used"
      ),
      (["sleepTime"], "a frame starts at once, nothing is launched ahead; --idle-gap sleeps between frames"),
      (
        [
          "onnx", "fp16", "int8", "best", "fp8", "bf16", "noTF32", "saveEngine", "minShapes", "optShapes",
          "maxShapes",
          "workspace", "memPoolSize", "calib", "timingCacheFile", "infer_precision", "ip", "op", "iop",
        ],
        "what a pack computes was settled by 'espalier compile' (--precision, --shape, --calibrate, --costs)"
      ),
      (
        ["shapes", "batch", "b", "batch_size", "shape", "data_shape", "input_layer_shape"],
        "a pack's shapes are settled by 'espalier compile --shape'; --input gives as many frames as there are"
      ),
      (
        ["use_xnnpack", "use_caching"],
        "the kernels are chosen when the pack is loaded; ESPALIER_ISA caps them"
      ),
      (["loadInputs", "input_layer_value_files"], "frames come by --input [NAME=]FILE"),
      (["exportOutput", "dumpOutput"], "'espalier run --output' writes what a pack says"),
      (
        ["dumpLayerInfo", "exportLayerInfo", "exec_graph_path"],
        "'espalier inspect --nodes --json' lists the calls"
      ),
      (
        ["threads_per_stream", "safe", "plugins", "staticPlugins", "dynamicPlugins", "extensions"],
        "there are no plug-ins; 'espalier operators' lists what is supported"
      ),
    ]
    return Dictionary(
      rows.flatMap { names, reason in names.map { ($0, reason) } }, uniquingKeysWith: { first, _ in first })
  }()
}
