"""Raw JSON files as they were uploaded, judged by the documented rules and Python's own parser alone.

A file is one document, lines, or an array; each record in it is either to be a row, whose values are told
here, or to be a dead letter with its bytes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from local.accounting.accounts import readable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_DEEPEST = 128
_LONGEST = 16 * 2**20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FIRST_MILLISECONDS = Decimal(10) ** 11
_INT_BITS = 31
_PRICE_DIGITS, _PRICE_DECIMALS = 18, 2
MODES = ("train", "validation", "test")
#: Top-level keys that the declaration names.
DECLARED = ("id", "event_timestamp", "MODE", "metadata", "payload")


class NoRowError(Exception):
    """A record is to be a dead letter."""


@dataclass(frozen=True)
class Record:
    """A record of a file: its line, or its number in an array, and its bytes."""

    line: int
    raw: bytes

    def row(self, years: range) -> dict[str, object]:
        """Return the values of its row by output column, of undeclared keys by their keys.

        Raises NoRowError where it is to be a dead letter.
        """
        if len(self.raw) > _LONGEST:
            raise NoRowError
        try:
            texts, values = _members(self.raw.decode())
            json.dumps(values, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise NoRowError from error
        if _depth(values) > _DEEPEST:
            raise NoRowError
        return _declared(values, texts, years) | {
            key: _text(values[key], texts[key]) for key in values if key not in DECLARED
        }


class Number(str):
    """The characters of a number."""


def records_of(path: Path) -> list[Record]:
    """Return the records of a file, by its form."""
    data = readable(path).removeprefix(_BYTE_ORDER_MARK)
    content = data.strip(_BLANKS)
    if content.startswith(b"["):
        return list(_elements(content))
    lines = [
        Record(number, line.removesuffix(b"\r"))
        for number, line in enumerate(data.split(b"\n"), 1)
        if line.strip(_BLANKS)
    ]
    are_lines = len(lines) > 1 and isinstance(_parsed(lines[0].raw), dict)
    if not are_lines and _parsed(content) is not _BROKEN:
        return [Record(1, content)]
    return lines


_BROKEN = object()


def _parsed(raw: bytes) -> object:
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        return _BROKEN


def _elements(content: bytes) -> Iterator[Record]:
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
                yield Record(number, element)
                number += 1
            elif number > 1 or not is_last:
                break
            begin = position + 1
        if is_last:
            break
    if content[begin:].strip(_BLANKS):
        yield Record(number, content[begin:].strip(_BLANKS))


def _members(text: str) -> tuple[dict[str, str], dict[str, object]]:
    """Return text and value of each top-level key; raises ValueError for no object and for a key twice."""
    values = _DECODER.decode(text)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    texts: dict[str, str] = {}
    position = _skip(text, text.index("{") + 1)
    while text[position] != "}":
        key, position = json.decoder.scanstring(text, position + 1)  # type: ignore[attr-defined]
        position = _skip(text, _skip(text, position) + 1)
        _, end = _DECODER.raw_decode(text, position)
        if key in texts:
            raise ValueError(f"duplicate key {key}")
        texts[key] = text[position:end]
        position = _skip(text, end)
        position = _skip(text, position + 1) if text[position] == "," else position
    return texts, values


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse)


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _declared(values: dict[str, object], texts: dict[str, str], years: range) -> dict[str, object]:
    mode = _text(values.get("MODE"), texts.get("MODE"))
    identity = _text(values.get("id"), texts.get("id"))
    time = _instant(values.get("event_timestamp"))
    partition = (mode or "").strip(" ").lower()
    if identity is None or time is None or partition not in MODES or time.year not in years:
        raise NoRowError
    metadata, payload = _object(values.get("metadata")), _object(values.get("payload"))
    return {
        "record_id": identity,
        "event_time_utc": time,
        "event_timestamp": _text(values.get("event_timestamp"), texts.get("event_timestamp")),
        "ml_mode": mode,
        "app_version": _text(metadata.get("app_version"), None),
        "user_agent": _text(metadata.get("user_agent"), None),
        "transaction_id": _text(payload.get("transaction_id"), None),
        "transaction_items": _items(payload.get("items")),
        "metadata": _text(values.get("metadata"), texts.get("metadata")),
        "payload": _text(values.get("payload"), texts.get("payload")),
        "year": f"{time.year:04}",
        "month": f"{time.month:02}",
        "day": f"{time.day:02}",
        "mode": partition,
    }


def _object(value: object) -> dict[str, object]:
    """A parent of declared values: nothing, or an object."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise NoRowError


def _text(value: object, raw: str | None) -> str | None:
    """The text of a value; `raw` is how it stood, and stands for what is no single value."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return str(value).lower() if isinstance(value, bool) else raw if raw is not None else ANY


ANY = "any text"
"""In place of a text that is only seen to be there."""


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise NoRowError
    try:
        if found := _TIME.fullmatch(value):
            fraction = found[1] or ""
            whole = datetime.fromisoformat(value.replace(fraction, "", 1) if fraction else value)
            return whole.astimezone(UTC) + _microseconds(Decimal(f"0{fraction}"))
        if _NUMBER.fullmatch(value):
            number = Decimal(value)
            return _EPOCH + _microseconds(number / 1000 if abs(number) >= _FIRST_MILLISECONDS else number)
    except (ValueError, OverflowError) as error:
        raise NoRowError from error
    raise NoRowError


def _microseconds(seconds: Decimal) -> timedelta:
    microseconds = seconds * 10**6
    if microseconds != int(microseconds):
        raise NoRowError
    return timedelta(microseconds=int(microseconds))


def _items(value: object) -> list[dict[str, object] | None] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise NoRowError
    return [None if item is None else _item(item) for item in value]


def _item(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise NoRowError
    return {
        "sku": _text(value.get("sku"), None),
        "quantity": _integer(value.get("quantity")),
        "price": _price(value.get("price")),
    }


def _integer(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise NoRowError
    number = int(value)
    if not -(2**_INT_BITS) <= number < 2**_INT_BITS:
        raise NoRowError
    return number


def _price(value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise NoRowError
    number = Decimal(value)
    cents = number * 10**_PRICE_DECIMALS
    if cents != cents.to_integral_value() or abs(cents) >= Decimal(10) ** _PRICE_DIGITS:
        raise NoRowError
    return number
