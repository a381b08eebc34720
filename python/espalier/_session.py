"""Models and frames."""

from __future__ import annotations

import ctypes
import dataclasses
import enum
import os
import weakref
from typing import Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _library as c
from ._errors import InvalidArgumentError

Inputs = Union[npt.ArrayLike, Mapping[str, npt.ArrayLike]]

_INSTRUCTION_SETS = {"any": 0, "scalar": 1, "avx2": 2, "avx512": 3, "neon": 4}


@dataclasses.dataclass(frozen=True)
class Port:
    """An input or output, in the layout of the ONNX model."""

    name: str
    shape: Tuple[int, ...]
    dtype: np.dtype


class Outcome(enum.Enum):
    """What became of a frame."""

    MET = 0
    LATE = 1
    CANCELLED = 2
    SKIPPED = 3


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of a frame with a deadline, and its outputs where they are complete."""

    outcome: Outcome
    outputs: Optional[dict[str, npt.NDArray[np.float32]]]
    late_seconds: float
    cancelled_at: Optional[str]
    """The first kernel call that lacks work."""
    level: int
    model_seconds: float
    overhead_seconds: float

    @property
    def has_outputs(self) -> bool:
        return self.outputs is not None


@dataclasses.dataclass(frozen=True)
class Counters:
    """What became of a session's frames so far; each has one outcome."""

    frames: int
    met: int
    late: int
    cancelled: int
    skipped: int
    degraded: int
    missing: int


class Session:
    """A packed model with its working memory and threads. One thread at a time may run frames."""

    def __init__(
        self,
        path: Union[str, "os.PathLike[str]"],
        *,
        threads: int = 1,
        instruction_set: str = "any",
        cores: Sequence[int] = (),
        priority: int = 0,
    ) -> None:
        """Opens a pack and starts `threads - 1` workers.

        `instruction_set`: kernels of no higher one are chosen: any, scalar, avx2, avx512 or neon. `cores`: for the
        workers, in turn. `priority`: real-time, of the workers; 0: the caller's.
        """
        if instruction_set not in _INSTRUCTION_SETS:
            raise InvalidArgumentError(f"there is no instruction set {instruction_set!r}: {list(_INSTRUCTION_SETS)}")
        if not 0 < threads < 2**32:
            raise InvalidArgumentError(f"a session runs on 1 to 256 threads, not on {threads}")
        self._model = c.made(c.library.espalier_model_open, os.fsencode(path))
        self._close_model = weakref.finalize(self, c.library.espalier_model_close, self._model)
        list_of_cores = (ctypes.c_int32 * len(cores))(*cores)
        options = c.SessionOptions(
            ctypes.sizeof(c.SessionOptions), threads, _INSTRUCTION_SETS[instruction_set], 50, priority,
            list_of_cores if cores else None, len(cores), 1, -1, 0, 0,
        )
        self._session = c.made(c.library.espalier_session_create, self._model, ctypes.byref(options))
        self._close_session = weakref.finalize(self, c.library.espalier_session_destroy, self._session)
        self._inputs = self._ports(c.library.espalier_model_input_count, c.library.espalier_model_input)
        self._outputs = self._ports(c.library.espalier_model_output_count, c.library.espalier_model_output)
        self._facts: Optional[c.Facts] = None

    @property
    def inputs(self) -> Tuple[Port, ...]:
        return self._inputs

    @property
    def outputs(self) -> Tuple[Port, ...]:
        return self._outputs

    @property
    def instruction_set(self) -> str:
        """The one whose kernels run."""
        return self._prepared().instruction_set.decode()

    @property
    def counters(self) -> Counters:
        found = c.Counters(ctypes.sizeof(c.Counters))
        c.done(c.library.espalier_session_counters, self._alive(), ctypes.byref(found))
        return Counters(*(getattr(found, field.name) for field in dataclasses.fields(Counters)))

    def prepare(self, warm_up_frames: int = 3, lock_memory: bool = False) -> None:
        """Makes the next frame as fast as any later one."""
        facts = c.Facts(ctypes.sizeof(c.Facts))
        c.done(
            c.library.espalier_session_prepare, self._alive(), warm_up_frames, int(lock_memory), ctypes.byref(facts)
        )
        self._facts = facts

    def run(self, inputs: Inputs, *more: npt.ArrayLike) -> dict[str, npt.NDArray[np.float32]]:
        """The outputs by name. Inputs are given by name, or one after another in the model's order."""
        outputs = self._room()
        self._run(self._given(inputs, more), outputs, None)
        return self._named(outputs)

    def run_until(self, inputs: Inputs, *more: npt.ArrayLike, deadline: float) -> Verdict:
        """The same within `deadline` seconds from now; computing ends soon after them."""
        if not 0 <= deadline < 2**63 / 1e9:
            raise InvalidArgumentError(f"a deadline is a number of seconds from now, not {deadline}")
        outputs = self._room()
        frame = c.Frame(ctypes.sizeof(c.Frame), c.UNKNOWN, int(deadline * 1e9), c.UNKNOWN, c.UNKNOWN)
        found = self._run(self._given(inputs, more), outputs, frame)
        outcome = Outcome(found.outcome)
        name = (
            c.library.espalier_model_call_name(self._model, found.cancelled_call)
            if outcome is Outcome.CANCELLED
            else None
        )
        return Verdict(
            outcome=outcome,
            outputs=self._named(outputs) if outcome in (Outcome.MET, Outcome.LATE) else None,
            late_seconds=found.late_nanoseconds / 1e9,
            cancelled_at=name.decode() if name else None,
            level=found.level,
            model_seconds=found.model_nanoseconds / 1e9,
            overhead_seconds=found.overhead_nanoseconds / 1e9,
        )

    def verify(self, threads: int = 0, instruction_set: str = "any") -> int:
        """Replays the pack's golden vectors; how many replays were made, 0 where it has none.

        On every instruction set up to `instruction_set`, with `threads` threads, 0: with 1 to 4. Raises WrongResultError
        where outputs are not what they were where the pack was made, InvalidModelError where its bytes are damaged.
        """
        if instruction_set not in _INSTRUCTION_SETS:
            raise InvalidArgumentError(f"there is no instruction set {instruction_set!r}: {list(_INSTRUCTION_SETS)}")
        if not 0 <= threads < 2**32:
            raise InvalidArgumentError(f"a session runs on 1 to 256 threads, not on {threads}")
        self._alive()
        found = c.Verification(ctypes.sizeof(c.Verification))
        c.done(
            c.library.espalier_model_verify, self._model, _INSTRUCTION_SETS[instruction_set], threads,
            ctypes.byref(found),
        )
        return found.replays

    def close(self) -> None:
        """Ends the workers and gives the memory back. Later calls are refused."""
        self._close_session()
        self._close_model()
        self._session = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _alive(self):
        if self._session is None:
            raise InvalidArgumentError("the session is closed")
        return self._session

    def _prepared(self) -> c.Facts:
        if self._facts is None:
            self.prepare(warm_up_frames=0)
        assert self._facts is not None
        return self._facts

    def _ports(self, count, describe) -> Tuple[Port, ...]:
        ports = []
        for index in range(count(self._model)):
            port = c.Port()
            c.done(describe, self._model, index, ctypes.byref(port))
            ports.append(Port(port.name.decode(), tuple(port.shape[: port.rank]), np.dtype(np.float32)))
        return tuple(ports)

    def _given(self, inputs: Inputs, more: Sequence[npt.ArrayLike]) -> list[npt.NDArray[np.float32]]:
        names = [port.name for port in self._inputs]
        if isinstance(inputs, Mapping):
            if more or set(inputs) != set(names):
                raise InvalidArgumentError(f"the inputs are {names}, not {list(inputs)}{' and more' if more else ''}")
            given = [inputs[name] for name in names]
        else:
            given = [inputs, *more]
            if len(given) != len(names):
                raise InvalidArgumentError(f"the model has {len(names)} inputs, the call gives {len(given)}")
        return [self._fitting(port, value) for port, value in zip(self._inputs, given)]

    @staticmethod
    def _fitting(port: Port, value: npt.ArrayLike) -> npt.NDArray[np.float32]:
        array = np.asarray(value)
        if array.shape != port.shape:
            raise InvalidArgumentError(f"input {port.name!r} has the shape {port.shape}, not {array.shape}")
        if not np.can_cast(array.dtype, np.float32, "same_kind"):
            raise InvalidArgumentError(f"input {port.name!r} is float32; {array.dtype} does not become that unasked")
        return np.ascontiguousarray(array, dtype=np.float32)

    def _room(self) -> list[npt.NDArray[np.float32]]:
        return [np.empty(port.shape, np.float32) for port in self._outputs]

    def _named(self, outputs: list[npt.NDArray[np.float32]]) -> dict[str, npt.NDArray[np.float32]]:
        return {port.name: array for port, array in zip(self._outputs, outputs)}

    def _run(
        self,
        inputs: list[npt.NDArray[np.float32]],
        outputs: list[npt.NDArray[np.float32]],
        frame: Optional[c.Frame],
    ) -> c.Verdict:
        verdict = c.Verdict(ctypes.sizeof(c.Verdict))
        c.done(
            c.library.espalier_session_run_deadline, self._alive(), _pointers(inputs), len(inputs),
            _pointers(outputs), len(outputs), ctypes.byref(frame) if frame else None, ctypes.byref(verdict),
        )
        return verdict


def _pointers(arrays: list[npt.NDArray[np.float32]]):
    return (c.Floats * len(arrays))(*(array.ctypes.data_as(c.Floats) for array in arrays))
