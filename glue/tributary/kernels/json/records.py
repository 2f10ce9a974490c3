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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.ndjson.batch import POSITIONS_WITH_BYTES, REJECTS, NdjsonBatch, NdjsonLimits
from tributary.kernels.ndjson.parse import parse

_CHUNK_BYTES = 256 << 10
_ESCAPED_CR = r"\\(?:r|u000[dD])"


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON text without white space around it, and the offset of its first byte in the file."""

    offset: int
    text: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int
    is_written_otherwise: bool


def parse_records(records: Iterable[Record], limits: NdjsonLimits) -> Iterator[NdjsonBatch]:
    """The records as batches whose `line` is the number of the record, from 1, and which hold its bytes.

    A record is long with more than `line_bytes`, each line feed and CR in it counted twice where it has any
    line feed. Memory holds the records of a batch.
    """
    places: dict[int, _Place] = {}
    for batch in parse(_chunks(records, places), limits, keep_lines=True):
        yield _restored(batch, places)


def parse_texts(texts: pa.Array, limits: NdjsonLimits) -> Iterator[NdjsonBatch]:
    """The same of texts, none null, that stand in a column; only the lines of their places mean anything."""
    if not pc.any(pc.match_substring_regex(texts, r"\n|^[ \t\r]*$")).as_py():
        yield from _parse_lines(texts, limits)
    elif pc.any(pc.match_substring_regex(texts, rf"{_ESCAPED_CR}|^[ \t\n\r]*$")).as_py():
        # What is blank is no record, and must not be taken for an empty line.
        blanks = " \t\n\r"
        yield from parse_records(
            (Record(0, each.strip(blanks).encode() or b"?") for each in texts.to_pylist()), limits
        )
    else:
        written = pc.replace_substring(pc.replace_substring(texts, "\r", "\r\t"), "\n", "\r ")
        for batch in _parse_lines(written, limits):
            columns = [_read_back(column) for column in batch.rows.columns]
            rows = pa.RecordBatch.from_arrays(columns, schema=batch.rows.schema) if columns else batch.rows
            yield NdjsonBatch(rows, batch.positions, batch.rejects)


def _parse_lines(texts: pa.Array, limits: NdjsonLimits) -> Iterator[NdjsonBatch]:
    lines = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    return parse([pc.binary_join(lines, "\n")[0].as_buffer()], limits)


def _chunks(records: Iterable[Record], places: dict[int, _Place]) -> Iterator[bytes]:
    # The first line is blank: a byte order mark is skipped at the beginning of a stream, and is no JSON here.
    held, size = [b""], 0
    for number, record in enumerate(records, 2):
        text = record.text
        is_written_otherwise = b"\n" in text
        if is_written_otherwise:
            text = text.replace(b"\r", b"\r\t").replace(b"\n", b"\r ")
        places[number] = _Place(record.offset, len(record.text), is_written_otherwise)
        held.append(text)
        size += len(text)
        if size >= _CHUNK_BYTES:
            yield b"\n".join([*held, b""])
            held, size = [], 0
    if held:
        yield b"\n".join([*held, b""])


def _restored(batch: NdjsonBatch, places: dict[int, _Place]) -> NdjsonBatch:
    rows, otherwise = _own_places(batch.positions, places)
    rejects, _ = _own_places(batch.rejects, places)
    values = batch.rows
    if True in otherwise:
        values = _own_values(values, otherwise, rows["bytes"])
    return NdjsonBatch(values, rows.cast(POSITIONS_WITH_BYTES), rejects.cast(REJECTS))


def _own_places(lines: pa.RecordBatch, places: dict[int, _Place]) -> tuple[pa.RecordBatch, list[bool]]:
    """The lines as the records that they stand for, and which of them were written otherwise."""
    if not lines.num_rows:
        return lines, []
    found = [places.pop(number) for number in lines["line"].to_pylist()]
    otherwise = [place.is_written_otherwise for place in found]
    columns = dict(zip(lines.schema.names, lines.columns, strict=True))
    columns["line"] = pc.subtract(columns["line"], 1)
    columns["offset"] = pa.array([place.offset for place in found], pa.int64())
    columns["length"] = pa.array([place.length for place in found], pa.int64())
    if True in otherwise:
        columns["bytes"] = pc.if_else(pa.array(otherwise), _read_back(columns["bytes"]), columns["bytes"])
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns)), otherwise


def _own_values(rows: pa.RecordBatch, otherwise: list[bool], texts: pa.Array) -> pa.RecordBatch:
    escaped = pc.match_substring_regex(texts, _ESCAPED_CR)
    strings = [
        _strings(text) if is_otherwise and may_escape else frozenset()
        for text, is_otherwise, may_escape in zip(
            texts.to_pylist(), otherwise, escaped.to_pylist(), strict=True
        )
    ]
    columns = []
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        if pc.any(pc.match_substring(column, "\r")).as_py():
            nested = pa.array([is_ and name not in of for is_, of in zip(otherwise, strings, strict=True)])
            columns.append(pc.if_else(nested, _read_back(column), column))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=rows.schema) if columns else rows


def _read_back(texts: pa.Array) -> pa.Array:
    return pc.replace_substring(pc.replace_substring(texts, "\r ", "\n"), "\r\t", "\r")


def _strings(text: bytes) -> frozenset[str]:
    """The keys of an object whose values are strings; the kernel has taken the text."""
    row: dict[str, Any] = json.loads(text, parse_int=len, parse_float=len)
    return frozenset(key for key, value in row.items() if isinstance(value, str))
