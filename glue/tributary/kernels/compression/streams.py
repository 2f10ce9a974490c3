"""Compression of files, by their bytes; a name only says what an empty or broken stream was to be."""

from collections.abc import Iterable, Iterator
from itertools import chain

from tributary.errors import BrokenGzipError, BrokenZstdError
from tributary.kernels.compression import gzip_stream, zstd_stream
from tributary.kernels.file_limits import FileLimits, check_expansion

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
# 16 numbers, of which the last half byte says which.
_SKIPPABLE = b"\x2a\x4d\x18"
_NAMED = {".gz": (_GZIP, BrokenGzipError, "gzip"), ".zst": (_ZSTD, BrokenZstdError, "zstd")}
HEAD_BYTES = 4096
"""First bytes of a file by which its compression and its kind are told."""

_TEXT = frozenset(b"\t\n\v\f\r\x1b") | frozenset(range(0x20, 0x100))
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def compression_of(head: bytes) -> str | None:
    """Return "gzip" or "zstd" where the first bytes of a file are those of one, otherwise None."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD) or (head[:1].hex().startswith("5") and head[1:4] == _SKIPPABLE):
        return "zstd"
    return None


def uncompressed(key: str, chunks: Iterable[bytes], limits: FileLimits | None = None) -> Iterator[bytes]:
    """The bytes of a file's content: gzip and zstd are decompressed, anything else is as it is.

    `limits` bound what is decompressed; None where that was checked before. Raises `BrokenGzipError` or
    `BrokenZstdError` where the stream is broken, or is neither what its name says nor text, and
    `DecompressedTooLargeError`.
    """
    head, stored = peeked(chunks)
    kind = compression_of(head)
    if kind is None:
        _check_name(key, head)
        yield from stored
        return
    counted = Counted(stored)
    pieces = (gzip_stream if kind == "gzip" else zstd_stream).decompressed(counted)
    yield from pieces if limits is None else _bounded(pieces, counted, limits)


def peeked(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `HEAD_BYTES`, or fewer of a shorter file, and all of the chunks."""
    rest = iter(chunks)
    held: list[bytes] = []
    found = 0
    while found < HEAD_BYTES and (chunk := next(rest, None)) is not None:
        held.append(chunk)
        found += len(chunk)
    return b"".join(held)[:HEAD_BYTES], chain(held, rest)


def is_text(head: bytes) -> bool:
    """Return True where the bytes may be text: of UTF-16 by its mark, or of another encoding."""
    return head.startswith(_UTF_16_MARKS) or _TEXT.issuperset(head)


def _check_name(key: str, head: bytes) -> None:
    """Refuse what is not compressed under the name of a compression, unless it is text."""
    for suffix, (magic, error, name) in _NAMED.items():
        if key.endswith(suffix) and (magic.startswith(head) or not is_text(head)):
            what = "is empty" if not head else f"begins with {head[:4].hex(' ')}, which is no {name}"
            raise error(f"the {name} stream {what}")


class Counted:
    """The chunks, with the number of bytes given so far."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.bytes += len(chunk)
            yield chunk


def _bounded(pieces: Iterator[bytes], stored: Counted, limits: FileLimits) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        check_expansion(limits, size, stored.bytes)
        yield piece
