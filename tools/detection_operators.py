"""Compares and times the operators behind detectors: see tools/detection-operators."""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).parents[1]
ROUNDS = 60
RANDOM = np.random.default_rng(1)


def normal(*shape):
    """Normally distributed float32."""
    return RANDOM.standard_normal(shape).astype(np.float32)


def uniform(low, high, *shape):
    """Evenly distributed float32."""
    return RANDOM.uniform(low, high, shape).astype(np.float32)


def corners(low, high, count):
    """Boxes from x1, y1 to x2, y2."""
    start = uniform(0, high, count, 2)
    return np.concatenate([start, start + uniform(low, high / 3, count, 2)], axis=1)


def cases():
    """Title, operator, frame inputs, constants behind them (None: left out), attributes, output types."""
    number = TensorProto.INT64
    real = TensorProto.FLOAT
    image = normal(1, 64, 96, 96)
    yield ("TopK: 300 of 800,000", "TopK", [normal(1, 800_000)], [np.array([300])], {}, [real, number])
    for mode in ["linear", "cubic", "nearest"]:
        grid = uniform(-1.2, 1.2, 1, 96, 96, 2)
        attributes = {"mode": mode, "padding_mode": "reflection"}
        yield (f"GridSample: {mode}, 64x96x96", "GridSample", [image, grid], [], attributes, [real])
    boxes, scores = corners(5, 600, 8400)[None], uniform(0, 1, 1, 80, 8400) ** 6
    limits = [np.array([100]), np.float32([0.5]), np.float32([0.25])]
    yield ("NonMaxSuppression: 8400 boxes, 80 classes", "NonMaxSuppression", [boxes, scores], limits, {}, [number])
    attributes = {"output_height": 7, "output_width": 7, "sampling_ratio": 2, "spatial_scale": 0.125}
    regions = [np.zeros(200, np.int64)]
    yield ("RoiAlign: 200 of 7x7, 64x96x96", "RoiAlign", [image, corners(10, 700, 200)], regions, attributes, [real])
    weights, offsets = normal(64, 64, 3, 3) * np.float32(0.05), normal(1, 18, 48, 48)
    attributes = {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    yield ("DeformConv: 3x3, 64x48x48", "DeformConv", [normal(1, 64, 48, 48), weights, offsets], [], attributes, [real])
    attributes = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
    folds = [np.array([48, 48]), np.array([4, 4])]
    yield ("Col2Im: 4x4 to 64x48x48", "Col2Im", [normal(1, 1024, 576)], folds, attributes, [real])


def model(path, operator, frames, constants, attributes, types):
    """Writes a model of one node; weights of a DeformConv are constants."""
    known = {f"c{i}": tensor for i, tensor in enumerate(constants)}
    names = [f"x{i}" for i in range(len(frames))]
    if operator == "DeformConv":
        known["x1"] = frames[1]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.shape)
        for name, tensor in zip(names, frames, strict=True)
        if name not in known
    ]
    outputs = [helper.make_tensor_value_info(f"y{i}", type_, None) for i, type_ in enumerate(types)]
    read = names + [f"c{i}" for i in range(len(constants))]
    node = helper.make_node(operator, read, [output.name for output in outputs])
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    tensors = [numpy_helper.from_array(tensor, name) for name, tensor in known.items()]
    graph = helper.make_graph([node], operator, inputs, outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
    return {name: tensor for name, tensor in zip(names, frames, strict=True) if name not in known}


def differs(found, expected):
    """Whether outputs are not the same; rows of -1 behind what was found are allowed."""
    if found.size > expected.size:
        found = found.reshape(-1, expected.shape[-1])
        if not (found[len(expected) :] == -1).all():
            return True
        found = found[: len(expected)]
    return np.abs(found - expected).max(initial=0) > 1e-5 * max(1, np.abs(expected).max(initial=0))


def median(body):
    """Milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main():
    """Runs all cases."""
    tool, os.environ["ESPALIER_LIBRARY"] = sys.argv[1:3]
    sys.path.insert(0, str(ROOT / "python"))
    import espalier

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for title, *case in cases():
            path, pack = f"{folder}/model.onnx", f"{folder}/model.espalier"
            frame = model(path, *case)
            subprocess.run([tool, "compile", path, "-o", pack], check=True, stdout=subprocess.DEVNULL)
            peer = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            session = espalier.Session(pack, threads=1)
            given = frame if len(frame) > 1 else next(iter(frame.values()))
            found, expected = session.run(given), peer.run(None, frame)
            wrong = any(differs(found[f"y{i}"], tensor) for i, tensor in enumerate(expected))
            failed |= wrong
            times = median(lambda: session.run(given)), median(lambda: peer.run(None, frame))
            print(f"{title:42} {times[0]:7.2f} ms, ONNX Runtime {times[1]:7.2f} ms{', DIFFERS' if wrong else ''}")
    sys.exit(failed)


main()
