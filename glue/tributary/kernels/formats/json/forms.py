"""Form of a JSON file, declared or detected, and its rows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from tributary.datasets.declaration import JsonForm, JsonFormat
from tributary.kernels.compression.streams import Counted
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits, check_expansion
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.json.attribute_values import plain_values
from tributary.kernels.formats.json.documents import documents
from tributary.kernels.formats.json.elements import elements
from tributary.kernels.formats.json.envelopes import records_in_envelopes
from tributary.kernels.formats.json.records import Record, parse_records
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.formats.ndjson.reasons import explained
from tributary.kernels.record_limits import RecordLimits

_SPACE = b" \t\n\r"
_START = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\n\r]*")
_LINE = re.compile(rb"[^\n]*")
_BLANK_LINES = re.compile(rb"(?:[ \t\r]*\n)*")
_NOT_JSON = frozenset({"not-json", "invalid-utf8"})
_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]')
_MEMBER = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"[ \t]*:')
_GOES_ON = (b"{", b"[", b",", b":")


def read_json(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The objects of a file, always with their bytes."""
    if not isinstance(asked.format, JsonFormat):
        raise TypeError(asked.format)
    limits = replace(asked.limits, declared=asked.keys)
    batches = parse_json(content.chunks, asked.format, limits, asked.file_limits)
    if asked.format.attribute_values:
        batches = plain_values(batches, asked.format.around)
    return explained(batches, limits, asked.format.around)


def parse_json(
    chunks: Iterable[bytes],
    how: JsonFormat,
    limits: RecordLimits,
    file_limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> Iterator[FormatBatch]:
    """The objects of a file, with their bytes: all of it, its lines, elements of an array, or records inside.

    `line` is the number of the line, or of the element, the document or the record, from 1. Of a file whose
    form is detected, up to `line_bytes` and a chunk are held in memory. Raises `DecompressedTooLargeError`
    where the rows become too much, for each has what stands around them.
    """
    counted = Counted(chunks)
    chunks = iter(counted)
    form = how.form
    if form == "detect" or how.records:
        head = _head(chunks, limits.line_bytes)
        chunks = chain([head], chunks)
        form = _detected(head) if form == "detect" else form
    if how.records:
        records = records_in_envelopes(chunks, how, limits, is_lines=form == "lines")
        return parse_records(_bounded(records, counted, file_limits), limits)
    if form == "lines":
        return parse(chunks, limits, keep_lines=True)
    if form == "array":
        return parse_records(elements(chunks, limits), limits)
    return _documents(chunks, limits)


def _bounded(records: Iterable[Record], read: Counted, limits: FileLimits) -> Iterator[Record]:
    size = 0
    for record in records:
        size += len(record.around) + len(record.text)
        check_expansion(limits, size, read.bytes)
        yield record


def _detected(head: bytes) -> JsonForm:
    """Detect the form by the first rule that applies; docs/datasets.md has them in words."""
    start = _end(_START, head, 0)
    if head[start : start + 1] == b"[":
        return "array"
    if _MEMBER.match(head, start):
        return "document"
    end = _end(_LINE, head, start)
    second_start = _end(_BLANK_LINES, head, end)
    first = head[start:end].rstrip(_SPACE)
    second = head[second_start : _end(_LINE, head, second_start)].rstrip(_SPACE)
    open_brackets = _open_brackets(first)
    if not second and open_brackets == 0:
        return "document"
    if not open_brackets:
        return "lines"
    is_cut_off = _open_brackets(second) == 0 and not first.endswith(_GOES_ON)
    return "lines" if is_cut_off else "document"


def _end(pattern: re.Pattern[bytes], head: bytes, start: int) -> int:
    """Return where what a pattern matches at a place ends; it may be nothing."""
    return pattern.match(head, start).end()  # type: ignore[union-attr]  # matches always


def _open_brackets(line: bytes) -> int | None:
    """Return how many brackets are open at the end of a line; None where it begins otherwise or cannot be."""
    if not line.startswith(b"{"):
        return None
    depth = 0
    for token in _BRACKET.finditer(line):
        depth += (token.group() in b"{[") - (token.group() in b"}]")
        if depth < 0 or token.group() == b'"':
            return None
    return depth


def _head(chunks: Iterator[bytes], most: int) -> bytes:
    """The file, or where it is longer than `most` at least a byte more than that."""
    pieces: list[bytes] = []
    size = 0
    while size <= most and (chunk := next(chunks, None)) is not None:
        pieces.append(chunk)
        size += len(chunk)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _documents(chunks: Iterator[bytes], limits: RecordLimits) -> Iterator[FormatBatch]:
    """Nearly every such file is one object, and tells so by being a row."""
    head = _head(chunks, limits.line_bytes)
    start = _end(_START, head, 0)
    text = head[start:].rstrip(_SPACE)
    if text and len(head) <= limits.line_bytes:
        batches = [*parse_records([Record(start, text)], limits)]
        if not any(_NOT_JSON.intersection(batch.rejects["reason"].to_pylist()) for batch in batches):
            return iter(batches)
    return parse_records(documents(chain([head], chunks), limits), limits)
