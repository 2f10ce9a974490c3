"""What a dataset declares, and the strict reading of its `dataset.json`."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, get_args

from tributary.errors import DeclarationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_OUTPUT_TYPE = re.compile(
    r"string|boolean|int|bigint|double|date|timestamp|decimal\((?:[1-9]|[12]\d|3[0-8]),(?:\d|[12]\d|3[0-8])\)"
)
_DELIMITERS = (",", ";", "\t")
_COMPRESSIONS = ("snappy", "zstd")

Text = Literal["exact", "trimmed", "lower", "words"]
"""How the transform sees a column: as it stood; trimmed; or trimmed, in lower case or capitalised words."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """CSV after RFC 4180 with the declared delimiter: `,`, `;` or a tab."""

    delimiter: str
    kind: Literal["csv"] = "csv"


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column of the source file, read as text; a file without a required one is quarantined."""

    name: str
    comment: str
    required: bool
    text: Text
    type: Literal["string"] = "string"


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of the output with its Glue (Hive) type."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is published: Parquet always, CSV in addition where asked for."""

    compression: Literal["snappy", "zstd"]
    csv: bool


@dataclass(frozen=True, slots=True)
class Dataset:
    """One declared dataset; `version` changes whenever its declaration or its SQL does."""

    name: str
    description: str
    prefix: str
    format: CsvFormat
    columns: tuple[InputColumn, ...]
    output_columns: tuple[OutputColumn, ...]
    outputs: Outputs
    transform: str
    version: str


def parse_declaration(folder: str, declaration: bytes, transform: bytes) -> Dataset:
    """Read a declaration and its SQL; `folder` is the name both stand under.

    Raises `DeclarationError` with every problem found, one a line.
    """
    try:
        document = json.loads(declaration)
    except ValueError as error:
        raise DeclarationError(f"{folder}/dataset.json is not JSON: {error}") from error
    reader = _Reader(folder)
    dataset = _dataset(reader, document, declaration, transform)
    if reader.problems:
        raise DeclarationError("\n".join(reader.problems))
    return dataset


class _Reader:
    """Takes settings out of parsed JSON and notes each problem with its path."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.problems: list[str] = []

    def note(self, path: str, value: object, wanted: str) -> None:
        self.problems.append(
            f"{self.folder}/dataset.json: {path}: {json.dumps(value)} will not do; give {wanted}"
        )

    def mapping(self, value: object, path: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.note(path, value, "an object")
            return {}
        for key in value:
            if key not in allowed:
                self.note(f"{path}.{key}", value[key], f"only {', '.join(allowed)}")
        return value

    def text(self, value: object, path: str, wanted: str, fits: Callable[[str], object] = bool) -> str:
        if isinstance(value, str) and fits(value):
            return value
        self.note(path, value, wanted)
        return ""

    def flag(self, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            self.note(path, value, "true or false")
        return value is True

    def named(self, value: object, path: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Read a list of things that each have a `name` of their own."""
        if not isinstance(value, list) or not value:
            self.note(path, value, "a list of at least one column")
            return ()
        items = tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))
        names = [getattr(item, "name", "") for item in items]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.note(path, name, "each column name once")
        return items


def _dataset(reader: _Reader, document: object, declaration: bytes, transform: bytes) -> Dataset:
    keys = ("name", "description", "prefix", "format", "columns", "outputColumns", "outputs")
    top = reader.mapping(document, "declaration", keys)
    name = top.get("name")
    return Dataset(
        name=reader.text(
            name, "name", f'its folder\'s name, "{reader.folder}"', lambda v: v == reader.folder
        ),
        description=reader.text(top.get("description"), "description", "a sentence"),
        prefix=reader.text(top.get("prefix"), "prefix", "a prefix like input/customers/", _is_prefix),
        format=_format(reader, top.get("format")),
        columns=reader.named(
            top.get("columns"), "columns", lambda value, path: _input_column(reader, value, path)
        ),
        output_columns=reader.named(
            top.get("outputColumns"), "outputColumns", lambda value, path: _output_column(reader, value, path)
        ),
        outputs=_outputs(reader, top.get("outputs")),
        transform=transform.decode("utf-8"),
        version=_version(declaration, transform),
    )


def _is_prefix(value: str) -> bool:
    return value.startswith("input/") and value.endswith("/") and len(value) > len("input/")


def _format(reader: _Reader, value: object) -> CsvFormat:
    fields = reader.mapping(value, "format", ("kind", "delimiter"))
    reader.text(fields.get("kind"), "format.kind", '"csv"', lambda kind: kind == "csv")
    wanted = 'one of "," ";" "\\t"'
    return CsvFormat(
        delimiter=reader.text(fields.get("delimiter"), "format.delimiter", wanted, _DELIMITERS.__contains__)
    )


def _input_column(reader: _Reader, value: object, path: str) -> InputColumn:
    fields = reader.mapping(value, path, ("name", "type", "text", "required", "comment"))
    reader.text(fields.get("type"), f"{path}.type", '"string"', lambda kind: kind == "string")
    return InputColumn(
        name=reader.text(fields.get("name"), f"{path}.name", "a lower-case name", _is_input_name),
        comment=reader.text(fields.get("comment"), f"{path}.comment", "a sentence"),
        required=reader.flag(fields.get("required", False), f"{path}.required"),
        text=_text(reader, fields.get("text", "exact"), f"{path}.text"),
    )


def _text(reader: _Reader, value: object, path: str) -> Text:
    for known in get_args(Text):
        if value == known:
            return cast(Text, known)
    reader.note(path, value, f"one of {', '.join(get_args(Text))}")
    return "exact"


def _is_input_name(value: str) -> bool:
    # `line` is the physical line number that the kernel adds beside the declared columns.
    return _NAME.fullmatch(value) is not None and value != "line"


def _output_column(reader: _Reader, value: object, path: str) -> OutputColumn:
    fields = reader.mapping(value, path, ("name", "type", "comment"))
    types = "a Glue type: string, boolean, int, bigint, double, date, timestamp or decimal(p,s)"
    return OutputColumn(
        name=reader.text(fields.get("name"), f"{path}.name", "a lower-case name", _NAME.fullmatch),
        type=reader.text(fields.get("type"), f"{path}.type", types, _OUTPUT_TYPE.fullmatch),
        comment=reader.text(fields.get("comment"), f"{path}.comment", "a sentence"),
    )


def _outputs(reader: _Reader, value: object) -> Outputs:
    fields = reader.mapping(value, "outputs", ("parquet", "csv"))
    parquet = reader.mapping(fields.get("parquet"), "outputs.parquet", ("compression",))
    compression = parquet.get("compression")
    if compression not in _COMPRESSIONS:
        reader.note("outputs.parquet.compression", compression, "one of snappy, zstd")
    return Outputs(
        compression="zstd" if compression == "zstd" else "snappy",
        csv=reader.flag(fields.get("csv"), "outputs.csv"),
    )


def _version(declaration: bytes, transform: bytes) -> str:
    digest = hashlib.sha256()
    for part in (declaration, transform):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
