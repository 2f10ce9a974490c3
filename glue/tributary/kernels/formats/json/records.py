"""JSON texts over any number of lines through the NDJSON kernel, which reads lines.

A line break cannot stand in a line. But JSON has line breaks between tokens only, as it has tabs and carriage
returns; in a string all three are errors. So before the kernel sees a text with line breaks,

| stands for | is written |
|---|---|
| line feed | CR, space |
| CR | CR, tab |

and every broken text stays broken. The other way round, each CR in what comes out begins one of the two, so
that the exact text of nested values comes back. A string's value holds none, unless it is written as an
escape: then Python's parser tells which values are strings.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.record_limits import RecordLimits

_CHUNK_BYTES = 256 << 10
# Of a place, so that records of a byte do not pile up before the kernel counts rejects.
_PLACE_BYTES = 16
_SPACES = b" \t\n\r"
_ESCAPED_CR = re.compile(rb"\\(?:r|u000[dD])")
# What is blank is no record, and must not be taken for an empty line, nor a byte order mark for the stream's.
_NO_LINE = r"^[ \t\r\n]*$|^\x{FEFF}"


Why = tuple[str, str | None]
"""A reason, and a sentence of its own where it has one."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON text without white space around it, and the offset of its first byte in the file.

    With `why` it is a reject, of that length, whatever its text, which may be its beginning alone. Members
    that stood `around` an object become its first ones.
    """

    offset: int
    text: bytes
    around: bytes = b""
    length: int = -1
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int
    is_written_otherwise: bool
    added: int
    rejected: Record | None


def parse_records(records: Iterable[Record], limits: RecordLimits) -> Iterator[FormatBatch]:
    """The records as batches whose `line` is the number of the record, from 1, and which hold its bytes.

    A record is long with more than `line_bytes`, each line feed and CR in it counted twice where it has any
    line feed. Memory holds the records of a batch.
    """
    places: dict[int, _Place] = {}
    for batch in parse(_chunks(records, places), limits, keep_lines=True, several=False):
        yield _restored(batch, places)


def parse_texts(texts: pa.Array, limits: RecordLimits) -> Iterator[FormatBatch]:
    """Parse the texts, none null, of a column; of their positions only the lines are meaningful."""
    if not pc.any(pc.match_substring_regex(texts, rf"\n|{_NO_LINE}")).as_py():
        yield from _parse_lines(texts, limits)
    elif pc.any(pc.match_substring_regex(texts, rf"{_ESCAPED_CR.pattern.decode()}|{_NO_LINE}")).as_py():
        blanks = " \t\n\r"
        yield from parse_records(
            (Record(0, each.strip(blanks).encode() or b"?") for each in texts.to_pylist()), limits
        )
    else:
        written = pc.replace_substring(pc.replace_substring(texts, "\r", "\r\t"), "\n", "\r ")
        for batch in _parse_lines(written, limits):
            columns = [
                pc.replace_substring(pc.replace_substring(column, "\r ", "\n"), "\r\t", "\r")
                for column in batch.rows.columns
            ]
            rows = pa.RecordBatch.from_arrays(columns, schema=batch.rows.schema) if columns else batch.rows
            yield FormatBatch(rows, batch.positions, batch.rejects)


def _parse_lines(texts: pa.Array, limits: RecordLimits) -> Iterator[FormatBatch]:
    lines = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    return parse([pc.binary_join(lines, "\n")[0].as_buffer().to_pybytes()], limits, several=False)


def _chunks(records: Iterable[Record], places: dict[int, _Place]) -> Iterator[bytes]:
    # The first line is blank: a byte order mark is skipped at the beginning of a stream, and is no JSON here.
    held, size = [b""], 0
    for number, record in enumerate(records, 2):
        text = b"?" if record.why else _surrounded(record)
        added = 0 if record.why else len(text) - len(record.text)
        is_written_otherwise = b"\n" in text
        if is_written_otherwise:
            text = text.replace(b"\r", b"\r\t").replace(b"\n", b"\r ")
        length = record.length if record.why else len(record.text)
        rejected = record if record.why else None
        places[number] = _Place(record.offset, length, is_written_otherwise, added, rejected)
        held.append(text)
        size += len(text) + _PLACE_BYTES
        if size >= _CHUNK_BYTES:
            yield b"\n".join([*held, b""])
            held, size = [], 0
    if held:
        yield b"\n".join([*held, b""])


def _surrounded(record: Record) -> bytes:
    """The text with what stood around it as its first members."""
    if not record.around or not record.text.startswith(b"{"):
        return record.text
    is_empty = record.text[1:].lstrip(_SPACES).startswith(b"}")
    return b"{" + record.around + (b"" if is_empty else b",") + record.text[1:]


def _restored(batch: FormatBatch, places: dict[int, _Place]) -> FormatBatch:
    found = [places.pop(number) for number in batch.positions["line"].to_pylist()]
    texts = _own_texts(batch.positions, found)
    rows = batch.rows
    if any(place.is_written_otherwise for place in found):
        rows = _own_values(rows, found, texts)
    positions = _own_places(batch.positions, found, texts)
    rejected = [places.pop(number) for number in batch.rejects["line"].to_pylist()]
    rejects = _own_places(batch.rejects, rejected, _own_texts(batch.rejects, rejected))
    return FormatBatch(rows, positions, _own_reasons(rejects, rejected))


def _own_texts(lines: pa.RecordBatch, places: list[_Place]) -> list[bytes]:
    texts = zip(lines["bytes"].to_pylist(), places, strict=True)
    return [_own_bytes(text) if place.is_written_otherwise else text for text, place in texts]


def _own_places(lines: pa.RecordBatch, places: list[_Place], texts: list[bytes]) -> pa.RecordBatch:
    """The lines as the records that they stand for."""
    if not places:
        return lines
    own = {
        "line": [number - 1 for number in lines["line"].to_pylist()],
        "offset": [place.offset for place in places],
        "length": [place.length for place in places],
        "bytes": [
            text[:1] + text[1 + place.added :] if place.added else text
            for text, place in zip(texts, places, strict=True)
        ],
    }
    return _with(lines, own)


def _own_reasons(rejects: pa.RecordBatch, places: list[_Place]) -> pa.RecordBatch:
    """The rejects, with the reasons of those that were none of the kernel's."""
    if not any(place.rejected for place in places):
        return rejects
    own: dict[str, list[Any]] = {name: rejects[name].to_pylist() for name in ("reason", "message", "bytes")}
    for row, place in enumerate(places):
        if place.rejected and place.rejected.why:
            own["reason"][row], own["message"][row] = place.rejected.why
            own["bytes"][row] = place.rejected.text
    return _with(rejects, own)


def _with(batch: pa.RecordBatch, own: dict[str, list[Any]]) -> pa.RecordBatch:
    columns = [
        pa.array(own[name], kind) if name in own else batch[name]
        for name, kind in zip(batch.schema.names, batch.schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _own_bytes(text: bytes) -> bytes:
    # Of a long text the beginning is left, which may end amid one of the two.
    return text.removesuffix(b"\r").replace(b"\r ", b"\n").replace(b"\r\t", b"\r")


def _own_values(rows: pa.RecordBatch, places: list[_Place], texts: list[bytes]) -> pa.RecordBatch:
    columns = []
    strings: dict[int, Collection[str]] = {}
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        values: list[str | None] = column.to_pylist()
        for row, value in enumerate(values):
            if value is not None and "\r" in value and places[row].is_written_otherwise:
                if row not in strings:
                    strings[row] = _keys_of_strings(texts[row])
                values[row] = value if name in strings[row] else _own_text(value)
        columns.append(pa.array(values, pa.string()))
    return pa.RecordBatch.from_arrays(columns, schema=rows.schema) if columns else rows


def _own_text(text: str) -> str:
    return text.replace("\r ", "\n").replace("\r\t", "\r")


def _keys_of_strings(text: bytes) -> Collection[str]:
    """The keys of strings, of an object that the kernel has taken, where one may have an escape for CR."""
    if not _ESCAPED_CR.search(text):
        return ()
    row: dict[str, Any] = json.loads(text, parse_int=len, parse_float=len)
    return {key for key, value in row.items() if isinstance(value, str)}
