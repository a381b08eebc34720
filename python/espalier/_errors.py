"""What the library refuses, as exceptions with its own sentences."""

from __future__ import annotations


class EspalierError(Exception):
    """A call was refused; its text is the library's sentence."""


class UnreadableError(EspalierError, OSError):
    """The system refused to open or map the file."""


class InvalidModelError(EspalierError, ValueError):
    """Not a packed file, damaged, or made for another runtime."""


class InvalidArgumentError(EspalierError, ValueError):
    """A wrong count, shape or option."""


class OutOfMemoryError(EspalierError, MemoryError):
    """No memory for the model or the session."""


class ThreadRefusedError(EspalierError, OSError):
    """The system refused a thread, its core or its priority."""


class SessionInUseError(EspalierError, RuntimeError):
    """Another thread's call of the session is running."""


class WrongResultError(EspalierError, ArithmeticError):
    """A pack does not give here what it gave where it was made."""


# By espalier_status.
_BY_STATUS = {
    1: InvalidArgumentError,
    2: UnreadableError,
    3: InvalidModelError,
    4: OutOfMemoryError,
    5: ThreadRefusedError,
    6: SessionInUseError,
    7: WrongResultError,
}


def error_of(status: int, message: str) -> EspalierError:
    return _BY_STATUS.get(status, EspalierError)(message)
