"""Espalier against ONNX Runtime over whole sets of pictures; started by tools/accuracy."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import preprocessing
from reference import Reference

ESPALIER = preprocessing.ROOT / ".build/release/espalier"
# Frames that go through the command line at once.
CHUNK = 50
# The project's bar for the outputs of a frame.
LEAST_COSINE = 0.99999
GREATEST_ERROR = 1e-3


class Pack:
    """A model that Espalier compiled."""

    def __init__(self, folder, case, name, shape, threads):
        self._folder, self._input, self._threads = folder, name, threads
        self._path = folder / f"{case}.espalier"
        size = "x".join(str(extent) for extent in (1, *shape))
        self._call("compile", preprocessing.model(case), "--shape", f"{name}={size}", "-o", self._path)

    def _call(self, *arguments):
        command = [str(argument) for argument in (ESPALIER, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"accuracy: {' '.join(command)}: exit status {done.returncode}\n{done.stderr}")

    def __call__(self, frames):
        """Output name to the outputs of all frames."""
        given, made = self._folder / "frames.npy", self._folder / "outputs.npz"
        np.save(given, frames)
        self._call(
            "run", self._path, "--input", f"{self._input}={given}", "--output", made, "--threads", self._threads)
        with np.load(made) as outputs:
            return {name: outputs[name] for name in outputs.files}


class Agreement:
    """The worst of all frames."""

    def __init__(self, case):
        self.case, self.frames, self.cosine, self.error = case, 0, 1.0, 0.0
        self.differing, self.ours, self.theirs = 0, 0, 0
        self._offset = preprocessing.CLASS_OFFSETS.get(case)

    def add(self, ours, theirs, labels):
        self.frames += len(next(iter(theirs.values())))
        for name, expected in theirs.items():
            for ours_of_frame, reference in zip(ours[name], expected, strict=True):
                self._add(ours_of_frame, reference)
        if self._offset is not None:
            (mine,), (other,) = ours.values(), theirs.values()
            mine, other = mine.argmax(1), other.argmax(1)
            self.differing += int((mine != other).sum())
            self.ours += int((mine - self._offset == labels).sum())
            self.theirs += int((other - self._offset == labels).sum())

    def _add(self, ours, reference):
        x, y = ours.astype(np.float64).ravel(), reference.astype(np.float64).ravel()
        # numpy's minimum and maximum keep a NaN, so that it fails the bar.
        self.cosine = float(np.minimum(self.cosine, x @ y / np.sqrt((x @ x) * (y @ y))))
        self.error = float(np.maximum(self.error, np.abs(x - y).max() / np.abs(y).max()))

    @property
    def holds(self):
        return self.cosine >= LEAST_COSINE and self.error <= GREATEST_ERROR and self.differing == 0

    @property
    def row(self):
        if self._offset is None:
            classes = ["–"] * 3
        else:
            classes = [f"{100 * n / self.frames:.2f} %" for n in (self.ours, self.theirs)] + [str(self.differing)]
        numbers = [str(self.frames), f"{1 - self.cosine:.1e}", f"{self.error:.1e}"]
        return [self.case, *numbers, *classes, "holds" if self.holds else "FAILS"]


def judge(case, arguments, folder):
    pictures = preprocessing.Pictures(case)
    count = min(len(pictures), arguments.count or len(pictures))
    reference = Reference(preprocessing.model(case), case in preprocessing.EXACT_SIGMOID)
    agreement = Agreement(case)
    pack = Pack(folder, case, reference.input, pictures.frames(0, 1).shape[1:], arguments.threads)
    started = time.monotonic()
    for start in range(0, count, CHUNK):
        end = min(start + CHUNK, count)
        frames = pictures.frames(start, end)
        labels = None if pictures.labels is None else np.array(pictures.labels[start:end])
        agreement.add(pack(frames), reference(frames), labels)
        if sys.stderr.isatty():
            print(f"\r{case}: {end} of {count}", end="\x1b[K", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    print(f"accuracy: {case}: {count} pictures, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return agreement


def main():
    parser = argparse.ArgumentParser(prog="tools/accuracy")
    parser.add_argument("case", nargs="*", metavar="MODEL")
    parser.add_argument("--count", type=int, help="the first COUNT pictures of each model")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cases = arguments.case or [case for case in preprocessing.FRAMES if preprocessing.model(case).exists()]
    unknown = [case for case in cases if case not in preprocessing.FRAMES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(preprocessing.FRAMES)}")
    if not cases:
        sys.exit(f"accuracy: no models in {preprocessing.MODELS}; ESPALIER_ASSETS names another folder")
    with tempfile.TemporaryDirectory() as folder:
        found = [judge(case, arguments, pathlib.Path(folder)) for case in cases]
    titles = ["model", "pictures", "1 - cosine", "error", "top-1", "top-1 ORT", "differ", "bar"]
    for row in [titles, ["---"] * len(titles), *(agreement.row for agreement in found)]:
        print("| " + " | ".join(row) + " |")
    failed = [agreement.case for agreement in found if not agreement.holds]
    if failed:
        sys.exit(f"accuracy: {', '.join(failed)}: not as ONNX Runtime")
    print(f"accuracy: done: {len(found)} cases agree with ONNX Runtime in {sum(a.frames for a in found)} pictures")


main()
