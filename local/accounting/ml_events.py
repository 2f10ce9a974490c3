"""What files of ML events are to give, judged by the documented rules and Python's own parser alone.

Each record is either to be a row, whose values are told here, or to be a dead letter with its bytes.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from local.accounting.inputs import decompressed
from local.accounting.readers.json_file import raw_records
from local.accounting.readers.json_values import DECODER, has_bytes
from local.accounting.records import Record, Row
from local.accounting.rules import Rules, cached_key_of
from tributary.datasets import Dataset, JsonFormat

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


class MlEventsRules(Rules):
    """Tells of each record whether it is to be a row, with which values and in which partition."""

    place_columns = ("source_s3_path", "source_version", "source_line")
    not_shown = place_columns

    def __init__(self, dataset: Dataset, years: range) -> None:
        super().__init__(dataset)
        self._years = years
        self._columns = {column.name for column in dataset.output_columns}

    def records(self, path: Path) -> Iterator[Record]:
        """Give the records with what each has to become."""
        file_format = self.dataset.format
        if not isinstance(file_format, JsonFormat):
            raise TypeError(file_format)
        for place, raw in raw_records(decompressed(path), file_format):
            is_letter = partial(has_bytes, raw)
            try:
                expected = row_of(raw, self._years)
            except NoRowError:
                yield Record(place, "letter", is_letter=is_letter)
            else:
                yield Record(place, "row", is_row=partial(self._is_row_of, expected))

    def must_be_published(self, path: Path) -> bool:
        """Return True where a record is to be a row."""
        return any(record.becomes == "row" for record in self.records(path))

    def _is_row_of(self, expected: Row, row: Row) -> bool:
        """Return True where a row has exactly the expected values; an absent one is null."""
        found = {
            name if name in self._columns else cached_key_of(name): value
            for name, value in row.items()
            if name not in self.not_shown
        }
        return all(
            found.get(name) is not None
            if expected.get(name) is ANY
            else found.get(name) == expected.get(name)
            for name in expected.keys() | found.keys()
        )


def row_of(raw: bytes, years: range) -> Row:
    """Return the values of a record's row by output column, of undeclared keys by their keys.

    Raises NoRowError where it is to be a dead letter.
    """
    if len(raw) > _LONGEST:
        raise NoRowError
    try:
        texts, values = _members(raw.decode())
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise NoRowError from error
    if _depth(values) > _DEEPEST:
        raise NoRowError
    return _declared(values, texts, years) | {
        key: _text(values[key], texts[key]) for key in values if key not in DECLARED
    }


def _members(text: str) -> tuple[dict[str, str], dict[str, object]]:
    """Return text and value of each top-level key; raises ValueError for no object and for a key twice."""
    values = DECODER.decode(text)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    texts: dict[str, str] = {}
    position = _skip(text, text.index("{") + 1)
    while text[position] != "}":
        key, position = json.decoder.scanstring(text, position + 1)  # type: ignore[attr-defined]
        position = _skip(text, _skip(text, position) + 1)
        _, end = DECODER.raw_decode(text, position)
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
