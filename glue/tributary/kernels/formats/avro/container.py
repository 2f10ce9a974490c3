"""Avro's object container files: the header, and blocks whose compression is undone within bounds.

https://avro.apache.org/docs/1.12.0/specification/#object-container-files
"""

import bz2
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from tributary.errors import BlockTooLargeError, BrokenZstdError, UnreadableAvroError
from tributary.expected import expected
from tributary.kernels.compression import zstd_stream
from tributary.kernels.file_limits import FileLimits, check_expansion

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
_HEADER_BYTES = 16 << 20
_CHECKSUM_BYTES = 4
_STREAMS: Final[dict[str, Callable[[], Any]]] = {
    "deflate": lambda: zlib.decompressobj(-zlib.MAX_WBITS),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}
_CODECS: Final = ("null", "snappy", "zstandard", *_STREAMS)
_EMPTY_RECORDS = 1 << 20
"""Records of a block that may take no byte: a schema of nulls has such."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its number from 1, how many records it has, and their bytes."""

    number: int
    records: int
    data: bytes


class Container:
    """The blocks of one file, read as they come; `schema` is that of the writer, as JSON gives it.

    Raises `UnreadableAvroError` for what is cut off or broken, `BlockTooLargeError` and
    `DecompressedTooLargeError`.
    """

    def __init__(self, chunks: Iterable[bytes], limits: FileLimits) -> None:
        self._bytes = _Bytes(chunks)
        self._limits = limits
        if self._bytes.take(len(MAGIC), "the header") != MAGIC:
            raise UnreadableAvroError("the file does not begin as Avro's container files do")
        metadata = self._metadata()
        self.schema = _json(metadata.get("avro.schema", b""))
        self._codec = metadata.get("avro.codec", b"null").decode("utf-8", "replace")
        if self._codec not in _CODECS:
            wanted = f"one of the codecs {', '.join(_CODECS)}"
            raise UnreadableAvroError(f"the header: {expected(wanted, self._codec)}")
        self._sync = self._bytes.take(SYNC_BYTES, "the header")

    @property
    def taken(self) -> int:
        """Return how many bytes of the file were read so far."""
        return self._bytes.taken

    def __iter__(self) -> Iterator[Block]:
        number = size = 0
        while self._bytes.has_more():
            number += 1
            where = f"block {number}"
            records = self._bytes.number(where)
            stored = self._bytes.take(self._within(self._bytes.number(where), where), where)
            if self._bytes.take(SYNC_BYTES, where) != self._sync:
                raise UnreadableAvroError(f"{where} does not end with the marker that the header gives")
            data = self._decompressed(stored, where)
            size += len(data)
            check_expansion(self._limits, size, self._bytes.taken)
            if not 0 <= records <= max(len(data), _EMPTY_RECORDS):
                wanted = f"0 to {max(len(data), _EMPTY_RECORDS)} records in {len(data)} bytes"
                raise BlockTooLargeError(f"{where}: {expected(wanted, records)}")
            yield Block(number, records, data)

    def _metadata(self) -> dict[str, bytes]:
        where, most = "the header", _HEADER_BYTES
        found: dict[str, bytes] = {}
        while (count := self._bytes.number(where)) != 0:
            if count < 0:
                self._bytes.number(where)
            for _ in range(abs(count)):
                key = self._bytes.text(where, most).decode("utf-8", "replace")
                found[key] = self._bytes.text(where, most)
                most -= len(found[key])
        return found

    def _within(self, size: int, where: str) -> int:
        most = self._limits.block_bytes
        if size > most:
            wanted = f"at most {most} bytes, for a block is read whole (write smaller blocks)"
            raise BlockTooLargeError(f"{where}: {expected(wanted, size)}")
        return size

    def _decompressed(self, stored: bytes, where: str) -> bytes:
        try:
            return b"".join(self._pieces(stored, where))
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, BrokenZstdError) as error:
            raise UnreadableAvroError(f"{where} is no whole {self._codec} data: {error}") from error

    def _pieces(self, stored: bytes, where: str) -> Iterator[bytes]:
        """The decompressed bytes, given up as soon as they are too many."""
        most = self._limits.block_bytes + 1
        if self._codec == "null":
            yield stored
        elif self._codec == "snappy":
            yield _of_snappy(stored, self._within(_varint(stored), where))
        elif self._codec == "zstandard":
            size = 0
            for piece in zstd_stream.decompressed([stored]):
                size = self._within(size + len(piece), where)
                yield piece
        else:
            stream = _STREAMS[self._codec]()
            data = stream.decompress(stored, most)
            self._within(len(data), where)
            if not stream.eof:
                raise EOFError("it is cut off")
            yield data


def _of_snappy(stored: bytes, size: int) -> bytes:
    data: bytes = pa.Codec("snappy").decompress(stored[:-_CHECKSUM_BYTES], size, asbytes=True)
    if zlib.crc32(data) != int.from_bytes(stored[-_CHECKSUM_BYTES:], "big"):
        raise ValueError("its checksum is another one")
    return data


def _varint(data: bytes) -> int:
    value = shift = 0
    for byte in data[:10]:
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
    raise ValueError("it has no length")


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableAvroError(f"the schema in the header is no JSON: {error}") from error


class _Bytes:
    """The bytes of the chunks, taken piece by piece; `taken` counts them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._at = 0
        self.taken = 0

    def has_more(self) -> bool:
        while self._at == len(self._rest):
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._rest, self._at = chunk, 0
        return True

    def take(self, size: int, where: str) -> bytes:
        if size < 0:
            raise UnreadableAvroError(f"{where}: {expected('a length of 0 or more', size)}")
        pieces = []
        wanted = size
        while wanted:
            if not self.has_more():
                raise UnreadableAvroError(f"the file ends within {where}: it is cut off, or broken before")
            piece = self._rest[self._at : self._at + wanted]
            self._at += len(piece)
            wanted -= len(piece)
            pieces.append(piece)
        self.taken += size
        return b"".join(pieces)

    def number(self, where: str) -> int:
        """Take a whole number in zigzag code of up to ten bytes."""
        value = shift = 0
        while shift < 70:
            [byte] = self.take(1, where)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7
        raise UnreadableAvroError(f"{where} has a number of more than ten bytes")

    def text(self, where: str, most: int) -> bytes:
        size = self.number(where)
        if size > most:
            raise UnreadableAvroError(f"{where}: {expected(f'at most {_HEADER_BYTES} bytes', size)}")
        return self.take(size, where)
