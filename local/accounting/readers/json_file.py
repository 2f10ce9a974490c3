"""Files of JSON in any form: lines, documents, the elements of an array, or records inside of these."""

from collections.abc import Iterable, Iterator
from functools import partial

from local.accounting.readers import Read, Values
from local.accounting.readers.json_lines import BYTE_ORDER_MARK, lines_of, objects_of, open_brackets
from local.accounting.readers.json_values import has_bytes, parsed, parsed_object
from tributary.datasets import JsonFormat

_BLANKS = b" \t\r\n"
_GOES_ON = (b"{", b"[", b",", b":")


def json_records(data: bytes, file_format: JsonFormat) -> Iterator[Read]:
    """Give the records of a file, numbered by line, or from 1."""
    units = raw_records(data, file_format)
    if file_format.records:
        yield from _inside(units, file_format)
        return
    for place, raw in units:
        yield Read(place, parsed_object(raw), partial(has_bytes, raw))


def raw_records(data: bytes, file_format: JsonFormat) -> Iterator[tuple[int, bytes]]:
    """Give place and bytes of each record by the form of the file, of each envelope where there are some."""
    data = data.removeprefix(BYTE_ORDER_MARK)
    content = data.strip(_BLANKS)
    form = file_format.form if file_format.form != "detect" else _form(content)
    if not content:
        return
    if form == "array" and content.startswith(b"["):
        yield from enumerate(_elements(content), 1)
    elif form == "lines":
        yield from lines_of(data)
    else:
        yield from enumerate((raw.strip(_BLANKS) for raw in objects_of(content)), 1)


def _form(content: bytes) -> str:
    """Tell the form by the first rule that docs/datasets.md has."""
    if content.startswith(b"["):
        return "array"
    first, *others = (line.strip(_BLANKS) for line in content.split(b"\n"))
    second = next(filter(None, others), b"")
    left_open = open_brackets(first)
    if not left_open:
        return "document" if left_open == 0 and not second else "lines"
    return "lines" if open_brackets(second) == 0 and not first.endswith(_GOES_ON) else "document"


def _elements(content: bytes) -> Iterator[bytes]:
    """Split an array at its commas; from where it is none, what is left of it is one record."""
    begin, depth, number = 1, 0, 1
    in_string = escaped = False
    for position, byte in enumerate(content):
        character = chr(byte)
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        is_last = depth == 0
        if is_last or (depth == 1 and character == "," and not in_string):
            element = content[begin:position].strip(_BLANKS)
            if element:
                yield element
                number += 1
            elif number > 1 or not is_last:
                break
            begin = position + 1
        if is_last:
            break
    if content[begin:].strip(_BLANKS):
        yield content[begin:].strip(_BLANKS)


def _inside(envelopes: Iterable[tuple[int, bytes]], file_format: JsonFormat) -> Iterator[Read]:
    """Give the records inside; an envelope that has none is one, and none of one that is broken is known."""
    number = 0
    for _, raw in envelopes:
        for values in _records(raw, file_format):
            number += 1
            yield Read(number, values)


def _records(raw: bytes, file_format: JsonFormat) -> list[Values | None]:
    envelope = parsed(raw)
    found: object = envelope
    for key in file_format.records:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(envelope, dict) or found is None:
        return [None]
    around = {key: envelope.get(key) for key in file_format.around}
    elements = found if isinstance(found, list) else [found]
    return [{**around, **each} if isinstance(each, dict) else None for each in elements]
