"""zstd, streamed: any number of frames, each checked to its end."""

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa

from tributary.errors import BrokenZstdError

_STEP_BYTES = 1 << 20


def decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed bytes in pieces of at most 1 MiB, however far they were compressed.

    Skippable frames give nothing. Raises `BrokenZstdError` for what is not a whole frame, and for one that
    needs a window of more than 128 MiB (zstd's own bound; `--ultra` and `--long` can pass it).
    """
    source = _Source(chunks)
    stream = pa.CompressedInputStream(pa.PythonFile(source, "r"), "zstd")
    while piece := _read(stream, source):
        yield piece
    if not source.has_given:
        raise BrokenZstdError("the zstd stream is empty")


def _read(stream: pa.CompressedInputStream, source: "_Source") -> bytes:
    try:
        piece: bytes = stream.read(_STEP_BYTES)
    except (OSError, pa.ArrowException) as error:
        if source.failure:  # the stream raises it again, but perhaps as another class
            raise source.failure from None
        raise BrokenZstdError(f"the zstd stream is broken: {error}") from error
    return piece


class _Source(io.RawIOBase):
    """The chunks as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.has_given = False
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest and (chunk := self._next()) is not None:
            self._rest = memoryview(chunk)
            self.has_given = self.has_given or bool(chunk)
        piece = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return piece

    def _next(self) -> bytes | None:
        try:
            return next(self._chunks, None)
        except Exception as error:
            self.failure = error
            raise
