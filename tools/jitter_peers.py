"""One process of tools/jitter: another engine's frames, paced and timed as `espalier bench` does it."""

import ctypes
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

# What it needs beside tools/requirements.txt.
PACKAGES = ("openvino==2026.4.1",)


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def sleep_until(nanoseconds, libc=ctypes.CDLL(None, use_errno=True)):
    """Absolute time on the monotonic clock."""
    when = Timespec(nanoseconds // 10**9, nanoseconds % 10**9)
    while libc.clock_nanosleep(time.CLOCK_MONOTONIC, 1, ctypes.byref(when), None) != 0:
        pass


def onnx_runtime(model, frame, threads):
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    value = onnxruntime.OrtValue.ortvalue_from_numpy(frame)
    binding.bind_ortvalue_input(session.get_inputs()[0].name, value)
    first = session.run(None, {session.get_inputs()[0].name: frame})
    outputs = [onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros_like(output)) for output in first]
    for port, output in zip(session.get_outputs(), outputs):
        binding.bind_ortvalue_output(port.name, output)
    return lambda: session.run_with_iobinding(binding), (value, outputs)


def openvino(model, frame, threads):
    import openvino as ov

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    source = ov.Core().read_model(model)
    source.reshape(list(frame.shape))
    compiled = ov.Core().compile_model(source, "CPU", settings | {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    tensor = ov.Tensor(frame, shared_memory=True)
    request.set_input_tensor(0, tensor)
    return request.infer, tensor


def arithmetic(nanoseconds, frame, threads):
    """Frames of so many nanoseconds that touch no memory (arithmetic.c)."""
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "arithmetic.so")
        source = pathlib.Path(__file__).with_name("arithmetic.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", str(source), "-o", library, "-lpthread"], check=True)
        functions = ctypes.CDLL(library)
    if functions.arithmetic_begin(threads):
        sys.exit("jitter: the system gives no thread")
    clock, trial, least = time.monotonic_ns, 200_000, None
    for _ in range(50):
        begin = clock()
        functions.arithmetic_frame(1, ctypes.c_uint64(trial))
        least = min(least or 10**12, clock() - begin)
    steps = ctypes.c_uint64(int(trial * float(nanoseconds) / least))
    return lambda: functions.arithmetic_frame(threads, steps), functions


ENGINES = {"onnxruntime": onnx_runtime, "openvino": openvino, "arithmetic": arithmetic}


def measure(run, count, hz, warmup=20):
    """Nanoseconds of each frame, and of its outputs' age; frames that a camera dropped."""
    for _ in range(warmup):
        run()
    clock, latencies, ages, dropped, index = time.monotonic_ns, [], [], 0, 0
    start = clock() + 1_000_000
    for _ in range(count):
        due = clock()
        if hz:
            newest = int((due - start) * hz / 1e9) if due > start else 0
            dropped += max(0, newest - index)
            index = max(index, newest)
            due = start + round(index * 1e9 / hz)
            sleep_until(due)
            index += 1
        begin = clock()
        run()
        end = clock()
        latencies.append(end - begin)
        ages.append(end - (due if hz else begin))
    return {"latency_ns": latencies, "age_ns": ages, "dropped": dropped}


def main():
    if sys.argv[1:] == ["--install"]:
        if not importlib.util.find_spec("openvino"):
            print("jitter: installing OpenVINO", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        return
    import numpy as np

    engine, model, path, threads, count, hz = sys.argv[1:7]
    ctypes.CDLL(None).prctl(29, 1, 0, 0, 0)  # PR_SET_TIMERSLACK: wake on time, as espalier does
    frame = np.load(path)
    run, keep = ENGINES[engine](model, frame, int(threads))
    print(json.dumps(measure(run, int(count), float(hz))))
    sys.stdout.flush()
    del keep
    os._exit(0)  # engines' threads need no farewell


if __name__ == "__main__":
    main()
