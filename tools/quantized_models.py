"""Quantized forms of models/gtsrb_resnet14.onnx, made by ONNX Runtime's quantizer from models/pictures.

    tools/python tools/quantized_models.py

writes models/gtsrb_resnet14_FORM.onnx and, with what ONNX Runtime computes from each, its .golden.npz:
`logits` `[13, 43]` for the pictures in the order of their names, and `step`, the scale of the quantized logits.
"""

import pathlib
import tempfile

import cv2
import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import preprocessing
from reference import Reference

MODELS = preprocessing.ROOT / "models"
# Name, format and the type of activations; weights are int8, one scale per output channel.
FORMS = [("qdq", QuantFormat.QDQ, QuantType.QInt8), ("qoperator", QuantFormat.QOperator, QuantType.QUInt8)]


class Pictures(CalibrationDataReader):
    def __init__(self, frames):
        self.frames = iter([{"input": frame[None]} for frame in frames])

    def get_next(self):
        return next(self.frames, None)


def frames():
    paths = sorted((MODELS / "pictures").glob("*.png"))
    pictures = [cv2.resize(cv2.imread(str(path)), (32, 32), interpolation=cv2.INTER_LINEAR) for path in paths]
    return np.concatenate([preprocessing.signs(picture[..., ::-1]) for picture in pictures])


def output_step(path):
    """The scale of the DequantizeLinear that makes the model's output."""
    graph = onnx.load(path).graph
    (last,) = [node for node in graph.node if graph.output[0].name in node.output]
    scales = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return np.float32(scales[last.input[1]]).reshape(1)


def main():
    inputs = frames()
    with tempfile.TemporaryDirectory() as folder:
        prepared = pathlib.Path(folder) / "prepared.onnx"
        quant_pre_process(str(MODELS / "gtsrb_resnet14.onnx"), str(prepared), skip_symbolic_shape=True)
        for name, form, activations in FORMS:
            target = MODELS / f"gtsrb_resnet14_{name}.onnx"
            quantize_static(
                str(prepared),
                str(target),
                Pictures(inputs),
                quant_format=form,
                activation_type=activations,
                weight_type=QuantType.QInt8,
                per_channel=True,
            )
            outputs = Reference(target)(inputs)
            np.savez(target.with_suffix(".golden.npz"), step=output_step(target), **outputs)
            print(f"quantized_models: {target.relative_to(preprocessing.ROOT)}: {target.stat().st_size} bytes")


main()
