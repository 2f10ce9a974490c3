"""What files of clicks are to give: for each line a row with the line's very texts, or a dead letter."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from local.accounting.inputs import decompressed
from local.accounting.readers.json_lines import lines_of
from local.accounting.readers.json_values import has_bytes
from local.accounting.records import Record, Row
from local.accounting.rules import SOURCE_COLUMNS, Rules, cached_key_of

#: Leaves numbers as they stand.
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class ClicksRules(Rules):
    """A text dataset whose texts are compared one by one."""

    def records(self, path: Path) -> Iterator[Record]:
        """Give the records of the lines."""
        for line, raw in lines_of(decompressed(path)):
            yield Record(line, is_letter=partial(has_bytes, raw), is_row=partial(is_row_of, raw))

    def must_be_published(self, path: Path) -> bool:
        """Return True where a line is an object without anything that is refused."""
        return any(is_plain_object(raw) for _, raw in lines_of(decompressed(path)))


def is_plain_object(line: bytes) -> bool:
    """Return True for an object whose keys stand once, and whose texts are whole."""
    try:
        value = _STRICT.decode(line.decode())
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key stands twice")
    return members


_STRICT = json.JSONDecoder(object_pairs_hook=_once)


def is_row_of(line: bytes, row: Row) -> bool:
    """Return True where a line has these texts; of objects and arrays only the presence is checked."""
    try:
        fields = DECODER.decode(line.decode())
    except ValueError:
        return False
    if not isinstance(fields, dict):
        return False
    values = {
        cached_key_of(name): value
        for name, value in row.items()
        if name not in SOURCE_COLUMNS and name != "date"
    }
    for key, value in fields.items():
        if isinstance(value, dict | list):
            if values.get(key) is None:
                return False
        elif values.get(key) != (str(value).lower() if isinstance(value, bool) else value):
            return False
    return not any(value is not None and key not in fields for key, value in values.items())
