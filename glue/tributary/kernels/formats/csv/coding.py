"""Files in other encodings, or whose lines end in CR, as the UTF-8 that the kernel reads, and back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import pyarrow as pa

from tributary.datasets.declaration import CsvFormat
from tributary.kernels.formats.csv.records import BYTE_ORDER_MARK, Reject

_Codec = Literal["utf-8", "cp1252", "latin-1"]

_DECLARED: dict[str, _Codec] = {"utf-8": "utf-8", "windows-1252": "cp1252", "latin-1": "latin-1"}

# Byte by byte, so that what is no character of the encoding is none in UTF-8, and comes back as it was.
_ERRORS = "surrogateescape"

_SWAPPED = bytes.maketrans(b"\r\n", b"\n\r")


@dataclass(frozen=True, slots=True)
class Coding:
    """Way of a file's bytes to the kernel's and back, which loses none; whether the mark of UTF-8 tells it.

    A byte that windows-1252 lacks stays as it is, which is no UTF-8 either, so that the kernel finds it.
    """

    codec: _Codec
    swaps_line_ends: bool
    is_marked: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the kernel's bytes are the file's."""
        return self.codec == "utf-8" and not self.swaps_line_ends

    def read(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the kernel's bytes."""
        for chunk in chunks:
            piece = chunk
            if self.codec != "utf-8" and not chunk.isascii():
                piece = chunk.decode(self.codec, _ERRORS).encode("utf-8", _ERRORS)
            yield piece.translate(_SWAPPED) if self.swaps_line_ends else piece

    def original(self, raw: bytes) -> bytes:
        """The bytes of the file for some of the kernel's, whole characters."""
        if self.swaps_line_ends:
            raw = raw.translate(_SWAPPED)
        if self.codec == "utf-8":
            return raw
        return raw.decode("utf-8", _ERRORS).encode(self.codec, _ERRORS)

    def original_reject(self, reject: Reject) -> Reject:
        """The dead letter with the bytes of the file.

        Of one that is cut, the cut is before a character, and its length is that of the kernel's bytes.
        """
        if reject.length > len(reject.raw):
            return replace(reject, raw=self.original(_whole_characters(reject.raw)))
        raw = self.original(reject.raw)
        if reject.reason != "invalid-utf8" or self.codec == "utf-8":
            return replace(reject, raw=raw, length=len(raw))
        message = "the record has bytes that are no windows-1252"
        return Reject(reject.line, "invalid-encoding", message, raw, len(raw))

    def original_records(self, records: pa.Array) -> pa.Array:
        """The bytes of the file for those of whole records."""
        _, _, data = records.buffers()
        if not self.swaps_line_ends and (data is None or data.to_pybytes().isascii()):
            return records
        return pa.array([self.original(record) for record in records.to_pylist()], records.type)

    def original_texts(self, texts: pa.Array) -> pa.Array:
        """The texts with the line ends of the file."""
        validity, offsets, data = texts.buffers()
        if not self.swaps_line_ends or data is None:
            return texts
        swapped = pa.py_buffer(data.to_pybytes().translate(_SWAPPED))
        return pa.Array.from_buffers(
            texts.type, len(texts), [validity, offsets, swapped], texts.null_count, texts.offset
        )


def _whole_characters(raw: bytes) -> bytes:
    """The UTF-8 without its last character, which may be cut."""
    end = len(raw) - 1
    while end > 0 and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[: max(end, 0)]


def coded(chunks: Iterable[bytes], options: CsvFormat) -> tuple[Coding, Iterator[bytes]]:
    """The coding of a file, by the mark of UTF-8 or else as declared, and the kernel's bytes of it."""
    pieces = iter(chunks)
    head = b""
    while len(head) < len(BYTE_ORDER_MARK) and (piece := next(pieces, None)) is not None:
        head += piece
    is_marked = head.startswith(BYTE_ORDER_MARK)
    codec = "utf-8" if is_marked else _DECLARED[options.encoding]
    coding = Coding(codec, options.line_end == "cr", is_marked)
    return coding, coding.read(chain([head], pieces))
