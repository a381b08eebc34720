"""How steady the time of a frame is; see tools/jitter."""

import argparse
import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import numpy as np
import onnx

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = pathlib.Path(os.environ.get("ESPALIER_ASSETS", ROOT.parent / "shared/assets"))
ESPALIER = ROOT / ".build/release/espalier"
TITLES = {
    "espalier": "Espalier", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "arithmetic": "arithmetic alone"}


def arguments():
    parser = argparse.ArgumentParser(prog="tools/jitter")
    parser.add_argument("--models", nargs="+", default=["mobilenet_v2_224", "yolox_nano_416"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--engines", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--cases", nargs="+", choices=["alone", "load"], default=["alone", "load"])
    parser.add_argument("--frames", type=int, default=6636, help="of each engine in each row, all rounds together")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rates", nargs="+", type=float, default=[0, 30], help="0: back to back")
    parser.add_argument("--load", default="cpu", choices=["cpu", "memory"])
    parser.add_argument("--competitors", type=int, default=os.cpu_count())
    parser.add_argument("--most", type=float, help="p99.9 over the median of Espalier alone")
    parser.add_argument("--output", type=pathlib.Path)
    return parser.parse_args()


def prepare(name, folder):
    """The ONNX file, its pack, and a frame of noise that all engines get."""
    model = ASSETS / "models" / f"{name}.onnx"
    graph = onnx.load(str(model), load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    port = next(port for port in graph.input if port.name not in weights)
    shape = [axis.dim_value or 1 for axis in port.type.tensor_type.shape.dim]
    pack, frame = folder / f"{name}.espalier", folder / f"{name}.npy"
    size = "x".join(map(str, shape))
    subprocess.run(
        [ESPALIER, "compile", model, "--shape", f"{port.name}={size}", "-o", pack], check=True,
        stdout=subprocess.DEVNULL)
    np.save(frame, np.random.default_rng(1).standard_normal(shape, dtype=np.float32))
    return model, pack, frame


class Load:
    """Competing processes, which end with this one whatever happens."""

    def __init__(self, kind, count):
        command = [ESPALIER, "compete", kind, str(os.getpid())]
        self._processes = [subprocess.Popen(command) for _ in range(count)]

    def end(self):
        for process in self._processes:
            process.kill()
            process.wait()


def run(engine, files, threads, count, hz, folder, median):
    """`median`: nanoseconds of the frames that touch no memory."""
    model, pack, frame = files
    if engine != "espalier":
        model = median if engine == "arithmetic" else model
        command = [sys.executable, ROOT / "tools/jitter_peers.py", engine, model, frame, threads, count, hz]
        text = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
        return json.loads(text.splitlines()[-1])
    times = folder / "times.csv"
    command = [ESPALIER, "bench", pack, "--input", frame, "--threads", threads, "-n", count, "--warmup", 20]
    command += ["--export-times", times] + (["--camera", hz, "--deadline", "1000s"] if hz else [])
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    rows = list(csv.DictReader(times.open()))
    columns = {name: [int(row[name]) for row in rows] for name in ("latency_ns", "age_ns", "dropped")}
    return columns | {"dropped": sum(columns["dropped"])}


def ratio(values):
    """p99.9 by nearest rank over the median."""
    ordered = np.sort(values)
    return ordered[int(np.ceil(0.999 * len(ordered))) - 1] / np.median(ordered)


def line(row, rounds, hz):
    """Milliseconds of all rounds together, and the ratio of every round by itself."""
    values = np.concatenate([part["age_ns" if hz else "latency_ns"] for part in rounds]) / 1e6
    ordered = np.sort(values)
    rank = lambda share: ordered[int(np.ceil(share * len(ordered))) - 1]
    median = np.median(ordered)
    missed = int((values > 1000 / hz).sum()) if hz else 0
    dropped = sum(part["dropped"] for part in rounds)
    own = [ratio(np.array(part["age_ns" if hz else "latency_ns"])) for part in rounds]
    return row | {
        "frames": len(values), "median_ms": median, "p99_ms": rank(0.99), "p99_9_ms": rank(0.999),
        "max_ms": ordered[-1], "ratio": rank(0.999) / median, "best_round": min(own), "worst_round": max(own),
        "missed": missed, "dropped": dropped,
    }


def show(rows):
    print("\n| model | threads | frames come | beside | engine | frames | median ms | p99 | p99.9 | max | p99.9/median "
          "| by round | late | dropped |")
    print("|---|--:|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        come = f"{row['hz']:g} Hz" if row["hz"] else "back to back"
        late = [str(row["missed"]), str(row["dropped"])] if row["hz"] else ["", ""]
        cells = [
            row["model"], str(row["threads"]), come, row["load"] or "nothing", TITLES[row["engine"]],
            str(row["frames"]), *(f"{row[key]:.3f}" for key in ("median_ms", "p99_ms", "p99_9_ms", "max_ms")),
            f"{row['ratio']:.2f}", f"{row['best_round']:.2f}–{row['worst_round']:.2f}", *late,
        ]
        print("| " + " | ".join(cells) + " |")


def measure(options, folder):
    rows = []
    for name in options.models:
        files = prepare(name, folder)
        for threads in options.threads:
            for hz in options.rates:
                for case in options.cases:
                    load = f"{options.competitors} × {options.load}" if case == "load" else ""
                    parts = {engine: [] for engine in options.engines}
                    median = 3_000_000
                    count = -(-options.frames // options.rounds)
                    competitors = Load(options.load, options.competitors if load else 0)
                    try:
                        for turn in range(options.rounds):
                            first = turn % len(options.engines)
                            for engine in options.engines[first:] + options.engines[:first]:
                                print(f"jitter: {name}, {threads} threads, {hz:g} Hz, {load or 'alone'}, round "
                                      f"{turn + 1}: {engine}", file=sys.stderr)
                                parts[engine].append(run(engine, files, threads, count, hz, folder, median))
                                if engine == "espalier":
                                    median = int(np.median(parts[engine][0]["latency_ns"]))
                    finally:
                        competitors.end()
                    for engine in options.engines:
                        row = {"model": name, "threads": threads, "hz": hz, "load": load, "engine": engine}
                        rows.append(line(row, parts[engine], hz) | {"rounds": parts[engine]})
    return rows


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options, pathlib.Path(folder))
    show(rows)
    if options.frames < 6636:
        print(f"\np99.9 is what was seen: {options.frames} frames are fewer than the 6,636 that claim it")
    if options.output:
        options.output.write_text(json.dumps(rows, default=float))
    alone = [row["ratio"] for row in rows if row["engine"] == "espalier" and not row["load"]]
    sys.exit(1 if options.most and max(alone, default=0) > options.most else 0)


if __name__ == "__main__":
    main()
