"""What a dataset declares, and the strict reading of its `dataset.json`."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from tributary.datasets.reader import DeclarationReader, is_prefix
from tributary.errors import DeclarationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TYPE = re.compile(
    r"string|boolean|int|bigint|double|date|timestamp"
    r"|decimal\((?P<precision>[1-9]|[12]\d|3[0-8]),(?P<scale>\d|[12]\d|3[0-8])\)"
)
_TYPES = "a Glue type: string, boolean, int, bigint, double, date, timestamp or decimal(p,s)"
_DELIMITERS = (",", ";", "\t")
_COMPRESSIONS = ("snappy", "zstd")

Text = Literal["exact", "trimmed", "lower", "words"]
"""How the transform sees a column: as it stood; trimmed; or trimmed, in lower case or capitalised words."""


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """CSV after RFC 4180 with the declared delimiter: `,`, `;` or a tab."""

    delimiter: str
    kind: Literal["csv"] = "csv"


@dataclass(frozen=True, slots=True)
class NdjsonFormat:
    """Lines of JSON objects."""

    kind: Literal["ndjson"] = "ndjson"


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column that the transform sees.

    Of CSV it is text in one of its forms, and a file without a required one is quarantined. Of NDJSON it is
    the value of `key` as the Glue type, and a row without a required one is a dead letter.
    """

    name: str
    key: str
    type: str
    comment: str
    required: bool
    text: Text


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
    """One declared dataset; `version` changes whenever its declaration or its SQL does.

    `partitions` are the output columns that make the path of a file instead of standing in it.
    """

    name: str
    description: str
    prefix: str
    format: CsvFormat | NdjsonFormat
    columns: tuple[InputColumn, ...]
    output_columns: tuple[OutputColumn, ...]
    partitions: tuple[str, ...]
    outputs: Outputs
    transform: str
    version: str

    @property
    def csv_format(self) -> CsvFormat:
        """The format of a CSV dataset; raises `DeclarationError` for another one."""
        if self.format.kind != "csv":
            raise DeclarationError(f'the dataset "{self.name}" is {self.format.kind}, not csv')
        return self.format


def parse_declaration(folder: str, declaration: bytes, transform: bytes) -> Dataset:
    """Read a declaration and its SQL; `folder` is the name both stand under.

    Raises `DeclarationError` with every problem found, one a line.
    """
    try:
        document = json.loads(declaration)
    except ValueError as error:
        raise DeclarationError(f"{folder}/dataset.json is not JSON: {error}") from error
    reader = DeclarationReader(folder)
    dataset = _dataset(reader, document, declaration, transform)
    if reader.problems:
        raise DeclarationError("\n".join(reader.problems))
    return dataset


def _dataset(reader: DeclarationReader, document: object, declaration: bytes, transform: bytes) -> Dataset:
    keys = ("name", "description", "prefix", "format", "columns", "outputColumns", "partitions", "outputs")
    top = reader.mapping(document, "declaration", keys)
    file_format = _format(reader, top.get("format"))
    output_columns = reader.named(
        top.get("outputColumns"), "outputColumns", lambda value, path: _output_column(reader, value, path)
    )
    return Dataset(
        name=reader.text(
            top.get("name"), "name", f'its folder\'s name, "{reader.folder}"', reader.folder.__eq__
        ),
        description=reader.text(top.get("description"), "description", "a sentence"),
        prefix=reader.text(top.get("prefix"), "prefix", "a prefix like input/customers/", is_prefix),
        format=file_format,
        columns=_columns(reader, top.get("columns"), file_format),
        output_columns=output_columns,
        partitions=_partitions(reader, top.get("partitions", []), file_format, output_columns),
        outputs=_outputs(reader, top.get("outputs"), file_format),
        transform=transform.decode("utf-8"),
        version=_version(declaration, transform),
    )


def _format(reader: DeclarationReader, value: object) -> CsvFormat | NdjsonFormat:
    if isinstance(value, dict) and value.get("kind") == "ndjson":
        reader.mapping(value, "format", ("kind",))
        return NdjsonFormat()
    fields = reader.mapping(value, "format", ("kind", "delimiter"))
    reader.text(fields.get("kind"), "format.kind", '"csv" or "ndjson"', "csv".__eq__)
    wanted = 'one of "," ";" "\\t"'
    return CsvFormat(
        delimiter=reader.text(fields.get("delimiter"), "format.delimiter", wanted, _DELIMITERS.__contains__)
    )


def _columns(
    reader: DeclarationReader, value: object, file_format: CsvFormat | NdjsonFormat
) -> tuple[InputColumn, ...]:
    read = _csv_column if file_format.kind == "csv" else _ndjson_column
    columns = reader.named(value, "columns", lambda item, path: read(reader, item, path))
    keys = [column.key for column in columns]
    for key in sorted({key for key in keys if keys.count(key) > 1 and file_format.kind == "ndjson"}):
        reader.note("columns", key, "each key once")
    return columns


def _csv_column(reader: DeclarationReader, value: object, path: str) -> InputColumn:
    fields = reader.mapping(value, path, ("name", "type", "text", "required", "comment"))
    name = reader.text(fields.get("name"), f"{path}.name", "a lower-case name", _is_input_name)
    return InputColumn(
        name=name,
        key=name,
        type=reader.text(fields.get("type"), f"{path}.type", '"string"', "string".__eq__),
        comment=reader.text(fields.get("comment"), f"{path}.comment", "a sentence"),
        required=reader.flag(fields.get("required", False), f"{path}.required"),
        text=_text(reader, fields.get("text", "exact"), f"{path}.text"),
    )


def _ndjson_column(reader: DeclarationReader, value: object, path: str) -> InputColumn:
    fields = reader.mapping(value, path, ("name", "key", "type", "required", "comment"))
    name = reader.text(fields.get("name"), f"{path}.name", "a lower-case name", _is_input_name)
    return InputColumn(
        name=name,
        key=reader.text(fields.get("key", name), f"{path}.key", "a JSON key", lambda _: True),
        type=reader.text(fields.get("type"), f"{path}.type", _TYPES, _is_type),
        comment=reader.text(fields.get("comment"), f"{path}.comment", "a sentence"),
        required=reader.flag(fields.get("required", False), f"{path}.required"),
        text="exact",
    )


def _text(reader: DeclarationReader, value: object, path: str) -> Text:
    for known in get_args(Text):
        if value == known:
            return cast(Text, known)
    reader.note(path, value, f"one of {', '.join(get_args(Text))}")
    return "exact"


def _is_input_name(value: str) -> bool:
    # `line` is the physical line number that the kernel adds beside the declared columns.
    return _NAME.fullmatch(value) is not None and value != "line"


def _is_type(value: str) -> bool:
    found = _TYPE.fullmatch(value)
    return found is not None and (found["scale"] is None or int(found["scale"]) <= int(found["precision"]))


def _output_column(reader: DeclarationReader, value: object, path: str) -> OutputColumn:
    fields = reader.mapping(value, path, ("name", "type", "comment"))
    return OutputColumn(
        name=reader.text(fields.get("name"), f"{path}.name", "a lower-case name", _NAME.fullmatch),
        type=reader.text(fields.get("type"), f"{path}.type", _TYPES, _is_type),
        comment=reader.text(fields.get("comment"), f"{path}.comment", "a sentence"),
    )


def _partitions(
    reader: DeclarationReader,
    value: object,
    file_format: CsvFormat | NdjsonFormat,
    columns: tuple[OutputColumn, ...],
) -> tuple[str, ...]:
    strings = [column.name for column in columns if column.type == "string"]
    names = value if isinstance(value, list) else []
    if value != names or not all(name in strings and names.count(name) == 1 for name in names):
        reader.note("partitions", value, "a list of output columns of type string, each once")
        return ()
    if names and file_format.kind == "csv":
        reader.note("partitions", value, "none, for a CSV file is published as one object")
    if names and len(names) == len(columns):
        reader.note("partitions", value, "fewer, for an output column must be left to stand in the files")
    return tuple(names)


def _outputs(reader: DeclarationReader, value: object, file_format: CsvFormat | NdjsonFormat) -> Outputs:
    kinds = ("parquet", "csv") if file_format.kind == "csv" else ("parquet",)
    fields = reader.mapping(value, "outputs", kinds)
    parquet = reader.mapping(fields.get("parquet"), "outputs.parquet", ("compression",))
    compression = parquet.get("compression")
    if compression not in _COMPRESSIONS:
        reader.note("outputs.parquet.compression", compression, "one of snappy, zstd")
    return Outputs(
        compression="zstd" if compression == "zstd" else "snappy",
        csv=file_format.kind == "csv" and reader.flag(fields.get("csv"), "outputs.csv"),
    )


def _version(declaration: bytes, transform: bytes) -> str:
    digest = hashlib.sha256()
    for part in (declaration, transform):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
