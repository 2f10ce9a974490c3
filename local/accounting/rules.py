"""What the files of any dataset are to give, as far as it can be told without the product's rules for values.

Each record is one row or one dead letter. Which row it is, those columns tell that have whole numbers or
exact texts. Where SQL makes the columns, or every field of a binary format is one, rows are told by their
place, and without a place they are counted.
"""

import base64
import datetime
from collections.abc import Callable, Hashable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from local.accounting.inputs import decompressed
from local.accounting.readers import Read, Values
from local.accounting.readers.binary_file import binary_records
from local.accounting.readers.csv_file import compared, csv_records
from local.accounting.readers.json_file import json_records
from local.accounting.readers.json_lines import ndjson_records
from local.accounting.records import Record, Row
from tributary.datasets import CsvFormat, Dataset, InputColumn, JsonFormat, NdjsonFormat
from tributary.kernels.output.catalog_names import key_of

#: Asked for each value of each row.
cached_key_of = cache(key_of)
#: Columns that say where a row came from.
SOURCE_COLUMNS = ("_source_file", "_source_version", "_source_revision", "_source_line")
_WHOLE_NUMBERS = ("int", "bigint")


class Rules:
    """The rules of one dataset."""

    #: Columns of the output that are not shown.
    not_shown: tuple[str, ...] = SOURCE_COLUMNS[:3]
    #: Output columns with object, version and place of a row, where there are some.
    place_columns: tuple[str, str, str] | None = None

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        if dataset.pipeline == "manifests":
            self.place_columns = (SOURCE_COLUMNS[0], SOURCE_COLUMNS[1], SOURCE_COLUMNS[3])
        self.is_binary = not isinstance(dataset.format, CsvFormat | NdjsonFormat | JsonFormat)
        self._telling = [] if dataset.transform else [each for each in dataset.columns if _tells(each)]

    def records(self, path: Path) -> Iterator[Record]:
        """Give the records of a file; raises `BrokenFileError` where nobody can read it."""
        for read in self._read(path):
            identity = None if read.values is None else self._identity_of(read.values)
            yield Record(read.place, read.becomes, identity, read.is_letter, self._fits(identity))

    def must_be_published(self, path: Path) -> bool:
        """Return True for a file that has a record which is a row in any case: quarantined, it is lost."""
        return False

    @property
    def compared_columns(self) -> list[str] | None:
        """Output columns that tell which row it is; None where all do."""
        if self.dataset.is_text and not self._is_only_counted:
            return None
        return [column.name for column in self._telling]

    @property
    def _is_only_counted(self) -> bool:
        return self.dataset.transform is not None or (self.dataset.is_text and self.is_binary)

    def identity(self, row: Row) -> Hashable:
        """Return what is compared of a row with its record."""
        if self._is_only_counted:
            return None
        if self.dataset.is_text:
            own = (*SOURCE_COLUMNS, "date") if self.place_columns else self.dataset.partitions
            texts = (value for name, value in row.items() if name not in own)
            return self._texts(texts)
        return tuple(self._plain(row.get(column.name)) for column in self._telling)

    def _fits(self, identity: Hashable) -> Callable[[Row], bool]:
        return lambda row: self.identity(row) == identity

    def _read(self, path: Path) -> Iterator[Read]:
        data = decompressed(path)
        match self.dataset.format:
            case CsvFormat() as csv:
                return csv_records(data, csv)
            case JsonFormat() as json:
                return json_records(_as_utf_8(data), json)
            case NdjsonFormat():
                return ndjson_records(_as_utf_8(data))
            case binary:
                return binary_records(data, binary.kind, {column.key for column in self._telling})

    def _identity_of(self, values: Values) -> Hashable:
        if self._is_only_counted:
            return None
        if self.dataset.is_text:
            return self._texts(map(self._attribute, values.values()))
        return tuple(self._plain(self._value(column, values)) for column in self._telling)

    def _value(self, column: InputColumn, values: Values) -> object:
        """Return the value that a column reads, without what CSV has for no number."""
        if isinstance(self.dataset.format, CsvFormat):
            value = values.get(column.key, values.get(compared(column.key)))
            return None if value == "" and column.type in _WHOLE_NUMBERS else value
        found: object = values
        for key in column.path:
            found = found.get(key) if isinstance(found, dict) else None
        return self._attribute(found)

    def _attribute(self, value: object) -> object:
        """Return what a typed attribute value stands for, as DynamoDB exports them."""
        is_typed = getattr(self.dataset.format, "attribute_values", None) is not None
        if not is_typed or not isinstance(value, dict) or len(value) != 1:
            return value
        ((kind, plain),) = value.items()
        return None if kind == "NULL" else plain

    def _texts(self, values: Iterable[object]) -> Hashable:
        plain = (self._plain(value) for value in values)
        return tuple(sorted(text for text in plain if text is not None))

    def _plain(self, value: object) -> str | None:
        """Return a value as text; of objects and lists only what they are, for both may be written anew."""
        if value is None:
            return None
        if isinstance(value, dict | list):
            return "{" if isinstance(value, dict) else "["
        text = _text(value)
        if text[:1] in ("{", "["):
            return text[0]
        return _number(text) if self.is_binary else text


def _tells(column: InputColumn) -> bool:
    """Return True for a column whose values are compared: whole numbers and exact texts."""
    if column.on_bad_value == "issue":
        return False
    if column.type in _WHOLE_NUMBERS:
        return column.grouping is None
    return column.type == "string" and column.text == "exact"


def _text(value: object) -> str:
    """Return the exact text of a value as docs/datasets.md has it."""
    match value:
        case bool():
            return str(value).lower()
        case datetime.datetime():
            local = value.replace(tzinfo=None).isoformat(timespec="microseconds")
            return local if value.tzinfo is None else f"{local}Z"
        case datetime.date():
            return value.isoformat()
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return base64.b64encode(value).decode()
    return str(value)


def _number(text: str) -> str:
    """Return a number without the zeros that a format may add, another text as it is."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str(number.normalize()) if number.is_finite() else text


def _as_utf_8(data: bytes) -> bytes:
    """Return a text as UTF-8, which only UTF-16 with its mark is not."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16", "replace").encode() if marked else data
