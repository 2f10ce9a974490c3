"""gzip, streamed: any number of members, each checked to its end.

By ISA-L, in less than half of zlib's time: NDJSON packed to a third comes out at 890 MB/s a core, not 390.
"""

from collections.abc import Iterable, Iterator

from isal import isal_zlib

from tributary.errors import BrokenGzipError

_STEP_BYTES = 1 << 20
_INPUT_BYTES = 1 << 16
_GZIP = 16 + isal_zlib.MAX_WBITS
_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub says an instance


def decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed bytes in pieces of at most 1 MiB, however far they were compressed.

    Zero bytes after a member are padding. Raises `BrokenGzipError` for what is not a whole member,
    and for a stream without any.
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
                member, is_first = isal_zlib.decompressobj(_GZIP), False
            yield from _inflate(member, rest)
            rest = member.unused_data
            if member.eof:
                member = None
    if is_first:
        raise BrokenGzipError("the gzip stream is empty")
    if member is not None:
        raise BrokenGzipError("the gzip stream is cut off before the end of a member")


def _small(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _INPUT_BYTES):
            yield chunk[start : start + _INPUT_BYTES]


def _inflate(member: "isal_zlib.Decompress", data: bytes) -> Iterator[bytes]:
    """Everything that the data gives, up to the end of the member."""
    while True:
        try:
            piece = member.decompress(data, _STEP_BYTES)
        except _ERROR as error:
            raise BrokenGzipError(f"the gzip stream is broken: {error}") from error
        if piece:
            yield piece
        data = member.unconsumed_tail
        # Output may still be held back when all input is consumed.
        if member.eof or (not data and len(piece) < _STEP_BYTES):
            return
