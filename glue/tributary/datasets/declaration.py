"""What a dataset declares, made of its `dataset.json` once that fits the JSON Schema."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tributary.datasets.schema import checked
from tributary.datasets.types import without_instants
from tributary.errors import DeclarationError
from tributary.expected import expected_at

Pipeline = Literal["uploads", "manifests", "ledger"]
"""How the files of a dataset come."""

Undeclared = Literal["keep", "drop", "reject"]
"""What becomes of a field that no column reads."""

Text = Literal["exact", "trimmed", "lower", "words"]
"""How a text is taken: as it stood; trimmed; or trimmed, in lower case or capitalised words."""

JsonForm = Literal["detect", "document", "lines", "array"]
"""What a JSON file holds; docs/datasets.md says how it is detected."""

AttributeValues = Literal["dynamodb"]
"""Whose typed values the objects have, `{"N": "1.5"}` for a number."""

CsvFormulas = Literal["escaped", "kept"]
"""Whether a text that a spreadsheet takes for a formula gets an apostrophe before it, or stays as it is."""

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """CSV after RFC 4180, with what differs from it; `nulls` is None where no text stands for null."""

    delimiter: str = ","
    header: bool = True
    encoding: Literal["utf-8", "windows-1252", "latin-1"] = "utf-8"
    escape: str | None = None
    nulls: tuple[str, ...] | None = None
    skip_lines: int = 0
    comment: str | None = None
    line_end: Literal["lf", "cr"] = "lf"
    kind: Literal["csv"] = "csv"


@dataclass(frozen=True, slots=True)
class NdjsonFormat:
    """Lines of JSON objects."""

    attribute_values: AttributeValues | None = None
    kind: Literal["ndjson"] = "ndjson"


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """JSON objects: one a file, one a line, or the elements of an array.

    `records` are the keys on the way to the rows inside an object, `around` those beside that each row gets.
    """

    form: JsonForm = "detect"
    records: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    attribute_values: AttributeValues | None = None
    kind: Literal["json"] = "json"


@dataclass(frozen=True, slots=True)
class BinaryFormat:
    """Files that bring the types of their values."""

    kind: Literal["avro", "parquet", "orc"]


Format = CsvFormat | NdjsonFormat | JsonFormat | BinaryFormat


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column of the files, which the transform sees.

    It is the value at `path`, which begins with the top-level key; of CSV that is the text of the header, or
    without one `position_key`, and nothing behind it. `keys` are those of struct fields that differ from the
    field's name. The rest says how text becomes the type: `dates` are formats of dates and times, and
    `true_words` and `false_words` None where they are `true` and `false`.
    """

    name: str
    type: str
    path: tuple[str, ...]
    keys: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    comment: str = ""
    text: Text = "exact"
    dates: tuple[str, ...] = ("iso",)
    zone: str | None = None
    decimal: Literal[".", ","] = "."
    grouping: str | None = None
    true_words: tuple[str, ...] | None = None
    false_words: tuple[str, ...] | None = None
    on_bad_value: Literal["reject", "issue"] = "reject"

    @property
    def key(self) -> str:
        """The top-level key."""
        return self.path[0]


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of the output with its Glue (Hive) type."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is published: Parquet always, CSV in addition where asked for.

    `csv_formulas` says what becomes of a text that a spreadsheet would take for a formula, in CSV alone.
    """

    compression: Literal["snappy", "zstd"] = "snappy"
    csv: bool = False
    csv_formulas: CsvFormulas = "escaped"


@dataclass(frozen=True, slots=True)
class FileSize:
    """What a file is expected to have: bytes, and the fraction by which it may have more or less."""

    bytes: int
    tolerance: float


@dataclass(frozen=True, slots=True)
class Dataset:
    """One declared dataset; `version` changes whenever its declaration or its SQL does.

    Without `columns` it is a text dataset: every field becomes a column of its exact text. `transform` is
    None where the columns are the output. `partitions` are the output columns that make the path of a file
    instead of standing in it, and `partition_values` are all that some of these may have. `sort` is the
    output column by which the rows stand in their files. `earliest` is the first date that a file's name may
    carry, `size` None where any will do; both are of the manifests pipeline.
    """

    name: str
    description: str
    owner: str
    classification: Literal["public", "internal", "sensitive"]
    pipeline: Pipeline
    prefix: str
    format: Format
    columns: tuple[InputColumn, ...]
    undeclared: Undeclared
    output_columns: tuple[OutputColumn, ...]
    partitions: tuple[str, ...]
    partition_values: Mapping[str, tuple[str, ...]]
    sort: str | None
    earliest: datetime.date | None
    size: FileSize | None
    maximum_rejected_percent: float
    empty_files: Literal["publish", "quarantine"]
    outputs: Outputs
    transform: str | None
    version: str

    @property
    def is_text(self) -> bool:
        """Whether every field becomes a column of its exact text."""
        return not self.columns

    @property
    def keys(self) -> tuple[str, ...]:
        """The top-level keys that its columns read, each once."""
        return tuple(dict.fromkeys(column.key for column in self.columns))


def parse_declaration(folder: str, declaration: bytes, transform: bytes | None) -> Dataset:
    """Read a declaration, and its SQL where it has any; `folder` is the name both stand under.

    What fields mean to each other is checked where one is written (`tributary dataset check`), not here.
    Raises `DeclarationError` with the first problem.
    """
    file = f"{folder}/dataset.json"
    try:
        document = json.loads(declaration)
    except ValueError as error:
        raise DeclarationError(f"{file}: expected JSON: {error}") from error
    document = checked(file, document)
    if document["name"] != folder:
        raise DeclarationError(
            expected_at(f"{file}: name", f'its folder\'s name, "{folder}"', document["name"])
        )
    columns = tuple(_input_column(fields, document["format"]) for fields in document.get("columns", ()))
    return Dataset(
        name=document["name"],
        description=document["description"],
        owner=document["owner"],
        classification=document["classification"],
        pipeline=document["pipeline"],
        prefix=document["prefix"],
        format=_format(document["format"]),
        columns=columns,
        undeclared=document["undeclared"],
        output_columns=_output_columns(document.get("outputColumns"), columns),
        partitions=tuple(document.get("partitions", ())),
        partition_values={name: tuple(values) for name, values in document["partitionValues"].items()},
        sort=document.get("sort"),
        earliest=_earliest(document.get("dates")),
        size=_size(document["size"]),
        maximum_rejected_percent=document["maximumRejectedPercent"],
        empty_files=document["emptyFiles"],
        outputs=Outputs(
            compression=document["outputs"]["parquet"]["compression"],
            csv=document["outputs"]["csv"],
            csv_formulas=document["outputs"]["csvFormulas"],
        ),
        transform=None if transform is None else transform.decode("utf-8"),
        version=_version(declaration, transform or b""),
    )


def _format(fields: dict[str, Any]) -> Format:
    match fields["kind"]:
        case "csv":
            return CsvFormat(
                delimiter=fields["delimiter"],
                header=fields["header"],
                encoding=fields["encoding"],
                escape=fields.get("escape"),
                nulls=_texts(fields.get("nulls")),
                skip_lines=fields["skipLines"],
                comment=fields.get("comment"),
                line_end=fields["lineEnd"],
            )
        case "ndjson":
            return NdjsonFormat(fields.get("attributeValues"))
        case "json":
            return JsonFormat(
                form=fields["form"],
                records=tuple(fields.get("records", ())),
                around=tuple(fields.get("around", ())),
                attribute_values=fields.get("attributeValues"),
            )
        case kind:
            return BinaryFormat(kind)


def position_key(position: int) -> str:
    """The key of the field at a position, from 1, of a CSV file without header."""
    return f"field_{position}"


def _path(fields: dict[str, Any], file_format: dict[str, Any]) -> tuple[str, ...]:
    if file_format["kind"] != "csv":
        return tuple(fields.get("path", (fields.get("key", fields["name"]),)))
    if not file_format["header"] and "position" in fields:
        return (position_key(fields["position"]),)
    return (fields.get("header", fields["name"]),)


def _input_column(fields: dict[str, Any], file_format: dict[str, Any]) -> InputColumn:
    return InputColumn(
        name=fields["name"],
        type=fields["type"],
        path=_path(fields, file_format),
        keys=fields["keys"],
        required=fields["required"],
        comment=fields["comment"],
        text=fields["text"],
        dates=tuple(fields["dates"]),
        zone=fields.get("zone"),
        decimal=fields["decimal"],
        grouping=fields.get("grouping"),
        true_words=_texts(fields.get("true")),
        false_words=_texts(fields.get("false")),
        on_bad_value=fields["onBadValue"],
    )


def _output_columns(
    declared: list[dict[str, Any]] | None, columns: tuple[InputColumn, ...]
) -> tuple[OutputColumn, ...]:
    if declared is None:
        return tuple(
            OutputColumn(column.name, without_instants(column.type), column.comment) for column in columns
        )
    return tuple(OutputColumn(fields["name"], fields["type"], fields["comment"]) for fields in declared)


def _earliest(dates: dict[str, str] | None) -> datetime.date | None:
    return None if dates is None else datetime.date.fromisoformat(dates["from"])


def _size(size: dict[str, float] | Literal["any"]) -> FileSize | None:
    if size == "any":
        return None
    return FileSize(round(size["megabytes"] * _MEGABYTE), size["tolerancePercent"] / 100)


def _texts(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _version(declaration: bytes, transform: bytes) -> str:
    digest = hashlib.sha256()
    for part in (declaration, transform):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
