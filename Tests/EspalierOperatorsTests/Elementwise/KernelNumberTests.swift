import CEspalierKernels
import EspalierKernels
import EspalierOperators
import Testing

@Suite("Numbers of functions in the kernels' tables") struct KernelNumberTests {
  @Test func `are as many as the header has`() {
    #expect(ElementFunction.Kind.allCases.count == Int(espalier_function_count.rawValue))
  }

  @Test(arguments: [
    (ElementFunction.Kind.identity, espalier_function_identity), (.relu, espalier_function_relu),
    (.clip, espalier_function_clip), (.leakyRelu, espalier_function_leaky_relu),
    (.hardSigmoid, espalier_function_hard_sigmoid), (.hardSwish, espalier_function_hard_swish),
    (.sigmoid, espalier_function_sigmoid), (.silu, espalier_function_silu),
    (.tanh, espalier_function_tanh), (.exp, espalier_function_exp), (.log, espalier_function_log),
    (.sqrt, espalier_function_sqrt), (.reciprocal, espalier_function_reciprocal),
    (.abs, espalier_function_abs), (.neg, espalier_function_neg), (.floor, espalier_function_floor),
    (.ceil, espalier_function_ceil), (.round, espalier_function_round),
    (.sign, espalier_function_sign), (.elu, espalier_function_elu), (.selu, espalier_function_selu),
    (.celu, espalier_function_celu), (.softplus, espalier_function_softplus),
    (.softsign, espalier_function_softsign),
    (.thresholdedRelu, espalier_function_thresholded_relu), (.erf, espalier_function_erf),
    (.geluErf, espalier_function_gelu_erf), (.geluTanh, espalier_function_gelu_tanh),
    (.mish, espalier_function_mish), (.sin, espalier_function_sin), (.cos, espalier_function_cos),
    (.tan, espalier_function_tan), (.asin, espalier_function_asin), (.acos, espalier_function_acos),
    (.atan, espalier_function_atan), (.sinh, espalier_function_sinh),
    (.cosh, espalier_function_cosh), (.asinh, espalier_function_asinh),
    (.acosh, espalier_function_acosh), (.atanh, espalier_function_atanh),
    (.not, espalier_function_not), (.isNaN, espalier_function_is_nan),
    (.isInf, espalier_function_is_inf), (.shrink, espalier_function_shrink),
    (.truncate, espalier_function_truncate), (.affine, espalier_function_affine),
    (.bool, espalier_function_bool),
  ])
  func `are the header's`(kind: ElementFunction.Kind, number: espalier_function) {
    #expect(ElementFunction(kind).kernelCode == Int32(number.rawValue))
  }
}
