"""Golden outputs by ONNX Runtime; started by tools/golden.

A file holds `input:NAME` and `output:NAME` for every input and output of the model; the frames lie along the first
axis, each run by itself (batch 1) on one thread.
"""

import pathlib
import sys

import cv2
import numpy as np
import onnxruntime

import preprocessing

ROOT = preprocessing.ROOT
CACHE = ROOT / ".build-golden"
FRAME_COUNT = 3
# Pictures of a labelled set of which the tests compare the class.
TOP1_COUNT = 300


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def outputs(model, frames):
    """Output name to the outputs of all frames, one after another along the first axis."""
    name = model.get_inputs()[0].name
    names = [output.name for output in model.get_outputs()]
    results = [model.run(names, {name: frames[i : i + 1]}) for i in range(len(frames))]
    return {name: np.concatenate([result[i] for result in results]) for i, name in enumerate(names)}


def write(path, arrays):
    """Whole or not at all."""
    fresh = path.with_suffix(".new.npz")
    np.savez(fresh, **arrays)
    fresh.rename(path)


def asset(path):
    target = CACHE / f"{path.stem}.npz"
    sources = [path, pathlib.Path(__file__), pathlib.Path(preprocessing.__file__)]
    if target.exists() and all(target.stat().st_mtime > source.stat().st_mtime for source in sources):
        return
    model = session(path)
    frames = preprocessing.frames(path.stem, FRAME_COUNT)
    arrays = {f"input:{model.get_inputs()[0].name}": frames}
    arrays |= {f"output:{name}": values.astype(np.float32) for name, values in outputs(model, frames).items()}
    if preprocessing.FRAMES[path.stem][0].endswith(".bin"):
        many = outputs(model, preprocessing.frames(path.stem, TOP1_COUNT))
        arrays["top1"] = next(iter(many.values())).argmax(1)
    write(target, arrays)
    print(f"golden: {target.relative_to(ROOT)}: {len(frames)} frames", flush=True)


def own():
    """models/NAME.golden.npz: the outputs alone; the tests make the frames from the pictures themselves."""
    paths = sorted((ROOT / "models/pictures").glob("*.png"))
    pictures = [cv2.resize(cv2.imread(str(path)), (32, 32), interpolation=cv2.INTER_LINEAR) for path in paths]
    frames = np.concatenate([preprocessing.signs(picture[..., ::-1]) for picture in pictures])
    target = ROOT / "models/gtsrb_resnet14.golden.npz"
    write(target, outputs(session(ROOT / "models/gtsrb_resnet14.onnx"), frames))
    print(f"golden: {target.relative_to(ROOT)}: {len(frames)} pictures")


def main():
    if sys.argv[1:] == ["--own"]:
        return own()
    if not preprocessing.MODELS.is_dir():
        sys.exit(f"golden: no models in {preprocessing.MODELS}; ESPALIER_ASSETS names another folder")
    CACHE.mkdir(exist_ok=True)
    paths = sorted(preprocessing.MODELS.glob("*.onnx"))
    for path in paths:
        if path.stem in preprocessing.FRAMES:
            asset(path)
        else:
            print(f"golden: {path.name}: preprocessing.py does not know its pictures", flush=True)
    print(f"golden: outputs of {len(list(CACHE.glob('*.npz')))} models lie in .build-golden")


main()
