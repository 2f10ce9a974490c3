"""The native NDJSON kernel: a thin way into the library that glue/native holds the source of.

The library speaks the Arrow C data interface, so what it makes becomes Arrow batches without a copy; the
interpreter's lock is free while it works.
"""

import ctypes
import secrets
from collections.abc import Iterable, Iterator
from functools import cache

import pyarrow as pa

from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.record_limits import RecordLimits

_MAXIMUM_BYTES = 1 << 28
"""A line and a batch may have that many: the offsets of an Arrow string column are 32-bit, and the reasons of
rejects take up to 13 bytes for two of the input."""

_MOST = (1 << 64) - 1
"""Any other limit goes to the library in 64 bits."""

_BATCH, _OUT_OF_MEMORY = 1, -1

_MESSAGE = REJECTS.field("message")
_NO_REJECTS = pa.RecordBatch.from_pylist([], schema=REJECTS)
_REJECTS = REJECTS.remove(REJECTS.get_field_index("message"))
"""Rejects as the library gives them: their reasons have no message of their own."""


_NUMBERS = tuple(name for name in RecordLimits.__slots__ if name != "declared")


class _Options(ctypes.Structure):
    """`Options` of ndjson.zig: the numbers of `RecordLimits`, then these three."""

    _fields_ = [(name, ctypes.c_uint64) for name in (*_NUMBERS, "keep_lines", "several", "seed")]


class _Array(ctypes.Structure):
    """`struct ArrowArray` of the Arrow C data interface."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
        *((name, ctypes.c_void_p) for name in ("buffers", "children", "dictionary", "release", "private")),
    ]

    def free(self) -> None:
        """Release what nobody has taken."""
        if self.release:
            ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))(self.release)(ctypes.byref(self))


class _Output(ctypes.Structure):
    """`Output` of ndjson.zig: where a batch is put."""

    _fields_ = [(name, ctypes.POINTER(_Array)) for name in ("names", "rows", "positions", "rejects")]


class _Library:
    """The functions of one variant of the library: the same code, compiled for a kind of CPU."""

    def __init__(self, library: ctypes.CDLL, variant: str) -> None:
        def named(name: str) -> tuple[str, ctypes.CDLL]:
            return f"tributary_ndjson_{variant}_{name}", library

        parser, status, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
        self.open = ctypes.CFUNCTYPE(parser, ctypes.POINTER(_Options))(named("open"))
        self.declare = ctypes.CFUNCTYPE(status, parser, ctypes.c_char_p, ctypes.POINTER(size), size)(
            named("declare")
        )
        self.feed = ctypes.CFUNCTYPE(status, parser, ctypes.c_void_p, size, ctypes.POINTER(size))(
            named("feed")
        )
        self.finish = ctypes.CFUNCTYPE(status, parser)(named("finish"))
        self.take = ctypes.CFUNCTYPE(status, parser, ctypes.POINTER(_Output))(named("take"))
        self.close = ctypes.CFUNCTYPE(None, parser)(named("close"))


def variants() -> tuple[str, ...]:
    """The variants that this machine's CPU can run, the fastest first; raises `ImportError` without any."""
    return tuple(_loaded())


@cache
def _loaded() -> dict[str, _Library]:
    # Only where it is asked for: a machine without the library reads with the plain kernel.
    from tributary_native import LIBRARY  # noqa: PLC0415

    try:
        library = ctypes.CDLL(str(LIBRARY))
        library.tributary_variants.restype = ctypes.c_char_p
        names = library.tributary_variants().decode("ascii").split()
        return {name: _Library(library, name) for name in names}
    except (OSError, AttributeError) as error:  # no such file, another platform's, or not this library
        raise ImportError(f"the native library cannot be loaded: {error}") from error


def parse_native(
    chunks: Iterable[bytes],
    limits: RecordLimits,
    *,
    keep_lines: bool,
    several: bool = True,
    variant: str | None = None,
) -> Iterator[FormatBatch]:
    """The batches of the input, by the fastest variant or the one named.

    A chunk may be anything with the buffer protocol. Raises `ImportError` without the library, `ValueError`
    for limits beyond what it can hold, `TypeError` for other chunks, `MemoryError`, and what `chunks` raises.
    """
    libraries = _loaded()
    library = libraries[variant or next(iter(libraries))]
    numbers, declared = _checked_limits(limits)
    options = _Options(*numbers, keep_lines, several, secrets.randbits(64))
    parser = library.open(ctypes.byref(options))
    if not parser:
        raise MemoryError
    try:
        if declared is not None:
            _checked(library.declare(parser, *declared))
        positions = POSITIONS_WITH_BYTES if keep_lines else POSITIONS
        for chunk in chunks:
            yield from _feed(library, parser, chunk, positions)
        while _checked(library.finish(parser)) == _BATCH:
            yield _take(library, parser, positions)
    finally:
        library.close(parser)


_Names = tuple[bytes, "ctypes.Array[ctypes.c_size_t]", int]
"""Keys in one piece, the length of each in bytes, and their number."""


@cache
def _checked_limits(limits: RecordLimits) -> tuple[tuple[int, ...], _Names | None]:
    """The numbers, and the declared keys if there are any."""
    numbers: dict[str, int] = {name: getattr(limits, name) for name in _NUMBERS}
    for name, limit in numbers.items():
        most = _MAXIMUM_BYTES if name.endswith("_bytes") else _MOST
        if not 0 <= limit <= most:
            raise ValueError(f"{name} is {limit}: it may be from 0 to {most}")
    return tuple(numbers.values()), _names(limits.declared) if limits.declared else None


def _names(keys: tuple[str, ...]) -> _Names:
    names = [key.encode("utf-8", "surrogatepass") for key in dict.fromkeys(keys)]
    return b"".join(names), (ctypes.c_size_t * len(names))(*map(len, names)), len(names)


def _feed(library: _Library, parser: int, chunk: bytes, positions: pa.Schema) -> Iterator[FormatBatch]:
    # The chunk itself is read in place, and kept alive by `buffer`.
    buffer = pa.py_buffer(chunk)
    consumed = ctypes.c_size_t(0)
    at = 0
    while at < buffer.size:
        status = _checked(library.feed(parser, buffer.address + at, buffer.size - at, ctypes.byref(consumed)))
        at += consumed.value
        if status == _BATCH:
            yield _take(library, parser, positions)


def _take(library: _Library, parser: int, positions: pa.Schema) -> FormatBatch:
    arrays = [_Array() for _ in range(4)]
    try:
        _checked(library.take(parser, _Output(*map(ctypes.pointer, arrays))))
        names, rows, places, rejects = (ctypes.addressof(array) for array in arrays)
        keys = pa.Array._import_from_c(names, pa.string()).to_pylist()
        schema = pa.schema([(key, pa.string()) for key in keys])
        return FormatBatch(
            rows=pa.RecordBatch._import_from_c(rows, schema),
            positions=pa.RecordBatch._import_from_c(places, positions),
            rejects=_with_messages(pa.RecordBatch._import_from_c(rejects, _REJECTS)),
        )
    finally:
        for array in arrays:
            array.free()


def _with_messages(rejects: pa.RecordBatch) -> pa.RecordBatch:
    if not rejects.num_rows:
        return _NO_REJECTS
    return rejects.append_column(_MESSAGE, pa.nulls(rejects.num_rows, pa.string()))


def _checked(status: int) -> int:
    if status == _OUT_OF_MEMORY:
        raise MemoryError("the native NDJSON kernel has no memory left")
    return status
