"""Runs packed neural networks on the CPU: packs of ``espalier compile``, numpy arrays in and out."""

from ._errors import (
    EspalierError,
    InvalidArgumentError,
    InvalidModelError,
    OutOfMemoryError,
    SessionInUseError,
    ThreadRefusedError,
    UnreadableError,
    WrongResultError,
)
from ._session import Counters, Outcome, Port, Session, Verdict

__all__ = [
    "Counters",
    "EspalierError",
    "InvalidArgumentError",
    "InvalidModelError",
    "OutOfMemoryError",
    "Outcome",
    "Port",
    "Session",
    "SessionInUseError",
    "ThreadRefusedError",
    "UnreadableError",
    "Verdict",
    "WrongResultError",
]
