"""int8 against float32 over whole sets of pictures; started by tools/accuracy-int8."""

import argparse
import copy
import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import accuracy_peers
import boxes
import preprocessing
from reference import Reference

ESPALIER = preprocessing.ROOT / ".build/release/espalier"
# Frames that go through the command line at once.
CHUNK = 40
# The packed file over the ONNX file.
LARGEST_SIZE = 0.30
# What outputs of detectors mean: those that are pruned are judged by what their boxes need.
RESULTS = {
    "yolox_nano_416": "yolox", "fastestdet_352": "fastestdet",
    "vehicle_detection_adas_0002": f"ssd:priors={preprocessing.MODELS / 'vehicle_detection_adas_0002_priors.npy'}"}


def call(*arguments):
    command = [str(argument) for argument in (ESPALIER, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"accuracy-int8: {' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


class Frames:
    """Pictures of a folder or file of records other than the one a network is usually judged by."""

    def __init__(self, case, source=None, chosen=None):
        self._pictures = preprocessing.Pictures(case, source)
        self._chosen = range(len(self._pictures)) if chosen is None else chosen

    def __len__(self):
        return len(self._chosen)

    def __call__(self, start, end):
        return np.concatenate([self._pictures.frames(i, i + 1) for i in self._chosen[start:end]])

    def labels(self, start, end):
        return np.array([self._pictures.labels[i] for i in self._chosen[start:end]])


class Classes:
    """Top-1 against labels and against float32."""

    def __init__(self, case, differing, agreement):
        self._offset = preprocessing.CLASS_OFFSETS[case]
        self._differing, self._agreement = differing, agreement
        self._count = self._ours = self._theirs = self._same = 0

    def add(self, ours, theirs, labels):
        (ours,), (theirs,) = ours.values(), theirs.values()
        ours, theirs = ours.argmax(1), theirs.argmax(1)
        self._count += len(ours)
        self._ours += int((ours - self._offset == labels()).sum())
        self._theirs += int((theirs - self._offset == labels()).sum())
        self._same += int((ours == theirs).sum())

    @property
    def result(self):
        share = lambda count: 100 * count / self._count
        return (
            f"top-1 {share(self._ours):.2f} % against {share(self._theirs):.2f} % "
            f"({self._ours - self._theirs:+d} of {self._count}), agreement {share(self._same):.2f} %"
        )

    @property
    def holds(self):
        return self._theirs - self._ours <= self._differing(self._count) and (
            self._same >= self._agreement * self._count)


class Boxes:
    """Boxes against those of float32: F1 at half overlap."""

    def __init__(self, decode):
        self._decode = decode
        self._found = self._ours = self._theirs = 0

    def add(self, ours, theirs, labels):
        for frame in range(len(next(iter(ours.values())))):
            drawn, expected = ({name: values[frame] for name, values in side.items()} for side in (ours, theirs))
            drawn, expected = self._decode(drawn), self._decode(expected)
            self._found += boxes.matches(drawn, expected)
            self._ours += len(drawn)
            self._theirs += len(expected)

    @property
    def score(self):
        return 2 * self._found / max(1, self._ours + self._theirs)

    @property
    def result(self):
        return f"F1 {self.score:.4f} of {self._ours} boxes against {self._theirs}"

    @property
    def holds(self):
        return self._theirs > 0 and self.score >= 0.97


class Masks:
    """The class of every pixel against that of float32: mean intersection over union."""

    def __init__(self):
        self._both, self._either = {}, {}

    def add(self, ours, theirs, labels):
        for name, expected in theirs.items():
            ours_of_all, expected = ours[name].argmax(1), expected.argmax(1)
            for kind in np.union1d(ours_of_all, expected):
                key = (name, int(kind))
                a, b = ours_of_all == kind, expected == kind
                self._both[key] = self._both.get(key, 0) + int((a & b).sum())
                self._either[key] = self._either.get(key, 0) + int((a | b).sum())

    @property
    def score(self):
        return float(np.mean([self._both[key] / self._either[key] for key in self._either]))

    @property
    def result(self):
        shares = ", ".join(f"{self._both[key] / self._either[key]:.4f}" for key in sorted(self._either))
        return f"mIoU {self.score:.4f} ({shares})"

    @property
    def holds(self):
        return self.score >= 0.97


def photographs(case):
    """300 pictures calibrate, the other 367 judge."""
    calibrate, rest = preprocessing.photographs(case)
    judge = Classes(case, lambda count: 2, 0.97)
    return Frames(case, chosen=calibrate), Frames(case, chosen=rest), judge


def small(source):
    """Records of another file calibrate."""
    def parts(case):
        calibrate = Frames(case, source, range(0, 2000, 5))
        return calibrate, Frames(case), Classes(case, lambda count: 0.003 * count, 0)
    return parts


def detector(decode):
    return lambda case: (Frames(case, "highway_calib"), Frames(case), Boxes(decode))


def segmenter(case):
    return Frames(case, "driving_frames"), Frames(case), Masks()


CASES = {
    "mobilenet_v2_224": photographs,
    "efficientnet_lite0_224": photographs,
    "squeezenet1_1_227": photographs,
    "gtsrb_resnet14": small("gtsrb/train_calib_32x32.bin"),
    "cifar_resnet20": small("cifar10/train_calib.bin"),
    "yolox_nano_416": detector(boxes.yolox),
    "fastestdet_352": detector(boxes.fastestdet),
    "vehicle_detection_adas_0002": detector(boxes.vehicles),
    "road_segmentation_adas_0001": segmenter,
    "twinlitenet_360x640": segmenter,
}


class Judged:
    """A network in float32 and in 8 bits."""

    def __init__(self, case, options, folder, threads, peers, explains):
        self.case = case
        calibrate, frames, self.judge = CASES[case](case)
        self.peers = [(peer.title, copy.deepcopy(self.judge)) for peer in peers]
        stack, given, made = folder / "calibration.npy", folder / "frames.npy", folder / "outputs.npz"
        packs = folder / f"{case}.espalier", folder / f"{case}.int8.espalier"
        model = preprocessing.model(case)
        first = frames(0, 1)
        name = Reference(model).input
        shape = f"{name}={'x'.join(str(extent) for extent in first.shape)}"
        np.save(stack, calibrate(0, len(calibrate)))
        if explains and case in RESULTS and "--results" not in options:
            options = ["--results", RESULTS[case], *options]
        others = [peer(model, name, np.load(stack, mmap_mode="r"), folder) for peer in peers]
        started = time.monotonic()
        call("compile", model, "--shape", shape, "-o", packs[0])
        report = call(
            "compile", model, "--shape", shape, "--calibrate", stack, "--threads", threads, *options, "--json",
            "-o", packs[1])
        self.seconds = time.monotonic() - started
        report = json.loads(report.splitlines()[-1])
        # A network that stays in float32, such as one that was pruned only, has none.
        calibration = report.get("calibration", {"int8_share": 0.0, "groups": []})
        self.size, self.share = report["size_ratio"], calibration["int8_share"]
        noises = [output["snr_db"] for group in calibration["groups"] for output in group["outputs"]]
        self.noise = min(noises, default=float("nan"))
        for start in range(0, len(frames), CHUNK):
            end = min(start + CHUNK, len(frames))
            pictures = frames(start, end)
            np.save(given, pictures)
            results = []
            for pack in packs:
                call("run", pack, "--input", f"{name}={given}", "--output", made, "--threads", threads)
                with np.load(made) as outputs:
                    results.append({output: outputs[output] for output in outputs.files})
            labels = functools.cache(lambda: frames.labels(start, end))
            self.judge.add(results[1], results[0], labels)
            for other, (_, judge) in zip(others, self.peers):
                judge.add(other(pictures), results[0], labels)
        for title, judge in self.peers:
            print(f"accuracy-int8: {case}: {title}: {judge.result}", file=sys.stderr, flush=True)
        print(f"accuracy-int8: {case}: {self.judge.result}", file=sys.stderr, flush=True)

    @property
    def holds(self):
        return self.judge.holds and self.size <= LARGEST_SIZE

    @property
    def row(self):
        bar = "holds" if self.holds else "FAILS"
        return [
            self.case, self.judge.result, *(judge.result for _, judge in self.peers), f"{100 * self.share:.1f} %",
            f"{self.noise:.1f}", f"{self.size:.3f}", f"{self.seconds:.0f}", bar]


def main():
    arguments = sys.argv[1:]
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    parser = argparse.ArgumentParser(prog="tools/accuracy-int8")
    parser.add_argument("case", nargs="*", metavar="MODEL")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--no-results", action="store_true", help="do not tell what outputs of detectors mean")
    given = parser.parse_args(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    cases = given.case or [case for case in CASES if preprocessing.model(case).exists()]
    unknown = [case for case in cases if case not in CASES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(CASES)}")
    if not cases:
        sys.exit(f"accuracy-int8: no models in {preprocessing.MODELS}; ESPALIER_ASSETS names another folder")
    peers = accuracy_peers.PEERS if given.peers else ()
    judged = []
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            judged.append(Judged(case, options, pathlib.Path(folder), given.threads, peers, not given.no_results))
    titles = [
        "network", "int8 against float32", *(peer.title for peer in peers), "in int8", "SNR dB", "size",
        "s to compile", "bar"]
    for row in [titles, ["---"] * len(titles), *(network.row for network in judged)]:
        print("| " + " | ".join(row) + " |")
    failed = [network.case for network in judged if not network.holds]
    if failed:
        sys.exit(f"accuracy-int8: {', '.join(failed)}: a bar is missed")
    networks = "1 network holds its bars" if len(judged) == 1 else f"{len(judged)} networks hold their bars"
    print(f"accuracy-int8: done: {networks}")


main()
