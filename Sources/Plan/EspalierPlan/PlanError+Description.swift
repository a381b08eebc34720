extension PlanError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notAPack:
      "the file does not begin as a packed file does; 'espalier compile' makes one from an ONNX model"
    case .unsupportedVersion(let major, let minor):
      """
      the packed file has version \(major).\(minor), this runtime reads \(PackFormat.majorVersion).x; \
      compile the model again, or update the runtime
      """
    case .unsupportedPackingClass(let found):
      """
      the weights are packed for class \(found), this runtime has kernels for class \
      \(PackFormat.packingClass); compile the model again
      """
    case .truncated(let part, let expected, let found):
      "\(part.name): needs \(expected) bytes, found \(found); the file was cut or damaged"
    case .checksum(let part, let expected, let found):
      "\(part.name): checksum is \(expected), found \(found); the file was damaged"
    case .missingSection(let identifier):
      "section \(identifier.name) is missing; the file is not complete"
    case .duplicateSection(let identifier):
      "section \(identifier.name) occurs more than once"
    case .unknownRequiredSection(let identifier):
      "section \(identifier.name) is required and unknown here; update the runtime"
    case .limitExceeded(let quantity, let limit, let found):
      "\(quantity.name): at most \(limit) allowed, found \(found)"
    case .invalid(let field, let index, let found):
      "\(field.name) \(index): \(found) is not a valid value"
    case .callRefused(let index, let name, let reason):
      "call \(index) '\(name)': \(reason.description)"
    }
  }
}

extension PlanError.Part {
  var name: String {
    switch self {
    case .header: "header"
    case .sectionTable: "section table"
    case .section(let identifier): "section \(identifier.name)"
    }
  }
}

extension PlanError.Quantity {
  var name: String {
    switch self {
    case .sections: "number of sections"
    case .calls: "number of calls"
    case .operands: "operands of a call"
    case .parameterWords: "parameter words of a call"
    case .nameBytes: "bytes of a name"
    case .ports: "number of inputs and outputs"
    case .portBytes: "bytes of an input or output"
    case .watches: "number of watched tensors"
    case .levels: "number of levels"
    case .priors: "number of prior boxes"
    case .labels: "number of labels"
    case .results: "results of a frame"
    case .goldenElements: "kept elements of an output"
    case .provenanceEntries: "number of provenance entries"
    case .provenanceBytes: "bytes of a provenance value"
    case .arenaBytes: "bytes of the arena"
    case .scratchBytes: "bytes of scratch memory"
    case .multiplyAdds: "multiply-adds of a frame"
    case .streams: "number of coded streams"
    case .decodedBytes: "bytes of a decoded section"
    }
  }
}

extension PlanError.Field {
  var name: String {
    switch self {
    case .headerByteCount: "size of the header"
    case .fileByteCount: "size of the file"
    case .reserved: "reserved field of entry"
    case .sectionFlags: "flags of section"
    case .sectionOffset: "offset of section"
    case .padding: "padding before section"
    case .callFlags: "flags of call"
    case .operandSpace: "space of operand"
    case .operandIndex: "index of operand"
    case .name: "text of entry"
    case .elementType: "element type of port"
    case .pixelFormat: "pixel format of port"
    case .layout: "layout of port"
    case .rank: "rank of port"
    case .extent: "extent of port"
    case .quantization: "quantization of port"
    case .normalization: "mean or scale of port"
    case .certificate: "certificate field"
    case .levelCalls: "calls of level"
    case .levelMultiplyAdds: "multiply-adds of level"
    case .pictureInput: "input of picture"
    case .pictureChannels: "channels of picture"
    case .pictureFit: "fit of picture"
    case .pictureNumbers: "mean, scale, fill or crop share of picture"
    case .watchedCall: "call of watched tensor"
    case .watchFamily: "kernel family of watched tensor"
    case .watchFlags: "flags of watched tensor"
    case .watchBlock: "statistics' place of watched tensor"
    case .watchScale: "scale of watched tensor"
    case .watchDigest: "calibration digest of watched tensor"
    case .levelPorts: "inputs and outputs of level"
    case .resultForm: "form of results"
    case .resultFlags: "flags of results"
    case .resultOutputs: "outputs of results"
    case .resultThreshold: "threshold of results"
    case .resultCapacity: "capacity of results"
    case .classOffset: "class offset of results"
    case .prior: "prior box"
    case .goldenCounts: "count of golden vectors"
    case .goldenRange: "range of golden input"
    case .goldenFlags: "flags of golden output"
    case .goldenTolerance: "tolerance or magnitude of golden output"
    case .weightsByteCount: "size of the weights"
    case .streamContexts: "models of stream"
    case .byteModel: "frequencies of stream"
    case .codedBytes: "bytes of stream"
    case .codedPiece: "piece of coded section"
    case .decodedByteCount: "size of the decoded section"
    }
  }
}

extension CallFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownFamily(let number):
      "this build has no kernel family \(number); update the runtime"
    case .operandCount(let expected, let found):
      "the kernel has \(expected) operands, the call \(found)"
    case .parameterByteCount(let expected, let found):
      "the kernel has \(expected) bytes of parameters, the call \(found)"
    case .noSuchPort(let operand, let space, let index):
      "operand \(operand) names \(space.name) \(index), which does not exist"
    case .misaligned(let operand, let offset, let alignment):
      "operand \(operand) begins at byte \(offset), which is no multiple of \(alignment)"
    case .outside(let operand, let space, let offset, let byteCount):
      "operand \(operand) begins at byte \(offset) of \(byteCount) in \(space.name)"
    case .beyondEnd(let operand, let space, let extent, let byteCount):
      "operand \(operand) needs \(extent) bytes where \(space.name) has \(byteCount) left"
    case .writesReadOnly(let operand, let space):
      "operand \(operand) is written, but \(space.name) is read-only"
    case .parameters(let family):
      "the parameters of \(family) contradict one another or the operands"
    }
  }
}

extension Plan.Space {
  var name: String {
    switch self {
    case .none: "no space"
    case .arena: "the arena"
    case .weights: "the weights"
    case .input: "input"
    case .output: "output"
    }
  }
}
