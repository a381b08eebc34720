"""Writes the conformance list; started by tools/conformance-list."""

import collections
import pathlib
import re
import sys

import onnx
from onnx import TensorProto

GROUPS = ["node", "pytorch-converted"]
DEBIAN = pathlib.Path("/usr/share/libonnx-testdata/data")

# Operators by the tiers in which they are to pass; everything else is out of scope for now.
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
}
TIER = {operator: tier for tier, names in TIERS.items() for operator in names.split()}
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
        return f"operator {', '.join(strangers)} is of no tier up to T4"
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
    """Name -> (path or 'fails', message), the weaker of two sources."""
    strength = {"runtime": 2, "reference": 1, "fails": 0}
    results = {}
    for line in path.read_text().splitlines():
        name, verdict, message = (line.split("\t") + [""])[:3]
        if name not in results or strength[verdict] < strength[results[name][0]]:
            results[name] = (verdict, message)
    return results


def short(message):
    """One reason of a failure that may list many."""
    missing = sorted(set(re.findall(r"operator (\S+) \(opset \d+\) is not supported", message)))
    if missing:
        return f"not supported: {', '.join(missing)}"
    return message.split("; ")[0] or "fails"


def main():
    root = pathlib.Path(sys.argv[1])
    results = read_results(pathlib.Path(sys.argv[2])) if len(sys.argv) > 2 else {}
    tests = {}
    for source in [DEBIAN, root / ".build-onnx" / "data"]:
        for group in GROUPS:
            for model in sorted(source.glob(f"{group}/*/model.onnx")):
                tests[f"{group}/{model.parent.name}"] = model
    lines, counts = [], collections.Counter()
    for name in sorted(tests, key=lambda name: (GROUPS.index(name.split("/")[0]), name)):
        model = onnx.load(tests[name])
        verdict, message = results.get(name, ("fails", "was not run"))
        if verdict == "fails":
            reason = out_of_scope(name, model) or spatial_rank_reason(model)
            verdict = f"skip {reason or short(message)}"
            counts["in scope, but not passing" if reason is None else "out of scope"] += 1
            if reason is None:
                print(f"not passing: {name}: {short(message)}", file=sys.stderr)
        else:
            tier = TIER.get(model.graph.node[0].op_type, "other") if name.startswith("node/") else "converted"
            form = "expanded" if "_expanded" in name else "direct"
            scope = "plain" if out_of_scope(name, model) is None else "other"
            counts[f"{tier} {form} {scope} {verdict}"] += 1
        lines.append(f"{name} {verdict}")
    target = root / "conformance" / "node.txt"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n")
    for key, count in sorted(counts.items()):
        print(f"{count:5} {key}")


main()
