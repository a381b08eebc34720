"""Golden outputs by ONNX Runtime; started by tools/golden.

A file holds `input:NAME` and `output:NAME` for every input and output of the model; the frames lie along the first
axis, each run by itself (batch 1) on one thread. Files of classifiers also hold `top1`: the class of many pictures.
MANIFEST.json says of each file from which model, pictures, scripts and package versions it was made; a file of which
nothing has changed stays as it is.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import platform
import sys
import time

import cv2
import numpy as np

import preprocessing
from reference import Reference

ROOT = preprocessing.ROOT
CACHE = ROOT / ".build-golden"
MANIFEST = CACHE / "MANIFEST.json"
FRAME_COUNT = 3
# Pictures of a labelled set of which the tests compare the class.
TOP1_COUNT = 300
PACKAGES = ("onnxruntime", "numpy", "opencv-python-headless", "pillow")


def checksum(*paths):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(pathlib.Path(path).read_bytes())
    return digest.hexdigest()


def versions():
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # another distribution of the same module
            found[package] = "unknown"
    return found


def write(path, arrays):
    """Whole or not at all."""
    fresh = path.with_suffix(".new.npz")
    np.savez(fresh, **arrays)
    fresh.rename(path)


def sources(case, pictures):
    """All that a golden file is made from."""
    scripts = [ROOT / "tools" / name for name in ("golden.py", "preprocessing.py", "reference.py")]
    return {
        "model": preprocessing.model(case).name,
        "model_sha256": checksum(preprocessing.model(case)),
        "pictures": pictures.names[:FRAME_COUNT],
        "scripts_sha256": checksum(*scripts),
        "packages": versions(),
    }


def arrays(case, pictures):
    model = Reference(preprocessing.model(case), case in preprocessing.EXACT_SIGMOID)
    frames = pictures.frames(0, FRAME_COUNT)
    result = {f"input:{model.input}": frames}
    result |= {f"output:{name}": values for name, values in model(frames).items()}
    if preprocessing.FRAMES[case][0] in ("gtsrb/test_32x32.bin", "cifar10/test.bin"):
        (classes,) = model(pictures.frames(0, TOP1_COUNT)).values()
        result["top1"] = classes.argmax(1)
    return result


def assets():
    if not preprocessing.MODELS.is_dir():
        sys.exit(f"golden: no models in {preprocessing.MODELS}; ESPALIER_ASSETS names another folder")
    known = {preprocessing.model(case) for case in preprocessing.FRAMES}
    unknown = sorted(path.name for path in preprocessing.MODELS.glob("*.onnx") if path not in known)
    if unknown:
        sys.exit(f"golden: tools/preprocessing.py does not know the pictures of {', '.join(unknown)}")
    cases = [case for case in preprocessing.FRAMES if preprocessing.model(case).exists()]
    CACHE.mkdir(exist_ok=True)
    manifest = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    for number, case in enumerate(cases, 1):
        target = CACHE / f"{case}.npz"
        pictures = preprocessing.Pictures(case)
        entry = sources(case, pictures)
        present = {key: value for key, value in manifest.get(case, {}).items() if key in entry}
        if target.exists() and present == entry and manifest[case].get("sha256") == checksum(target):
            continue
        started = time.monotonic()
        write(target, arrays(case, pictures))
        manifest[case] = entry | {"sha256": checksum(target)}
        MANIFEST.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
        print(f"golden: {number} of {len(cases)}: {case} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"golden: done: outputs of {len(cases)} cases lie in {CACHE.relative_to(ROOT)}")


def own():
    """models/NAME.golden.npz: the outputs alone; the tests make the frames from the pictures themselves."""
    paths = sorted((ROOT / "models/pictures").glob("*.png"))
    pictures = [cv2.resize(cv2.imread(str(path)), (32, 32), interpolation=cv2.INTER_LINEAR) for path in paths]
    frames = np.concatenate([preprocessing.signs(picture[..., ::-1]) for picture in pictures])
    target = ROOT / "models/gtsrb_resnet14.golden.npz"
    write(target, Reference(ROOT / "models/gtsrb_resnet14.onnx")(frames))
    print(f"golden: {target.relative_to(ROOT)}: {len(frames)} pictures")


own() if sys.argv[1:] == ["--own"] else assets()
