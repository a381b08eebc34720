internal import CEspalierKernels

extension KernelFamily {
  /// The family's name in kernels.def.
  public var name: String {
    guard let family = espalier_family_numbered(number) else { return "" }
    return unsafe String(cString: family.pointee.name)
  }
}
