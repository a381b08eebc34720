"""Holds tools/fleet against one machine; see tools/test-fleet."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = pathlib.Path(os.environ.get("ESPALIER_ASSETS", ROOT.parent / "shared/assets"))
SIGNS = ROOT / "models/gtsrb_resnet14.onnx"
PICTURES = ROOT / "models/pictures"
SCALING = ["--shape", "input=1x3x32x32", "--mean", "127.5", "--scale", "127.5"]
# What models/pictures show, in the order of their names.
LABELS = [15, 18, 13, 7, 1, 4, 5, 17, 38, 12, 14, 35, 33]
FILES = ["observation.npz", "observation.json", "observation.html"]
# Ends its parent, or itself, the first time that a shard with a number is begun; espalier runs on meanwhile.
KILLER = """#!/usr/bin/env bash
if [[ " $* " == *" --shard 2/"* ]] && mkdir "{flag}" 2>/dev/null; then
  "{espalier}" "$@" >/dev/null 2>&1 &
  kill -9 {victim}
  sleep 60
fi
exec "{espalier}" "$@"
"""


class Bench:
    """A folder, an espalier, and what was found so far."""

    def __init__(self, espalier, folder):
        self.espalier, self.folder, self.failures = str(espalier), pathlib.Path(folder), 0

    def alone(self, command, folder=None):
        """What one machine says, and the files that it writes."""
        more = ["-o", str(folder)] if folder else []
        result = subprocess.run([self.espalier, *command, *more], capture_output=True, text=True, check=True)
        return result.stdout, self.files(folder)

    def fleet(self, command, folder=None, options=(), espalier=None):
        more = ["-o", str(folder)] if folder else []
        return subprocess.run(
            [sys.executable, ROOT / "tools/fleet.py", "--espalier", espalier or self.espalier, *options,
             *command, *more], capture_output=True, text=True)

    @staticmethod
    def files(folder):
        return [pathlib.Path(folder, name).read_bytes() for name in FILES] if folder else []

    def check(self, name, good, found=""):
        self.failures += not good
        print(f"{'ok    ' if good else 'FAILED'} {name}{'' if good else ': ' + found}", flush=True)

    def same(self, name, command, observes=False, options=(), espalier=None):
        """Holds the fleet's output and files against those of one machine."""
        one, many = (self.folder / f"{name}-{kind}" if observes else None for kind in ("one", "many"))
        output, files = self.alone(command + ["--json"], one)
        result = self.fleet(command + ["--json"], many, options, espalier)
        good = result.returncode == 0 and result.stdout == output and len(output) > 50
        if good and observes:
            good = self.files(many) == files and len(files[0]) > 10_000
        self.check(name, good, f"status {result.returncode}\n{result.stdout}{result.stderr}")

    def killer(self, name, victim):
        path = self.folder / f"killer-{name}"
        path.write_text(KILLER.format(flag=f"{path}.flag", espalier=self.espalier, victim=victim))
        path.chmod(0o755)
        return str(path)

    def was_killed(self, killer):
        self.check("… and the killer struck", pathlib.Path(f"{killer}.flag").exists())


def signs(bench):
    """Everything on the network that lies in the repository."""
    pack, table = bench.folder / "signs.espalier", bench.folder / "labels.csv"
    bench.alone(["compile", str(SIGNS), *SCALING, "-o", str(pack)])
    names = sorted(path.name for path in PICTURES.glob("*.png"))
    table.write_text("".join(f"{name},{label}\n" for name, label in zip(names, LABELS, strict=True)))
    evaluate = ["eval", str(pack), "--data", str(PICTURES), "--labels", str(table), "--against", str(pack)]
    observe = ["observe", str(SIGNS), "--frames", str(PICTURES), *SCALING]
    bench.same("eval, 3 workers", evaluate, options=["--workers", "3", "--shards", "5"])
    bench.same("observe, 3 workers", observe, True, options=["--workers", "3", "--shards", "5"])
    for victim, name in (("$PPID", "worker"), ("$$", "process")):
        killer = bench.killer(name, victim)
        bench.same(f"eval, a {name} killed", evaluate, options=["--workers", "2"], espalier=killer)
        bench.was_killed(killer)
    calibrated(bench)
    killer = bench.killer("observe", "$PPID")
    bench.same("observe, a worker killed", observe, True, ["--workers", "2"], killer)
    bench.was_killed(killer)
    result = bench.fleet(["eval", str(pack), "--data", str(bench.folder / "none")], options=["--workers", "2"])
    good = result.returncode == 1 and "espalier: " in result.stderr and "Traceback" not in result.stderr
    bench.check("a fault of the input ends in espalier's sentence", good, result.stderr)


def calibrated(bench):
    """A calibration over several workers gives the pack that one machine compiles."""
    packs = [bench.folder / "alone8.espalier", bench.folder / "fleet8.espalier"]
    frames, found = ["--calibrate", str(PICTURES)], bench.folder / "calibration.json"
    compiled = ["compile", str(SIGNS), *SCALING, *frames, "--precision", "int8", "--watch", "none"]
    bench.alone([*compiled, "-o", str(packs[0])])
    command = ["calibrate", str(SIGNS), *SCALING, *frames, "-o", str(found)]
    result = bench.fleet(command, options=["--workers", "3", "--shards", "5"])
    if result.returncode == 0:
        bench.alone([*compiled, "--statistics", str(found), "-o", str(packs[1])])
    good = result.returncode == 0 and packs[0].read_bytes() == packs[1].read_bytes()
    bench.check("calibrate, 3 workers", good, f"status {result.returncode}\n{result.stdout}{result.stderr}")


def roads(bench):
    """A detector and larger frames."""
    frames = ASSETS / "data/driving_frames"
    model = ASSETS / "models/yolox_nano_416.onnx"
    pack = bench.folder / "yolox.espalier"
    bench.alone(["compile", str(model), "-o", str(pack)])
    options = ["--workers", "3", "--shards", "4"]
    boxes = ["eval", str(pack), "--data", str(frames), "--boxes", "yolox", "--against", str(pack)]
    bench.same("eval --boxes, 3 workers", boxes, options=options)
    crops = ASSETS / "data/gtsrb"
    evaluate = [
        "eval", str(bench.folder / "signs.espalier"), "--data", str(crops / "crops"), "--labels",
        str(crops / "crops.csv")]
    bench.same("eval, 129 crops", evaluate, options=["--workers", "3"])


def main():
    parser = argparse.ArgumentParser(prog="tools/test-fleet")
    parser.add_argument("--espalier", type=pathlib.Path, default=ROOT / ".build/release/espalier")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="espalier-test-") as folder:
        bench = Bench(options.espalier.resolve(), folder)
        signs(bench)
        if ASSETS.is_dir():
            roads(bench)
        else:
            print(f"no {ASSETS}: larger networks are left out")
    print("test-fleet: " + (f"{bench.failures} failed" if bench.failures else "passed"))
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
