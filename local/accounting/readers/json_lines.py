"""Objects of JSON one behind the other, on lines of their own or not, by Python's own parser."""

import re
from collections.abc import Iterator
from functools import partial

from local.accounting.readers import Read
from local.accounting.readers.json_values import has_bytes, parsed_object

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r"
# Cheap to look for, and rare in one object: there it can only stand in a text.
_NEXT_OBJECT = re.compile(rb"\}[ \t\r\n]*\{")
_OBJECT = re.compile(rb"[ \t\r\n]*\{")
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|["\[\]{}]', re.DOTALL)


def ndjson_records(data: bytes) -> Iterator[Read]:
    """Give the records of the lines; those on one line have its number."""
    for line, raw in lines_of(data):
        yield Read(line, parsed_object(raw), partial(has_bytes, raw))


def lines_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give number and bytes of each record on a line that is not blank."""
    for number, line in enumerate(data.removeprefix(BYTE_ORDER_MARK).split(b"\n"), 1):
        if line.strip(_BLANKS):
            for raw in objects_of(line.removesuffix(b"\r")):
                yield number, raw


def objects_of(text: bytes) -> Iterator[bytes]:
    """Cut a text where an object follows one whose brackets are closed; all else belongs to it."""
    begin = 0
    while _NEXT_OBJECT.search(text, begin) and (end := _next_object(text, begin)) is not None:
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _next_object(text: bytes, begin: int) -> int | None:
    if not _OBJECT.match(text, begin):
        return None
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(text, begin):
        mark = token.group()
        if mark == b'"':
            return None
        depth += (mark in (b"{", b"[")) - (mark in (b"}", b"]"))
        if depth == 0:
            following = _NEXT_OBJECT.match(text, token.start())
            return following.end() - 1 if following else None
    return None


def open_brackets(line: bytes) -> int | None:
    """Return how many brackets are open at the end of a line; None where a text is, or it is no object."""
    if not line.startswith(b"{"):
        return None
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(line):
        mark = token.group()
        depth += (mark in (b"{", b"[")) - (mark in (b"}", b"]"))
        if depth < 0 or mark == b'"':
            return None
    return depth
