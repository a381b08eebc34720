"""Runs 'espalier eval', 'observe' and 'calibrate' over a Ray cluster; see tools/fleet."""

import argparse
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anybody
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
if not any(word.split("=")[0] == "--address" for word in sys.argv):
    # "No cluster": Ray's servers on this machine then listen on the loopback address alone.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"

import ray
from tqdm import tqdm

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMANDS = ["eval", "observe", "calibrate"]
# So often a shard is begun again whose worker died.
RETRIES = 5


class Failed(Exception):
    """espalier refused: its exit status and its sentence."""

    def __init__(self, status, sentence):
        super().__init__(status, sentence)
        self.status, self.sentence = status, sentence


class Killed(Exception):
    """Somebody ended espalier: the shard is worth another try."""


def arguments():
    parser = argparse.ArgumentParser(
        prog="tools/fleet", usage="tools/fleet [OPTION]… {eval,observe,calibrate} ARGUMENT…",
        description="Runs 'espalier eval', 'observe' or 'calibrate' over a Ray cluster and gives what one machine would.")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--address", help="the cluster, HOST:PORT; otherwise workers on this machine")
    place.add_argument("--workers", type=int, default=os.cpu_count(), help="on this machine (%(default)s)")
    parser.add_argument("--shards", type=int, help="how many; 4 for each core of the cluster")
    parser.add_argument(
        "--espalier", default=str(ROOT / ".build/release/espalier"), help="where it lies on all machines")
    own = sys.argv[1:]
    place = next((place for place, argument in enumerate(own) if argument in COMMANDS), None)
    options = parser.parse_args(own if place is None else own[:place])
    if place is None:
        parser.error("what is to be run? eval, observe or calibrate, with espalier's arguments behind it")
    if options.workers < 1 or (options.shards or 1) < 1:
        parser.error("--workers and --shards are at least 1")
    options.command = own[place:]
    reserved = [word for word in options.command if word.split("=")[0] in ("--shard", "--part", "--ranges")]
    if reserved:
        parser.error(f"{reserved[0]} is given by tools/fleet itself")
    return options


def taken(command, names):
    """The value of an option, and the command without it."""
    rest, value, words = [], None, iter(command)
    for word in words:
        name, equals, after = word.partition("=")
        if name in names:
            value = after if equals else next(words, None)
        else:
            rest.append(word)
    return value, rest


def cores(command):
    """How many threads one shard computes with, and the command that says so."""
    for names in (["-t", "--threads", "--nthreads"], ["-j", "--jobs"]):
        value, _ = taken(command, names)
        if value and value.isdigit():
            return max(1, int(value)), command
    return 1, command + (["--jobs", "1"] if command[0] != "eval" else [])


def end_with_parent():
    """Lets a process end with the one that started it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def shard(command, folder, ranges):
    """Runs one shard where the task happens to be; the bytes of its part.

    `ranges` are the bytes of the file between the rounds of 'observe' or 'calibrate', or None.
    """
    with tempfile.TemporaryDirectory(prefix="espalier-") as temporary:
        part = pathlib.Path(temporary, "part.json")
        command = command + ["--part", str(part)]
        if ranges is not None:
            between = pathlib.Path(temporary, "ranges.json")
            between.write_bytes(ranges)
            command += ["--ranges", str(between)]
        try:
            result = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, preexec_fn=end_with_parent)
        except OSError as error:
            raise Failed(1, f"fleet: cannot start espalier: {error}") from None
        if result.returncode < 0:
            raise Killed(f"signal {-result.returncode}")
        if result.returncode > 0:
            raise Failed(result.returncode, result.stderr.strip())
        return part.read_bytes()


class Fleet:
    """A cluster, and a folder for the parts that come back."""

    def __init__(self, options, folder):
        self._espalier, self._folder = options.espalier, pathlib.Path(folder)
        # Ray tells of dead workers on standard output, which is for what espalier says.
        self._output = os.dup(1)
        os.dup2(2, 1)
        if options.address:
            ray.init(address=options.address, logging_level="ERROR")
        else:
            ray.init(
                num_cpus=options.workers, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
        self._cores, self.command = cores(options.command)
        available = max(1, int(ray.cluster_resources().get("CPU", 1)))
        if self._cores > available and not options.address:
            raise Failed(2, f"fleet: a shard with {self._cores} threads needs --workers {self._cores}")
        self.shards = options.shards or 4 * max(1, available // self._cores)

    def run(self, command, name, ranges=None):
        """All shards of a command; the paths of their parts, in order."""
        task = ray.remote(
            num_cpus=self._cores, max_retries=RETRIES, retry_exceptions=[Killed])(shard)
        shared = None if ranges is None else ray.put(ranges)
        waiting = {
            task.options(name=f"{name} {index}").remote(
                [self._espalier, *command, "--shard", f"{index}/{self.shards}"], os.getcwd(), shared): index
            for index in range(1, self.shards + 1)
        }
        paths = {}
        with tqdm(total=self.shards, desc=name, unit="shard", leave=False) as bar:
            while waiting:
                [done], _ = ray.wait(list(waiting), num_returns=1)
                index = waiting.pop(done)
                paths[index] = self._folder / f"{name}-{index}.json"
                paths[index].write_bytes(ray.get(done))
                bar.update()
        return [str(paths[index]) for index in sorted(paths)]

    def merge(self, parts, *more, quiet=False):
        """Puts parts together; what espalier says goes to standard output."""
        result = subprocess.run(
            [self._espalier, "merge", *parts, *more], stdout=subprocess.DEVNULL if quiet else self._output)
        if result.returncode:
            raise Failed(result.returncode, "")

    def evaluate(self):
        flags = [word for word in self.command if word == "--json"]
        command = [word for word in self.command if word != "--json"]
        self.merge(self.run(command, "eval"), *flags)

    def rounds(self):
        """Both rounds of 'observe' or 'calibrate'."""
        flags = [word for word in self.command if word == "--json"]
        output, command = taken([word for word in self.command if word != "--json"], ["-o", "--output"])
        if output is None:
            what = "DIR, the folder" if command[0] == "observe" else "FILE.json, the file"
            raise Failed(2, f"fleet: {command[0]} needs -o {what} to write to")
        first = self.run(command, command[0])
        ranges = self._folder / "ranges.json"
        self.merge(first, "-o", str(ranges), quiet=True)
        second = self.run(command, "count", ranges.read_bytes())
        self.merge(first + second, "-o", output, *flags)


def main():
    options = arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="espalier-fleet-") as folder:
            fleet = Fleet(options, folder)
            if options.command[0] == "eval":
                fleet.evaluate()
            else:
                fleet.rounds()
        return 0
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, Failed):
            print(cause.sentence, file=sys.stderr)
            return cause.status
        print(f"fleet: a shard failed: {cause}", file=sys.stderr)
        return 1
    except ray.exceptions.RayError as error:
        print(f"fleet: a shard's worker died {RETRIES + 1} times: {error}".split("\n")[0], file=sys.stderr)
        return 1
    except ConnectionError as error:
        print(f"fleet: no cluster at '{options.address}': {error}".split("\n")[0], file=sys.stderr)
        return 1
    except Failed as error:
        if error.sentence:
            print(error.sentence, file=sys.stderr)
        return error.status
    finally:
        ray.shutdown()


if __name__ == "__main__":
    sys.exit(main())
