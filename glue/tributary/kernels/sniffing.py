"""What a file is by its first bytes, whatever its name says and after it was decompressed."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from tributary.errors import EmptyFileError, OtherFormatError
from tributary.kernels.compression.streams import compression_of, is_text, peeked

FormatKind = Literal["csv", "ndjson", "json", "avro", "parquet", "orc"]

_SHOWN_CHARACTERS = 40

_BINARY: Final = {
    "avro": ("an Avro file", b"Obj\x01"),
    "parquet": ("a Parquet file", b"PAR1"),
    "orc": ("an ORC file", b"ORC"),
}

# Nothing that is one of the text formats begins so.
_NEVER_TEXT: Final = (
    (rb"%PDF-", "a PDF document"),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "bzip2 data"),
    (rb"(?:\xef\xbb\xbf)?\s*<(?i:!doctype\s+html|html|head|body)\b", "an HTML page"),
    (rb"(?:\xef\xbb\xbf)?\s*<(?i:\?xml\b|!--|!doctype\b|error\b)", "an XML document"),
)
# Looked for in what is no text alone: a header may be `ORCID,PAR1`.
_OF_NO_TEXT: Final = (
    *((re.escape(magic), what) for what, magic in _BINARY.values()),
    (rb"PARE", "a Parquet file with an encrypted footer"),
    (rb"PK\x05\x06", "a zip archive without a file"),
    (rb"ARROW1\0\0", "an Arrow (Feather) file"),
    (
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook of before 2007 (xls), or another OLE document",
    ),
    (rb"SQLite format 3\0", "an SQLite database"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (rb"Rar!\x1a\x07", "a RAR archive"),
    (rb"\xfd7zXZ\0", "xz data"),
    (rb"\x04\x22\x4d\x18", "lz4 data"),
    (rb"\xff\x06\0\0sNaPpY", "framed Snappy data"),
    (rb".{257}ustar", "a tar archive"),
)
# Text that begins in ASCII has zeros for every other byte, or for three of four; one mark begins as another.
_WIDE: Final = (
    (
        rb"\xff\xfe\0\0|\0\0\xfe\xff|(?:[^\0]\0\0\0){4}|(?:\0\0\0[^\0]){4}",
        "text in UTF-32, of which none is read",
    ),
    (rb"(?:[^\0]\0){8}|(?:\0[^\0]){8}", "text in UTF-16 without its mark, by which alone it is read"),
)
_UTF_16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def of_format(chunks: Iterable[bytes], kind: FormatKind) -> Iterator[bytes]:
    """The bytes of a file that is of the format, as far as its first ones tell; UTF-16 is given as UTF-8.

    UTF-16 is known by its mark. Raises `OtherFormatError`, which names what the file is, and `EmptyFileError`
    for a binary format without a byte.
    """
    head, content = peeked(chunks)
    if kind in _BINARY:
        _check(*_BINARY[kind], head)
        yield from content
        return
    if (found := _other_than_text(head)) is not None:
        raise OtherFormatError(_message(f"a {kind.upper()} file", found))
    yield from _as_utf_8(content, _UTF_16[head[:2]]) if head[:2] in _UTF_16 else content


def _check(wanted: str, magic: bytes, head: bytes) -> None:
    if not head:
        raise EmptyFileError(f"expected {wanted}, got no byte")
    if not head.startswith(magic):
        raise OtherFormatError(_message(wanted, _other_than_text(head) or _of_no_known_kind(head)))


def _message(wanted: str, found: str) -> str:
    way_out = f"upload it as {wanted}, or below the prefix of a dataset of its format"
    return f"expected {wanted}, got {found} ({way_out})"


def _other_than_text(head: bytes) -> str | None:
    """Name what the bytes begin, or return None where it may be text."""
    if (compression := compression_of(head)) is not None:
        return f"{compression} data inside of a compression"
    if head.startswith(b"PK\x03\x04"):
        return _of_zip(head)
    signatures = (*_WIDE, *_NEVER_TEXT) if is_text(head) else (*_WIDE, *_NEVER_TEXT, *_OF_NO_TEXT)
    return next((what for pattern, what in signatures if re.match(pattern, head, re.DOTALL)), None)


def _of_zip(head: bytes) -> str:
    name_length = int.from_bytes(head[26:28], "little")
    name = head[30 : 30 + name_length].decode("utf-8", "replace")
    if b"xl/" in head:
        return "an Excel workbook (xlsx)"
    if name in ("[Content_Types].xml", "_rels/.rels", "docProps/app.xml"):
        return "an Office document (xlsx, docx or pptx)"
    return f"a zip archive that holds {json.dumps(name)}"


def _of_no_known_kind(head: bytes) -> str:
    shown = head[:_SHOWN_CHARACTERS]
    if is_text(head):
        return f"text that begins {json.dumps(shown.decode('utf-8', 'replace'))}"
    return f"bytes that begin {shown[:8].hex(' ')}"


def _as_utf_8(content: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Decode; half of a pair, and half of a unit at the end, become bytes that are no UTF-8.

    The mark stays, as that of UTF-8, before which a reader believes no other encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for chunk in content:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    rest, _ = decoder.getstate()
    if rest:
        yield b"\xff"
