"""Form of a JSON file, declared or detected, and its rows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

import pyarrow as pa

from tributary.datasets.declaration import JsonForm, JsonFormat
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.formats.json.elements import Elements
from tributary.kernels.formats.json.records import Record, parse_records
from tributary.kernels.formats.ndjson.batch import NdjsonLimits
from tributary.kernels.formats.ndjson.parse import parse

_SPACE = b" \t\n\r"
_START = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\n\r]*")
_LINE = re.compile(rb"[^\n]*")
_NOT_JSON = frozenset({"not-json", "invalid-utf8"})
_BROKEN_ARRAY = "broken-array", "the array cannot be split from here on"
_NO_OBJECT = _NOT_JSON | {"not-an-object"}


def read_json(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The objects of a file, always with their bytes."""
    if not isinstance(asked.format, JsonFormat):
        raise TypeError(asked.format)
    return parse_json(content.chunks, asked.format.form, replace(asked.limits, declared=asked.keys))


def parse_json(chunks: Iterable[bytes], form: JsonForm, limits: NdjsonLimits) -> Iterator[FormatBatch]:
    """The objects of a file, as batches with their bytes: the whole of it, its lines, or an array's elements.

    `line` is the number of the line or the element from 1, and 1 for a document. Of a document, and of a file
    whose form is detected, up to `line_bytes` and a chunk are held in memory.
    """
    chunks = iter(chunks)
    if form == "lines":
        return parse(chunks, limits, keep_lines=True)
    if form == "array":
        return _array(chunks, limits)
    head = _head(chunks, limits.line_bytes)
    if form == "document":
        return _document(head, chunks, limits)
    return _detected(head, chunks, limits)


def _detected(head: bytes, rest: Iterator[bytes], limits: NdjsonLimits) -> Iterator[FormatBatch]:
    """Detect the form by the first rule that applies: array, lines, document, else lines."""
    start = _START.match(head).end()  # type: ignore[union-attr]  # matches always
    if head[start : start + 1] == b"[":
        return _array(chain([head], rest), limits)
    is_whole = len(head) <= limits.line_bytes
    end = _LINE.match(head, start).end()  # type: ignore[union-attr]  # matches always
    if is_whole and not (head[end:].strip(_SPACE) and _is_object(head[start:end], limits)):
        batches = [*_document(head, iter(()), limits)]
        if not any(_reasons(batch) & _NOT_JSON for batch in batches):
            return iter(batches)
    return parse(chain([head], rest), limits, keep_lines=True)


def _is_object(text: bytes, limits: NdjsonLimits) -> bool:
    """Return True where a line is a whole object, even one that will be rejected."""
    text = text.rstrip(_SPACE)
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return False
    [batch] = parse_records([Record(0, text)], limits)
    return not _reasons(batch) & _NO_OBJECT


def _reasons(batch: FormatBatch) -> set[str]:
    return set(batch.rejects["reason"].to_pylist())


def _head(chunks: Iterator[bytes], most: int) -> bytes:
    """The file, or where it is longer than `most` at least a byte more than that."""
    pieces: list[bytes] = []
    size = 0
    while size <= most and (chunk := next(chunks, None)) is not None:
        pieces.append(chunk)
        size += len(chunk)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _document(head: bytes, rest: Iterator[bytes], limits: NdjsonLimits) -> Iterator[FormatBatch]:
    start = _START.match(head).end()  # type: ignore[union-attr]  # matches always
    if len(head) > limits.line_bytes:
        length = len(head) - start + sum(map(len, rest))
        yield _rejected(1, start, length, ("line-too-long", None), head[start : start + limits.kept_bytes])
    elif text := head[start:].rstrip(_SPACE):
        if start == 0 and b"\n" not in text:
            yield from parse([text], limits, keep_lines=True)
        else:
            yield from parse_records([Record(start, text)], limits)


def _array(chunks: Iterable[bytes], limits: NdjsonLimits) -> Iterator[FormatBatch]:
    elements = Elements(chunks, limits)
    yield from parse_records(elements, limits)
    if (broken := elements.broken) is not None:
        yield _rejected(broken.number, broken.offset, broken.length, _BROKEN_ARRAY, broken.head)


def _rejected(number: int, offset: int, length: int, why: tuple[str, str | None], text: bytes) -> FormatBatch:
    place = {"line": number, "offset": offset, "length": length, "bytes": text}
    reject = {**place, "reason": why[0], "message": why[1]}
    return FormatBatch(
        pa.RecordBatch.from_pylist([], schema=pa.schema([])),
        pa.RecordBatch.from_pylist([], schema=POSITIONS_WITH_BYTES),
        pa.RecordBatch.from_pylist([reject], schema=REJECTS),
    )
