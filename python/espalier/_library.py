"""espalier.h for ctypes: the structures, the functions and their types."""

from __future__ import annotations

import ctypes
import os
import pathlib
from ctypes import POINTER, c_char, c_char_p, c_float, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

from ._errors import error_of

ABI_VERSION = 1
UNKNOWN = 2**64 - 1


class Error(ctypes.Structure):
    _fields_ = [("status", c_int32), ("message", c_char * 256)]


class Port(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("shape", POINTER(c_int64)),
        ("rank", c_size_t),
        ("element_count", c_size_t),
        ("reserved", c_uint64 * 4),
    ]


class SessionOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("threads", c_uint32),
        ("limit", c_int32),
        ("spin_between_frames_microseconds", c_uint32),
        ("priority", c_int32),
        ("cores", POINTER(c_int32)),
        ("core_count", c_size_t),
        ("scheduling", c_int32),
        ("calling_core", c_int32),
        ("places_calling_thread", c_int32),
        ("workers_from_caller", c_int32),
    ]


class Frame(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("deadline_nanoseconds", c_uint64),
        ("budget_nanoseconds", c_uint64),
        ("sequence", c_uint64),
        ("captured_nanoseconds", c_uint64),
    ]


class Verdict(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("outcome", c_int32),
        ("skip_reason", c_int32),
        ("level", c_uint32),
        ("reserved", c_uint32),
        ("late_nanoseconds", c_uint64),
        ("cancelled_call", c_uint64),
        ("model_nanoseconds", c_uint64),
        ("overhead_nanoseconds", c_uint64),
        ("age_nanoseconds", c_uint64),
        ("sequence_gap", c_uint64),
    ]


class Counters(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [
        (name, c_uint64) for name in ("frames", "met", "late", "cancelled", "skipped", "degraded", "missing")
    ]


class Facts(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("threads", c_uint32),
        ("lock_error", c_uint32),
        ("instruction_set", c_char_p),
        ("memory_bytes", c_uint64),
        ("weight_bytes", c_uint64),
        ("locked_bytes", c_uint64),
        ("huge_page_bytes", c_uint64),
        ("checkpoint_nanoseconds", c_uint64),
    ]


class Verification(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("levels", c_uint32),
        ("replays", c_uint32),
        ("wrong", c_uint32),
        ("level", c_uint32),
        ("threads", c_uint32),
        ("instruction_set", c_char_p),
        ("output", c_uint64),
        ("element", c_uint64),
        ("expected", c_float),
        ("found", c_float),
        ("allowed", c_float),
    ]


Floats = POINTER(c_float)
_ERROR = POINTER(Error)
_PORT_ARGUMENTS = [c_void_p, c_size_t, POINTER(Port), _ERROR]
_FUNCTIONS = {
    "espalier_abi_version": (c_uint32, []),
    "espalier_model_open": (c_void_p, [c_char_p, _ERROR]),
    "espalier_model_close": (None, [c_void_p]),
    "espalier_model_input_count": (c_size_t, [c_void_p]),
    "espalier_model_output_count": (c_size_t, [c_void_p]),
    "espalier_model_input": (c_int32, _PORT_ARGUMENTS),
    "espalier_model_output": (c_int32, _PORT_ARGUMENTS),
    "espalier_model_call_name": (c_char_p, [c_void_p, c_size_t]),
    "espalier_model_verify": (c_int32, [c_void_p, c_int32, c_uint32, POINTER(Verification), _ERROR]),
    "espalier_session_create": (c_void_p, [c_void_p, POINTER(SessionOptions), _ERROR]),
    "espalier_session_destroy": (None, [c_void_p]),
    "espalier_session_prepare": (c_int32, [c_void_p, c_uint32, c_int32, POINTER(Facts), _ERROR]),
    "espalier_session_counters": (c_int32, [c_void_p, POINTER(Counters), _ERROR]),
    "espalier_session_run_deadline": (
        c_int32,
        [
            c_void_p, POINTER(Floats), c_size_t, POINTER(Floats), c_size_t, POINTER(Frame), POINTER(Verdict), _ERROR,
        ],
    ),
}


def _load() -> ctypes.CDLL:
    path = os.environ.get("ESPALIER_LIBRARY") or pathlib.Path(__file__).with_name("libespalier.so.1")
    library = ctypes.CDLL(os.fspath(path))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    found = library.espalier_abi_version()
    if found != ABI_VERSION:
        raise ImportError(f"{path} has version {found} of espalier's C interface; this package needs {ABI_VERSION}")
    return library


library = _load()


def made(function, *arguments):
    """The handle that a function makes, or an exception."""
    error = Error()
    handle = function(*arguments, ctypes.byref(error))
    if not handle:
        raise error_of(error.status, error.message.decode(errors="replace"))
    return handle


def done(function, *arguments) -> None:
    """Calls a function that gives a status; an exception where it is not 0."""
    error = Error()
    if function(*arguments, ctypes.byref(error)) != 0:
        raise error_of(error.status, error.message.decode(errors="replace"))
