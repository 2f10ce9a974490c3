"""gzip, streamed: any number of members, each checked to its end."""

import zlib
from collections.abc import Iterable, Iterator

from tributary.errors import BrokenGzipError

_STEP_BYTES = 1 << 20
_INPUT_BYTES = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


def decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed bytes in pieces of at most 1 MiB, however far they were compressed.

    Zero bytes after a member are padding. Raises `BrokenGzipError` for what is not a whole member.
    """
    member = None
    is_first = True
    for data in _small(chunks):
        rest = data
        while rest:
            if member is None:
                rest = rest if is_first else rest.lstrip(b"\0")
                if not rest:
                    break
                member, is_first = zlib.decompressobj(_GZIP), False
            yield from _inflate(member, rest)
            rest = member.unused_data
            if member.eof:
                member = None
    if member is not None:
        raise BrokenGzipError("the gzip stream is cut off before the end of a member")


def _small(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _INPUT_BYTES):
            yield chunk[start : start + _INPUT_BYTES]


def _inflate(member: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """Everything that the data gives, up to the end of the member."""
    while True:
        try:
            piece = member.decompress(data, _STEP_BYTES)
        except zlib.error as error:
            raise BrokenGzipError(f"the gzip stream is broken: {error}") from error
        if piece:
            yield piece
        data = member.unconsumed_tail
        # Output may still be held back when all input is consumed.
        if member.eof or (not data and len(piece) < _STEP_BYTES):
            return
