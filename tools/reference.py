"""ONNX Runtime in float32 as the scripts in tools/ use it: one thread, batch 1."""

import numpy as np
import onnx
import onnxruntime


def without_last_sigmoid(path):
    """The bytes of a model whose only output is a Sigmoid's, cut before that Sigmoid; the output keeps its name."""
    model = onnx.load(str(path))
    (output,) = model.graph.output
    (sigmoid,) = [node for node in model.graph.node if output.name in node.output]
    assert sigmoid.op_type == "Sigmoid", f"{path}: the output is made by {sigmoid.op_type}"
    sigmoid.op_type = "Identity"
    return model.SerializeToString()


class Reference:
    """A model of which `exact_sigmoid` says that the last Sigmoid is computed in float64 by its definition.

    ONNX Runtime's own moves in steps of 3e-8, far too coarse where all outputs are small.
    """

    def __init__(self, path, exact_sigmoid=False):
        self._exact_sigmoid = exact_sigmoid
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            without_last_sigmoid(path) if exact_sigmoid else str(path), options, providers=["CPUExecutionProvider"])
        self.input = self._session.get_inputs()[0].name
        self.outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, frames):
        """Output name to the outputs of all frames, one after another along the first axis, float32."""
        results = [self._session.run(self.outputs, {self.input: frames[i : i + 1]}) for i in range(len(frames))]
        stacked = {name: np.concatenate([result[i] for result in results]) for i, name in enumerate(self.outputs)}
        if self._exact_sigmoid:
            stacked = {name: 1 / (1 + np.exp(-logits.astype(np.float64))) for name, logits in stacked.items()}
        return {name: values.astype(np.float32) for name, values in stacked.items()}
