"""Compression of files, by their names."""

from collections.abc import Iterable, Iterator

from tributary.errors import DecompressedTooLargeError
from tributary.expected import expected
from tributary.kernels.compression import gzip_stream, zstd_stream
from tributary.kernels.file_limits import FileLimits


def is_compressed(key: str) -> bool:
    """Return True where a file of that name is taken for compressed."""
    return key.endswith((".gz", ".zst"))


def uncompressed(key: str, chunks: Iterable[bytes], limits: FileLimits | None = None) -> Iterator[bytes]:
    """The bytes of a file's content: `.gz` is gunzipped, `.zst` is decompressed, anything else is as it is.

    `limits` bound what is decompressed; None where that was checked before. Raises `BrokenGzipError` or
    `BrokenZstdError` where the stream does not hold what its name says, and `DecompressedTooLargeError`.
    """
    if not is_compressed(key):
        return iter(chunks)
    stored = _Counted(chunks)
    stream = gzip_stream if key.endswith(".gz") else zstd_stream
    pieces = stream.decompressed(stored)
    return pieces if limits is None else _bounded(pieces, stored, limits)


class _Counted:
    """The chunks, with the number of bytes given so far."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.bytes += len(chunk)
            yield chunk


def _bounded(pieces: Iterator[bytes], stored: _Counted, limits: FileLimits) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.decompressed_bytes:
            wanted = f"at most {limits.decompressed_bytes} bytes decompressed (upload it in parts)"
            raise DecompressedTooLargeError(expected(wanted, size))
        if size > limits.ratio_from_bytes and size > limits.ratio * stored.bytes:
            wanted = (
                f"at most {limits.ratio} bytes decompressed for each byte stored, from "
                f"{limits.ratio_from_bytes} on (upload it in parts, or not compressed)"
            )
            raise DecompressedTooLargeError(f"{expected(wanted, size)} of the first {stored.bytes} stored")
        yield piece
