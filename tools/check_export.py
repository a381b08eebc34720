"""ONNX files of 'espalier export' against onnx.checker, ONNX Runtime and Espalier; started by tools/check-export."""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx

import preprocessing
from reference import Reference

ESPALIER = preprocessing.ROOT / ".build/release/espalier"
# The greatest difference over the greatest element of an output.
GREATEST_ERROR = 1e-4


def espalier(*arguments):
    command = [str(argument) for argument in (ESPALIER, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"check-export: {' '.join(command)}: exit status {done.returncode}\n{done.stderr}")


def own_outputs(folder, pack, name, frames):
    given, made = folder / "frames.npy", folder / "outputs.npz"
    np.save(given, frames)
    espalier("run", pack, "--input", f"{name}={given}", "--output", made)
    with np.load(made) as outputs:
        return {key: outputs[key] for key in outputs.files}


def error(found, expected):
    """The worst of all outputs and frames."""
    worst = 0.0
    for name, values in expected.items():
        for ours, theirs in zip(found[name], values, strict=True):
            greatest = np.abs(theirs).max()
            worst = max(worst, float(np.abs(ours - theirs).max() / greatest) if greatest else 0.0)
    return worst


def check(case, count, folder):
    """Number of nodes, error against the original, error of Espalier against the file."""
    path, exported, pack = preprocessing.model(case), folder / "exported.onnx", folder / "model.espalier"
    original = Reference(path, case in preprocessing.EXACT_SIGMOID)
    frames = preprocessing.Pictures(case).frames(0, count)
    shape = f"{original.input}={'x'.join(str(extent) for extent in (1, *frames.shape[1:]))}"
    espalier("export", path, "--shape", shape, "-o", exported)
    model = onnx.load(str(exported))
    onnx.checker.check_model(model, full_check=True)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert properties["espalier.source_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    written = Reference(exported, case in preprocessing.EXACT_SIGMOID)
    assert (written.input, written.outputs) == (original.input, original.outputs), "the file has other ports"
    expected = written(frames)
    espalier("compile", exported, "-o", pack)
    ours = own_outputs(folder, pack, original.input, frames)
    return len(model.graph.node), error(expected, original(frames)), error(ours, expected)


def main():
    parser = argparse.ArgumentParser(prog="check-export", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="models, as tools/preprocessing.py names them")
    parser.add_argument("--count", type=int, default=3, help="pictures of each (3)")
    options = parser.parse_args()
    cases = options.cases or [case for case in preprocessing.FRAMES if preprocessing.model(case).exists()]
    if not cases:
        sys.exit(f"check-export: no models in {preprocessing.MODELS}; ESPALIER_ASSETS names another folder")
    unknown = [case for case in cases if case not in preprocessing.FRAMES]
    if unknown:
        sys.exit(f"check-export: tools/preprocessing.py does not know {', '.join(unknown)}")
    print(f"{'model':32} {'nodes':>5} {'from the original':>18} {'ours from the file':>19}")
    missed = []
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            nodes, written, ours = check(case, options.count, pathlib.Path(folder))
        print(f"{case:32} {nodes:5} {written:18.1e} {ours:19.1e}", flush=True)
        if not max(written, ours) <= GREATEST_ERROR:
            missed.append(case)
    if missed:
        sys.exit(f"check-export: off by more than {GREATEST_ERROR:g}: {', '.join(missed)}")


main()
