"""ONNX Runtime in float32 as the scripts in tools/ use it: one thread, batch 1."""

import numpy as np
import onnxruntime


class Reference:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self._session.get_inputs()[0].name
        self.outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, frames):
        """Output name to the outputs of all frames, one after another along the first axis, float32."""
        results = [self._session.run(self.outputs, {self.input: frames[i : i + 1]}) for i in range(len(frames))]
        return {
            name: np.concatenate([result[i] for result in results]).astype(np.float32)
            for i, name in enumerate(self.outputs)
        }
