"""What a dataset declares, and the strict reading of its `dataset.json`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from tributary.datasets.columns import (
    InputColumn,
    OutputColumn,
    Text,
    csv_column,
    json_column,
    ndjson_column,
    output_column,
)
from tributary.datasets.reader import (
    PREFIX,
    RAW_JSON_PREFIX,
    DeclarationReader,
    is_prefix,
    is_raw_json_prefix,
)
from tributary.errors import DeclarationError
from tributary.expected import ABSENT

__all__ = ["InputColumn", "OutputColumn", "Text"]

_KINDS = '"csv", "ndjson" or "json"'
_DELIMITERS = (",", ";", "\t")
_COMPRESSIONS = ("snappy", "zstd")

CsvFormulas = Literal["escaped", "kept"]
"""Whether a text that a spreadsheet takes for a formula gets an apostrophe before it, or stays as it is."""

JsonForm = Literal["detect", "document", "lines", "array"]
"""What a JSON file holds; docs/datasets.md says how it is detected."""


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
class JsonFormat:
    """JSON objects: one a file, one a line, or the elements of an array."""

    form: JsonForm
    kind: Literal["json"] = "json"


Format = CsvFormat | NdjsonFormat | JsonFormat

_KEYS = ("name", "description", "prefix", "format", "columns", "outputColumns", "partitions", "outputs")
_JSON_KEYS = ("partitionValues", "sort")

_COLUMN_READERS: Final = {"csv": csv_column, "ndjson": ndjson_column, "json": json_column}


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is published: Parquet always, CSV in addition where asked for.

    `csv_formulas` says what becomes of a text that a spreadsheet would take for a formula, in CSV alone.
    """

    compression: Literal["snappy", "zstd"]
    csv: bool
    csv_formulas: CsvFormulas = "escaped"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One declared dataset; `version` changes whenever its declaration or its SQL does.

    `partitions` are the output columns that make the path of a file instead of standing in it, and
    `partition_values` are all that some of these may have. `sort` is the output column by which the rows of a
    JSON dataset stand in their files.
    """

    name: str
    description: str
    prefix: str
    format: Format
    columns: tuple[InputColumn, ...]
    output_columns: tuple[OutputColumn, ...]
    partitions: tuple[str, ...]
    partition_values: Mapping[str, tuple[str, ...]]
    sort: str | None
    outputs: Outputs
    transform: str
    version: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The top-level keys that its columns read, each once."""
        return tuple(dict.fromkeys(column.key for column in self.columns))

    @property
    def csv_format(self) -> CsvFormat:
        """The format of a CSV dataset; raises `DeclarationError` for another one."""
        if self.format.kind != "csv":
            raise DeclarationError(f'the dataset "{self.name}" is {self.format.kind}, not csv')
        return self.format

    @property
    def json_form(self) -> JsonForm:
        """The form of a JSON dataset's files; raises `DeclarationError` for another one."""
        if self.format.kind != "json":
            raise DeclarationError(f'the dataset "{self.name}" is {self.format.kind}, not json')
        return self.format.form


def parse_declaration(folder: str, declaration: bytes, transform: bytes) -> Dataset:
    """Read a declaration and its SQL; `folder` is the name both stand under.

    Raises `DeclarationError` with every problem found, one a line.
    """
    try:
        document = json.loads(declaration)
    except ValueError as error:
        raise DeclarationError(f"{folder}/dataset.json: expected JSON: {error}") from error
    reader = DeclarationReader(folder)
    dataset = _dataset(reader, document, declaration, transform)
    if dataset is None or reader.problems:
        raise DeclarationError("\n".join(reader.problems))
    return dataset


def _dataset(
    reader: DeclarationReader, document: object, declaration: bytes, transform: bytes
) -> Dataset | None:
    """The dataset; None without a known format, on which all but the name and description depend."""
    if not isinstance(document, dict):
        reader.note("", document, f"an object with {', '.join(_KEYS)}")
        return None
    file_format = _format(reader, document.get("format", ABSENT))
    is_json = file_format is not None and file_format.kind == "json"
    top = reader.mapping(document, "", (*_KEYS, *(_JSON_KEYS if is_json or file_format is None else ())))
    name = reader.text(top["name"], "name", f'its folder\'s name, "{reader.folder}"', reader.folder.__eq__)
    description = reader.text(top["description"], "description", "a sentence")
    if file_format is None:
        return None
    output_columns = reader.sound(
        lambda: reader.named(
            top["outputColumns"],
            "outputColumns",
            lambda value, path: output_column(reader, value, path, nested=is_json),
        )
    )
    partitions = reader.sound(lambda: _partitions(reader, top["partitions"], file_format, output_columns))
    return Dataset(
        name=name,
        description=description,
        prefix=_prefix(reader, top["prefix"], is_json=is_json),
        format=file_format,
        columns=_columns(reader, top["columns"], file_format),
        output_columns=output_columns or (),
        partitions=partitions or (),
        partition_values=_partition_values(reader, top.get("partitionValues", {}), partitions),
        sort=_sort(reader, top["sort"], output_columns, partitions or ()) if is_json else None,
        outputs=_outputs(reader, top["outputs"], file_format),
        transform=transform.decode("utf-8"),
        version=_version(declaration, transform),
    )


def _format(reader: DeclarationReader, value: object) -> Format | None:
    if not isinstance(value, dict):
        reader.note("format", value, f"an object with kind: {_KINDS}")
        return None
    kind = value.get("kind", ABSENT)
    if kind == "ndjson":
        reader.mapping(value, "format", ("kind",))
        return NdjsonFormat()
    if kind == "json":
        form = reader.mapping(value, "format", ("kind", "form"))["form"]
        if form not in get_args(JsonForm):
            reader.note("format.form", form, f"one of {', '.join(get_args(JsonForm))}")
        return JsonFormat(cast(JsonForm, form))
    if kind == "csv":
        delimiter = reader.mapping(value, "format", ("kind", "delimiter"))["delimiter"]
        wanted = 'one of ",", ";", "\\t"'
        return CsvFormat(reader.text(delimiter, "format.delimiter", wanted, _DELIMITERS.__contains__))
    reader.note("format.kind", kind, _KINDS)
    return None


def _prefix(reader: DeclarationReader, value: object, *, is_json: bool) -> str:
    if is_json:
        return reader.text(
            value,
            "prefix",
            RAW_JSON_PREFIX,
            is_raw_json_prefix,
        )
    return reader.text(value, "prefix", PREFIX, is_prefix)


def _columns(reader: DeclarationReader, value: object, file_format: Format) -> tuple[InputColumn, ...]:
    read = _COLUMN_READERS[file_format.kind]
    columns = reader.named(value, "columns", lambda item, path: read(reader, item, path))
    keys = [column.key for column in columns]
    for key in sorted({key for key in keys if keys.count(key) > 1 and file_format.kind == "ndjson"}):
        reader.note("columns", key, "each key once")
    return columns


def _partitions(
    reader: DeclarationReader,
    value: object,
    file_format: Format,
    columns: tuple[OutputColumn, ...] | None,
) -> tuple[str, ...] | None:
    """The partitions; None where no output columns are known."""
    if file_format.kind == "json" and (value is ABSENT or value == []):
        reader.note("partitions", value, "at least one output column (a batch is published by partition)")
    if columns is None:
        return None
    if value is ABSENT:
        return ()
    strings = [column.name for column in columns if column.type == "string"]
    names = value if isinstance(value, list) else []
    if value != names or not all(name in strings and names.count(name) == 1 for name in names):
        reader.note("partitions", value, "a list of output columns of type string, each once")
        return ()
    if names and file_format.kind == "csv":
        reader.note("partitions", value, "none (a CSV file is published as one object)")
    if names and len(names) == len(columns):
        reader.note("partitions", value, "fewer (an output column must be left to stand in the files)")
    return tuple(names)


def _partition_values(
    reader: DeclarationReader, value: object, partitions: tuple[str, ...] | None
) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if partitions is None:
        return found
    for name, values in reader.mapping(value, "partitionValues", partitions).items():
        texts = values if isinstance(values, list) else []
        if (
            not texts
            or len({*map(str, texts)}) < len(texts)
            or not all(isinstance(each, str) for each in texts)
        ):
            reader.note(f"partitionValues.{name}", values, "a list of texts, each once")
        found[name] = tuple(texts)
    return found


def _sort(
    reader: DeclarationReader,
    value: object,
    columns: tuple[OutputColumn, ...] | None,
    partitions: tuple[str, ...],
) -> str:
    wanted = "an output column that stands in the files"
    if columns is None:
        return reader.text(value, "sort", wanted)
    sortable = [column.name for column in columns if "<" not in column.type and column.name not in partitions]
    return reader.text(value, "sort", wanted, sortable.__contains__)


def _outputs(reader: DeclarationReader, value: object, file_format: Format) -> Outputs:
    kinds = ("parquet", "csv", "csvFormulas") if file_format.kind == "csv" else ("parquet",)
    fields = reader.mapping(value, "outputs", kinds)
    parquet = reader.mapping(fields["parquet"], "outputs.parquet", ("compression",))
    compression: Any = parquet["compression"]
    if compression not in _COMPRESSIONS:
        reader.note("outputs.parquet.compression", compression, "one of snappy, zstd")
    return Outputs(
        compression="zstd" if compression == "zstd" else "snappy",
        csv=file_format.kind == "csv" and reader.flag(fields["csv"], "outputs.csv"),
        csv_formulas=_csv_formulas(reader, fields.get("csvFormulas", "escaped")),
    )


def _csv_formulas(reader: DeclarationReader, value: object) -> CsvFormulas:
    if value not in get_args(CsvFormulas):
        reader.note("outputs.csvFormulas", value, f"one of {', '.join(get_args(CsvFormulas))}")
    return "kept" if value == "kept" else "escaped"


def _version(declaration: bytes, transform: bytes) -> str:
    digest = hashlib.sha256()
    for part in (declaration, transform):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
