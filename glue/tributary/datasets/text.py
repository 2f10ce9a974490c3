"""Text datasets: NDJSON whose every top-level key is a column of exact text, partitioned by date."""

import datetime
import json
import re
from dataclasses import dataclass
from typing import Literal

from tributary.datasets.reader import NAME, PREFIX, DeclarationReader, is_prefix
from tributary.errors import DeclarationError

PARTITIONS = frozenset({"date"})
"""Columns that stand in the paths of the files instead of in them."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COMPRESSIONS = ("snappy", "zstd")
_MEGABYTE = 1_000_000
_USUAL_MEGABYTES = 3.5
_USUAL_TOLERANCE_PERCENT = 10.0
# S3 takes objects up to 50 TB; what one manifest carries ends far below.
_MAXIMUM_MEGABYTES = 5_000


@dataclass(frozen=True, slots=True)
class FileSize:
    """What a file is expected to have: bytes, and the fraction by which it may have more or less."""

    bytes: int
    tolerance: float


@dataclass(frozen=True, slots=True)
class TextDataset:
    """One declared text dataset; `earliest` is the first date of its files, `size` None where any will do."""

    name: str
    description: str
    prefix: str
    earliest: datetime.date
    size: FileSize | None
    compression: Literal["snappy", "zstd"]


def is_text_declaration(declaration: bytes) -> bool:
    """Whether a text dataset is meant: those alone have `values`."""
    try:
        document = json.loads(declaration)
    except ValueError:
        return False  # told by the reading of a typed one
    return isinstance(document, dict) and "values" in document


def parse_text_declaration(folder: str, declaration: bytes) -> TextDataset:
    """Read a declaration; `folder` is the name it stands under.

    Raises `DeclarationError` with every problem found, one a line.
    """
    reader = DeclarationReader(folder)
    dataset = _dataset(reader, json.loads(declaration))
    if reader.problems:
        raise DeclarationError("\n".join(reader.problems))
    return dataset


def _dataset(reader: DeclarationReader, document: object) -> TextDataset:
    keys = ("name", "description", "prefix", "format", "values", "dates", "size", "outputs")
    top = reader.mapping(document, "", keys)
    file_format = reader.mapping(top["format"], "format", ("kind",))
    reader.text(file_format["kind"], "format.kind", '"ndjson"', "ndjson".__eq__)
    reader.text(top["values"], "values", '"text", or a dataset without it', "text".__eq__)
    name = reader.text(top["name"], "name", f'its folder\'s name, "{reader.folder}"', reader.folder.__eq__)
    if name:
        reader.text(name, "name", NAME, _NAME.fullmatch)
    return TextDataset(
        name=name,
        description=reader.text(top["description"], "description", "a sentence"),
        prefix=reader.text(top["prefix"], "prefix", PREFIX, is_prefix),
        earliest=_earliest(reader, top["dates"]),
        size=_size(reader, top.get("size", {})),
        compression=_compression(reader, top["outputs"]),
    )


def _earliest(reader: DeclarationReader, value: object) -> datetime.date:
    fields = reader.mapping(value, "dates", ("from",))
    text = reader.text(fields["from"], "dates.from", "a date like 2020-01-31", _is_date)
    return datetime.date.fromisoformat(text) if text else datetime.date.min


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _size(reader: DeclarationReader, value: object) -> FileSize | None:
    if value == "any":
        return None
    if not isinstance(value, dict):
        reader.note("size", value, '"any", or an object with megabytes, tolerancePercent')
        return None
    fields = reader.mapping(value, "size", ("megabytes", "tolerancePercent"))
    megabytes = _number(
        reader, fields.get("megabytes", _USUAL_MEGABYTES), "size.megabytes", 1 / _MEGABYTE, _MAXIMUM_MEGABYTES
    )
    percent = _number(
        reader, fields.get("tolerancePercent", _USUAL_TOLERANCE_PERCENT), "size.tolerancePercent", 0, 100
    )
    return FileSize(round(megabytes * _MEGABYTE), percent / 100)


def _number(reader: DeclarationReader, value: object, path: str, least: float, most: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return value
    reader.note(path, value, f"a number from {least:g} to {most:,}")
    return least


def _compression(reader: DeclarationReader, value: object) -> Literal["snappy", "zstd"]:
    fields = reader.mapping(value, "outputs", ("parquet",))
    parquet = reader.mapping(fields["parquet"], "outputs.parquet", ("compression",))
    compression = parquet["compression"]
    if compression not in _COMPRESSIONS:
        reader.note("outputs.parquet.compression", compression, "one of snappy, zstd")
    return "zstd" if compression == "zstd" else "snappy"
