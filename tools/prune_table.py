"""Criteria against steps of recovery on one classifier; started by tools/prune-table."""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import preprocessing
from reference import Reference

ESPALIER = preprocessing.ROOT / ".build/release/espalier"
CRITERIA = [
    "l1", "l2", "random", "mean-activation", "zeros", "contribution", "obs", "taylor", "fisher", "gauss-newton"]
STEPS = {
    "none": "cut", "stats": "+ means and deviations", "lsq": "least squares", "blocks": "+ blocks distilled",
    "distill": "+ network distilled"}
# Where the pictures lie that networks are cut and recovered by; their labels are not read.
CALIBRATION = {
    "gtsrb_resnet14": "gtsrb/train_calib_32x32.bin", "gtsrb_resnet14_bn": "gtsrb/train_calib_32x32.bin",
    "cifar_resnet20": "cifar10/train_calib.bin", "cifar_resnet20_bn": "cifar10/train_calib.bin"}
CALIBRATION_COUNT = 1000
# Some of their pictures calibrate, the others judge.
PHOTOGRAPHS = ["mobilenet_v2_224", "efficientnet_lite0_224"]
LEAST_CORRELATION = 0.98


def call(*arguments):
    command = [str(argument) for argument in (ESPALIER, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"prune-table: {' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def ranks(values):
    """Places from 1 on; equal values share the mean of theirs."""
    values = np.asarray(values, float)
    smaller = (values[None] < values[:, None]).sum(1)
    return smaller + ((values[None] == values[:, None]).sum(1) + 1) / 2


def spearman(first, second):
    """Pearson's correlation of the places; not a number where one of the lists is all the same."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


class Network:
    """A classifier with the frames that it is cut and judged by."""

    def __init__(self, case, options, folder, held):
        self._case, self._options, self._folder = case, options, folder
        self._calibration, self._test = folder / "calibration.npy", folder / "test.npy"
        self._labels, self._held = folder / "test.csv", folder / "held.npy"
        calibration = preprocessing.Pictures(case, CALIBRATION.get(case))
        test = preprocessing.Pictures(case)
        if case in CALIBRATION:
            order = np.random.default_rng(0).permutation(len(calibration))
            chosen, judged = order[:CALIBRATION_COUNT], range(len(test))
            if held:
                others = order[CALIBRATION_COUNT : CALIBRATION_COUNT + held]
                np.save(self._held, np.concatenate([calibration.frames(i, i + 1) for i in others]))
                self._options = ["--hold-back", self._held, *options]
        else:
            chosen, judged = preprocessing.photographs(case)
        np.save(self._calibration, np.concatenate([calibration.frames(i, i + 1) for i in chosen]))
        np.save(self._test, np.concatenate([test.frames(i, i + 1) for i in judged]))
        offset = preprocessing.CLASS_OFFSETS[case]
        with open(self._labels, "w", newline="") as table:
            csv.writer(table).writerows([["label"], *([test.labels[i] + offset] for i in judged)])
        name, shape = Reference(preprocessing.model(case)).input, calibration.frames(0, 1).shape
        self._shape = f"{name}={'x'.join(str(extent) for extent in shape)}"
        self._whole = folder / "whole.espalier"
        call("compile", preprocessing.model(case), "--shape", self._shape, "--json", "-o", self._whole)
        self.accuracy, self.count, _ = self._judge(self._whole)

    def _judge(self, pack):
        """Top-1 in percent, the number of pictures, and the share of them with another answer than before."""
        report = call(
            "eval", pack, "--data", self._test, "--labels", self._labels, "--against", self._whole, "--json")
        return 100 * report["top1"], report["frames"], 1 - report["against"]["agreement"]

    def cut(self, criterion, step, ratio):
        pack = self._folder / "cut.espalier"
        started = time.monotonic()
        report = call(
            "compile", preprocessing.model(self._case), "--shape", self._shape, "--calibrate", self._calibration,
            "--precision", "fp32", "--prune", ratio, "--allocation", "uniform", "--criterion", criterion,
            "--recover", step, *self._options, "--json", "-o", pack)
        seconds = time.monotonic() - started
        accuracy, _, otherwise = self._judge(pack)
        return Row(accuracy, self.accuracy - accuracy, otherwise, report["pruning"], seconds)


class Row:
    """What came of one criterion and step."""

    def __init__(self, accuracy, drop, otherwise, report, seconds):
        self.accuracy, self.drop, self.otherwise, self.seconds = accuracy, drop, otherwise, seconds
        self.disagreement, self.divergence = 100 * report["disagreement"], report["divergence"]
        self.expected = 100 * report["expected_loss"]
        self.frames = report["judged_frames"]

    @property
    def text(self):
        shares = f"{100 * self.otherwise:.1f} / {self.disagreement:.1f}"
        return f"{self.accuracy:.2f} / {shares} / {self.divergence:.4f} / {self.seconds:.0f}"


def correlations(rows):
    """What ranks the loss of top-1, and Spearman's coefficient; the first two are what the bar is of."""
    drops = [row.drop for row in rows]
    figures = [
        (f"other answers to {rows[0].frames} held-back frames", lambda row: row.disagreement),
        ("divergence there", lambda row: row.divergence),
        ("what is lost there if the whole network's probabilities are true", lambda row: row.expected),
        ("other answers to the labelled pictures themselves", lambda row: row.otherwise)]
    return [(title, spearman([figure(row) for row in rows], drops)) for title, figure in figures]


def main():
    arguments = sys.argv[1:]
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    parser = argparse.ArgumentParser(prog="tools/prune-table")
    cases = [*CALIBRATION, *PHOTOGRAPHS]
    parser.add_argument("case", nargs="?", default="gtsrb_resnet14", metavar="MODEL", choices=cases)
    parser.add_argument("--prune", default="0.5", metavar="RATIO")
    parser.add_argument("--criteria", nargs="+", default=CRITERIA, choices=CRITERIA)
    parser.add_argument("--recover", nargs="+", default=list(STEPS), choices=STEPS)
    parser.add_argument(
        "--hold-back", type=int, default=0, metavar="COUNT",
        help="other training pictures without labels to judge by; 0: a fifth of the 1,000 that recover")
    parser.add_argument("--recover-time", metavar="30s")
    parser.add_argument("--threads", type=int, default=1, help="of a frame; training takes all cores")
    given = parser.parse_args(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    if given.hold_back and given.case in PHOTOGRAPHS:
        parser.error(f"--hold-back: there are no other pictures for {given.case}")
    options = ["--threads", given.threads, *options]
    if given.recover_time:
        options += ["--recover-time", given.recover_time]
    with tempfile.TemporaryDirectory() as folder:
        network = Network(given.case, options, pathlib.Path(folder), given.hold_back)
        print(
            f"{given.case} ({network.accuracy:.2f} % of {network.count}) at --prune {given.prune} in float32: top-1 % / "
            "of these pictures with another answer % / held-back frames with another answer % / divergence there / "
            "seconds\n")
        titles = ["criterion", *(STEPS[step] for step in given.recover)]
        for row in (titles, ["---"] * len(titles)):
            print("| " + " | ".join(row) + " |")
        rows = []
        for criterion in given.criteria:
            made = [network.cut(criterion, step, given.prune) for step in given.recover]
            print("| " + " | ".join([criterion, *(row.text for row in made)]) + " |", flush=True)
            rows += made
    print(f"\nRank correlation with the loss of top-1 over {len(rows)} rows, labels unseen:\n")
    found = correlations(rows)
    for title, correlation in found:
        print(f"- {title}: {correlation:.3f}")
    if not max(correlation for _, correlation in found[:2]) >= LEAST_CORRELATION:
        sys.exit(f"prune-table: held-back frames do not reach {LEAST_CORRELATION}")


main()
