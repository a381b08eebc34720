"""Other engines in 8 bits, quantized by the same frames in the way that their manuals show."""

import numpy as np

# What accuracy-int8 --peers needs beside tools/requirements.txt.
PACKAGES = ("openvino==2026.4.1", "nncf==3.4.0")


class OnnxRuntime:
    """Static quantization: QDQ, u8 activations by their least and largest values, s8 weights per channel."""

    title = "ONNX Runtime QDQ"

    def __init__(self, model, name, calibration, folder):
        import onnx
        import onnxruntime
        from onnx import version_converter
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process

        class Reader(quantization.CalibrationDataReader):
            def __init__(self):
                self._frames = iter(calibration)

            def get_next(self):
                frame = next(self._frames, None)
                return None if frame is None else {name: frame[None]}

        prepared, quantized = folder / "prepared.onnx", folder / "quantized.onnx"
        loaded = onnx.load(str(model))
        if loaded.opset_import[0].version < 13:  # weights per channel came with opset 13
            loaded = version_converter.convert_version(loaded, 13)
        recent = folder / "recent.onnx"
        onnx.save(loaded, str(recent))
        quant_pre_process(str(recent), str(prepared), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(prepared), str(quantized), Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
        self._session = onnxruntime.InferenceSession(str(quantized), providers=["CPUExecutionProvider"])
        self._input, self._outputs = name, [output.name for output in self._session.get_outputs()]

    def __call__(self, frames):
        rows = [self._session.run(None, {self._input: frame[None]}) for frame in frames]
        return {name: np.concatenate([row[i] for row in rows]) for i, name in enumerate(self._outputs)}


class OpenVINO:
    """nncf.quantize with its defaults, bias correction included, over all calibration frames."""

    title = "OpenVINO + NNCF"

    def __init__(self, model, name, calibration, folder):
        import nncf
        import openvino

        source = openvino.convert_model(str(model))
        source.reshape([1, *calibration.shape[1:]])
        quantized = nncf.quantize(
            source, nncf.Dataset(calibration, lambda frame: {name: frame[None]}), subset_size=len(calibration))
        self._outputs = [output.get_any_name() for output in source.outputs]
        self._model = openvino.Core().compile_model(quantized, "CPU")

    def __call__(self, frames):
        rows = [[array.copy() for array in self._model(frame[None]).values()] for frame in frames]
        return {name: np.concatenate([row[i] for row in rows]) for i, name in enumerate(self._outputs)}


PEERS = (OnnxRuntime, OpenVINO)


def install():
    """Into the environment that runs this, where they are missing."""
    import importlib.util
    import subprocess
    import sys

    if importlib.util.find_spec("openvino") and importlib.util.find_spec("nncf"):
        return
    print("accuracy-int8: installing OpenVINO and NNCF (about a minute)", file=sys.stderr)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)


if __name__ == "__main__":
    install()
