"""The same detector on the frames of a video, by ONNX Runtime, OpenCV and numpy: what `espalier watch` is held against.

    clip.py reference MODEL VIDEO --threads N -o FILE.jsonl    boxes and times of every frame
    clip.py compare OURS.jsonl REFERENCE.jsonl                 F1 of ours against the reference's, and both times

A time is that from a decoded picture to boxes: resizing, color order, the network, decoding of its outputs, suppression.
OpenCV hands out BGR, so its times leave out the conversion from YUV, which ours hold.
"""

import argparse
import json
import statistics
import time

import cv2
import numpy as np
import onnxruntime

import boxes
import preprocessing


def stretched(picture, width, height):
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)


def letterboxed(picture, edge):
    ratio = min(edge / picture.shape[0], edge / picture.shape[1])
    size = (int(picture.shape[1] * ratio), int(picture.shape[0] * ratio))
    canvas = np.full((edge, edge, 3), 114, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return canvas, ratio


class Detector:
    """A model with one thread or more; calling it gives rows (class, left, top, right, bottom) in pixels."""

    def __init__(self, name, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._name = name
        self._session = onnxruntime.InferenceSession(
            str(preprocessing.MODELS / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    def _run(self, pixels, scale=1.0):
        results = self._session.run(self._outputs, {self._input: preprocessing.frame(pixels, 0, scale)})
        return {name: result[0] for name, result in zip(self._outputs, results)}

    def __call__(self, picture):
        height, width = picture.shape[:2]
        if self._name.startswith("yolox"):
            canvas, ratio = letterboxed(picture, 416)
            rows = boxes.yolox(self._run(canvas))
            rows[:, 1:] /= ratio
            return rows
        if self._name.startswith("fastestdet"):
            rows = boxes.fastestdet(self._run(stretched(picture, 352, 352), 255))
        else:
            rows = boxes.vehicles(self._run(stretched(picture, 672, 384)))
        rows[:, 1:] *= [width, height, width, height]
        return rows


def reference(arguments):
    cv2.setNumThreads(arguments.threads)
    detector = Detector(arguments.model, arguments.threads)
    video = cv2.VideoCapture(arguments.video)
    warm = False
    with open(arguments.output, "w") as lines:
        index = 0
        while True:
            found, picture = video.read()
            if not found:
                break
            if not warm:
                for _ in range(3):
                    detector(picture)
                warm = True
            start = time.perf_counter()
            rows = detector(picture)
            taken = (time.perf_counter() - start) * 1e3
            record = {
                "frame": index, "pipeline_ms": round(taken, 4),
                "boxes": [{"class": int(row[0]), "box": [round(float(v), 2) for v in row[1:]]} for row in rows]}
            lines.write(json.dumps(record) + "\n")
            index += 1
    print(f"reference: {index} frames")


def read(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def rows(record):
    found = [[box["class"], *box["box"]] for box in record.get("boxes", [])]
    return np.array(found, np.float64).reshape(-1, 5)


def compare(arguments):
    ours, expected = read(arguments.ours), read(arguments.reference)
    if [record["frame"] for record in ours] != [record["frame"] for record in expected]:
        raise SystemExit(f"clip: {len(ours)} frames of ours, {len(expected)} of the reference")
    matched = sum(boxes.matches(rows(a), rows(b)) for a, b in zip(ours, expected))
    counts = [sum(len(rows(record)) for record in records) for records in (ours, expected)]
    f1 = 2 * matched / max(1, sum(counts))
    times = [statistics.median(record["pipeline_ms"] for record in records) for records in (ours, expected)]
    print(json.dumps({
        "frames": len(ours), "boxes": counts[0], "reference_boxes": counts[1], "f1": round(f1, 4),
        "ms": round(times[0], 3), "reference_ms": round(times[1], 3), "share": round(times[0] / times[1], 3)}))
    if counts[1] == 0 or f1 < arguments.least:
        raise SystemExit(f"clip: F1 {f1:.4f} is below {arguments.least}, or there are no boxes")
    if times[0] > arguments.share * times[1]:
        raise SystemExit(f"clip: {times[0]:.3f} ms is more than {arguments.share} of {times[1]:.3f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("reference")
    one.add_argument("model")
    one.add_argument("video")
    one.add_argument("--threads", type=int, default=1)
    one.add_argument("-o", "--output", required=True)
    one.set_defaults(run=reference)
    two = commands.add_parser("compare")
    two.add_argument("ours")
    two.add_argument("reference")
    two.add_argument("--least", type=float, default=0.97, help="F1 that must be reached")
    two.add_argument("--share", type=float, default=0.5, help="of the reference's time, at most")
    two.set_defaults(run=compare)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
