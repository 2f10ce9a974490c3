"""Form of a JSON file, declared or detected, and its rows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from tributary.datasets.declaration import JsonForm, JsonFormat
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.json.attribute_values import plain_values
from tributary.kernels.formats.json.documents import documents
from tributary.kernels.formats.json.elements import elements
from tributary.kernels.formats.json.envelopes import records_in_envelopes
from tributary.kernels.formats.json.records import Record, parse_records
from tributary.kernels.formats.ndjson.batch import NdjsonLimits
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.formats.ndjson.reasons import explained

_SPACE = b" \t\n\r"
_START = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\n\r]*")
_LINE = re.compile(rb"[^\n]*")
_BLANK_LINES = re.compile(rb"(?:[ \t\r]*\n)*")
_NOT_JSON = frozenset({"not-json", "invalid-utf8"})
_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]')
_GOES_ON = (b"{", b"[", b",", b":")


def read_json(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The objects of a file, always with their bytes."""
    if not isinstance(asked.format, JsonFormat):
        raise TypeError(asked.format)
    limits = replace(asked.limits, declared=asked.keys)
    batches = parse_json(content.chunks, asked.format, limits)
    if asked.format.attribute_values:
        batches = plain_values(batches, asked.format.around)
    return explained(batches, limits)


def parse_json(chunks: Iterable[bytes], how: JsonFormat, limits: NdjsonLimits) -> Iterator[FormatBatch]:
    """The objects of a file, with their bytes: all of it, its lines, elements of an array, or records inside.

    `line` is the number of the line, or of the element, the document or the record, from 1. Of a file whose
    form is detected, up to `line_bytes` and a chunk are held in memory.
    """
    chunks = iter(chunks)
    form = how.form
    if form == "detect" or how.records:
        head = _head(chunks, limits.line_bytes)
        chunks = chain([head], chunks)
        form = _detected(head) if form == "detect" else form
    if how.records:
        return parse_records(records_in_envelopes(chunks, how, limits, is_lines=form == "lines"), limits)
    if form == "lines":
        return parse(chunks, limits, keep_lines=True)
    if form == "array":
        return parse_records(elements(chunks, limits), limits)
    return _documents(chunks, limits)


def _detected(head: bytes) -> JsonForm:
    """Detect the form by the first rule that applies; docs/datasets.md has them in words."""
    start = _START.match(head).end()  # type: ignore[union-attr]  # matches always
    if head[start : start + 1] == b"[":
        return "array"
    first_end = _LINE.match(head, start).end()  # type: ignore[union-attr]  # matches always
    first = head[start:first_end].rstrip(_SPACE)
    second_start = _BLANK_LINES.match(head, first_end).end()  # type: ignore[union-attr]  # matches always
    second = _LINE.match(head, second_start).group().rstrip(_SPACE)  # type: ignore[union-attr]  # matches always
    if second and _is_closed(first):
        return "lines"
    if _is_closed(second) and not first.endswith(_GOES_ON):
        return "lines"
    return "document"


def _is_closed(line: bytes) -> bool:
    """Return True where the first character of a line opens a bracket that the last one closes."""
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return False
    depth = 0
    for token in _BRACKET.finditer(line):
        depth += (token.group() in b"{[") - (token.group() in b"}]")
        if depth == 0 or token.group() == b'"':
            break
    return depth == 0


def _head(chunks: Iterator[bytes], most: int) -> bytes:
    """The file, or where it is longer than `most` at least a byte more than that."""
    pieces: list[bytes] = []
    size = 0
    while size <= most and (chunk := next(chunks, None)) is not None:
        pieces.append(chunk)
        size += len(chunk)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _documents(chunks: Iterator[bytes], limits: NdjsonLimits) -> Iterator[FormatBatch]:
    """Nearly every such file is one object, and tells so by being a row."""
    head = _head(chunks, limits.line_bytes)
    start = _START.match(head).end()  # type: ignore[union-attr]  # matches always
    text = head[start:].rstrip(_SPACE)
    if text and len(head) <= limits.line_bytes:
        batches = [*parse_records([Record(start, text)], limits)]
        if not any(_NOT_JSON.intersection(batch.rejects["reason"].to_pylist()) for batch in batches):
            return iter(batches)
    return parse_records(documents(chain([head], chunks), limits), limits)
