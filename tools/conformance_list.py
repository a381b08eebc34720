"""Writes the conformance list; started by tools/conformance-list."""

import collections
import pathlib
import re
import sys

import onnx
from onnx import TensorProto

GROUPS = ["node", "pytorch-converted"]
DEBIAN = pathlib.Path("/usr/share/libonnx-testdata/data")

# Operators by the tiers in which they are to pass; everything else is out of scope.
TIERS = {
    "T0": """AveragePool BatchNormalization Conv ConvTranspose Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool
        GroupNormalization InstanceNormalization LRN LayerNormalization LpNormalization LpPool MatMul MaxPool
        MeanVarianceNormalization""",
    "T1": """Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh Dropout Elu Erf Exp Floor Gelu
        HardSigmoid HardSwish Hardmax Identity IsInf IsNaN LeakyRelu Log LogSoftmax Mish Neg Not PRelu Reciprocal
        Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh
        ThresholdedRelu""",
    "T2": """Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max
        Mean Min Mod Mul Or Pow Sub Sum Where Xor""",
    "T3": """BitCast Cast CastLike CenterCropPad Compress Concat Constant ConstantOfShape CumProd CumSum
        DepthToSpace Expand EyeLike Flatten Gather GatherElements GatherND NonZero Pad Range Reshape Resize
        ReverseSequence Scatter ScatterElements ScatterND Shape Size Slice SpaceToDepth Split Squeeze
        TensorScatter Tile Transpose Trilu Unique Unsqueeze Upsample""",
    "T4": """ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
        ReduceSum ReduceSumSquare""",
    "T5": "Col2Im DeformConv GridSample MaxUnpool NonMaxSuppression OneHot RoiAlign TopK",
    "T6": """ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul
        QuantizeLinear""",
}
TIER = {operator: tier for tier, names in TIERS.items() for operator in names.split()}
# Tests whose outputs the operator's definition does not determine.
UNREPEATABLE = {
    f"node/test_training_dropout{form}": "drops what numpy's random numbers say, which ONNX does not define"
    for form in ["", "_default", "_default_mask", "_mask"]
}
PLAIN = {"FLOAT", "INT64", "INT32", "BOOL", "UINT8", "INT8"}


def type_name(value):
    """The element type of an input or output, or the kind of thing that it is instead of a tensor."""
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return kind.removesuffix("_type") if kind else "untyped"
    return TensorProto.DataType.Name(value.type.tensor_type.elem_type)


def out_of_scope(name, model):
    """Why a test need not pass; None where it must."""
    operators = [node.op_type for node in model.graph.node]
    domains = {node.domain for node in model.graph.node} - {"", "ai.onnx"}
    if domains:
        return f"operators of domain {', '.join(sorted(domains))}"
    exotic = {type_name(value) for value in [*model.graph.input, *model.graph.output]} - PLAIN
    if exotic:
        return f"element type {', '.join(sorted(exotic)).lower()}"
    strangers = sorted({operator for operator in operators if operator not in TIER})
    if strangers:
        return f"operator {', '.join(strangers)} is of no tier up to T6"
    return None


def spatial_rank_reason(model):
    """Why a converted PyTorch test is out of scope: operators on anything but pictures."""
    for node in model.graph.node:
        if node.op_type in {"Conv", "ConvTranspose", "MaxPool", "AveragePool"}:
            rank = len(model.graph.input[0].type.tensor_type.shape.dim)
            if rank == 5:
                return "three spatial axes"
    return None


def read_results(path):
    """(source, name) -> (path or 'fails', message)."""
    results = {}
    for line in path.read_text().splitlines():
        source, name, verdict, message = (line.split("\t") + [""])[:4]
        results[pathlib.Path(source), name] = (verdict, message)
    return results


def short(message):
    """One reason of a failure that may list many."""
    missing = sorted(set(re.findall(r"operator (\S+) \(opset \d+\) is not supported", message)))
    if missing:
        return f"not supported: {', '.join(missing)}"
    return message.split("; ")[0] or "fails"


def group_of(name, model):
    """Where a test counts: its tier, or the converted tests of pictures."""
    if name.startswith("pytorch-converted/"):
        return "pytorch-converted, " + (spatial_rank_reason(model) or "at most two spatial axes")
    form = "expanded" if "_expanded" in name else "direct"
    tier = TIER.get(model.graph.node[0].op_type, "other tiers")
    return f"{tier} {form}, {'plain types' if out_of_scope(name, model) is None else 'other types'}"


def judge(name, model, result):
    """The verdict of a test, and whether it ought to pass but does not."""
    verdict, message = result
    if verdict != "fails":
        return verdict, False
    reason = UNREPEATABLE.get(name) or out_of_scope(name, model) or spatial_rank_reason(model)
    return f"skip {reason or short(message)}", reason is None


def main():
    root = pathlib.Path(sys.argv[1])
    results = read_results(pathlib.Path(sys.argv[2]))
    verdicts, counts = {}, collections.Counter()
    for source in [DEBIAN, root / ".cache" / "onnx-tests" / "data"]:
        for path in sorted(path for group in GROUPS for path in source.glob(f"{group}/*/model.onnx")):
            name = f"{path.parent.parent.name}/{path.parent.name}"
            model = onnx.load(path)
            verdict, fails = judge(name, model, results.get((source, name), ("fails", "was not run")))
            if fails:
                print(f"not passing: {source}: {name}: {verdict}", file=sys.stderr)
            counts[source, group_of(name, model), verdict.split()[0]] += 1
            # Of two sources the weaker counts.
            verdicts[name] = max(verdict, verdicts.get(name, ""), key=weakness)
    lines = sorted(verdicts.items(), key=lambda item: (GROUPS.index(item[0].split("/")[0]), item[0]))
    target = root / "conformance" / "node.txt"
    target.parent.mkdir(exist_ok=True)
    target.write_text("".join(f"{name} {verdict}\n" for name, verdict in lines))
    for source in sorted({source for source, _, _ in counts}):
        print(source)
        for group in sorted({group for origin, group, _ in counts if origin == source}):
            ways = {way: counts[source, group, way] for way in ("runtime", "reference", "skip")}
            print(f"  {group:52}", *(f"{count:5} {way}" for way, count in ways.items()))


def weakness(verdict):
    """Orders verdicts, the weakest highest."""
    return {"": 0, "runtime": 1, "reference": 2, "skip": 3}[verdict.split(" ")[0]]


main()
