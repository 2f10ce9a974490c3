import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.declarations import dataset, declaration
from tributary.datasets import (
    BinaryFormat,
    CsvFormat,
    FileSize,
    InputColumn,
    JsonFormat,
    NdjsonFormat,
    OutputColumn,
    Outputs,
    dataset_for_key,
    datasets_of,
    declared_datasets,
    load_dataset,
)
from tributary.datasets.declaration import Format, parse_declaration
from tributary.errors import DeclarationError, UnknownDatasetError

COLUMN = {"name": "id", "type": "string"}


def test_fills_in_what_a_declaration_leaves_out() -> None:
    found = dataset(columns=[COLUMN])
    assert found.columns == (InputColumn("id", "string", ("id",)),)
    assert found.format == CsvFormat()
    assert found.output_columns == (OutputColumn("id", "string"),)
    assert found.outputs == Outputs()
    assert (found.undeclared, found.maximum_rejected_percent, found.empty_files) == ("keep", 100, "publish")
    assert (found.partitions, found.partition_values, found.sort) == ((), {}, None)
    assert (found.earliest, found.size, found.transform) == (None, None, None)


def test_reads_all_that_a_declaration_says() -> None:
    found = dataset(
        "SELECT 1",
        columns=[
            {
                "name": "total",
                "type": "decimal(9,2)",
                "required": True,
                "comment": "Total",
                "header": "Cost Total $",
                "position": 3,
                "path": ["cost", "total"],
                "keys": {"user_id": "userId"},
                "text": "trimmed",
                "dates": ["iso", "%d/%m/%Y"],
                "zone": "Europe/Berlin",
                "decimal": ",",
                "grouping": ".",
                "true": ["yes"],
                "false": ["no", ""],
                "onBadValue": "issue",
            }
        ],
        undeclared="reject",
        outputColumns=[{"name": "sum", "type": "bigint", "comment": "Sum"}],
        partitions=["year"],
        partitionValues={"mode": ["a", "b"]},
        sort="sum",
        dates={"from": "2020-01-31"},
        size={"megabytes": 2},
        maximumRejectedPercent=1.5,
        emptyFiles="quarantine",
        outputs={"parquet": {"compression": "zstd"}, "csv": True, "csvFormulas": "kept"},
    )
    assert found.columns == (
        InputColumn(
            name="total",
            type="decimal(9,2)",
            path=("Cost Total $",),
            keys={"user_id": "userId"},
            required=True,
            comment="Total",
            text="trimmed",
            dates=("iso", "%d/%m/%Y"),
            zone="Europe/Berlin",
            decimal=",",
            grouping=".",
            true_words=("yes",),
            false_words=("no", ""),
            on_bad_value="issue",
        ),
    )
    assert found.output_columns == (OutputColumn("sum", "bigint", "Sum"),)
    assert (found.undeclared, found.maximum_rejected_percent) == ("reject", 1.5)
    assert found.empty_files == "quarantine"
    assert (found.partitions, found.partition_values, found.sort) == (("year",), {"mode": ("a", "b")}, "sum")
    assert (found.earliest, found.size) == (datetime.date(2020, 1, 31), FileSize(2_000_000, 0.1))
    assert found.outputs == Outputs("zstd", csv=True, csv_formulas="kept")
    assert found.transform == "SELECT 1"
    assert (found.owner, found.classification, found.pipeline) == ("shop", "internal", "uploads")


@pytest.mark.parametrize(
    ("declared", "read"),
    [
        (
            {
                "kind": "csv",
                "delimiter": "¦",
                "header": False,
                "encoding": "latin-1",
                "escape": "\\",
                "nulls": ["", "NULL"],
                "skipLines": 2,
                "comment": "#",
                "lineEnd": "cr",
            },
            CsvFormat("¦", False, "latin-1", "\\", ("", "NULL"), 2, "#", "cr"),
        ),
        ({"kind": "ndjson"}, NdjsonFormat()),
        ({"kind": "ndjson", "attributeValues": "dynamodb"}, NdjsonFormat("dynamodb")),
        ({"kind": "json"}, JsonFormat()),
        (
            {"kind": "json", "form": "array", "records": ["a"], "around": ["b"]},
            JsonFormat("array", ("a",), ("b",)),
        ),
        ({"kind": "avro"}, BinaryFormat("avro")),
        ({"kind": "parquet"}, BinaryFormat("parquet")),
        ({"kind": "orc"}, BinaryFormat("orc")),
    ],
)
def test_reads_every_format(declared: dict[str, Any], read: Format) -> None:
    assert dataset(format=declared).format == read


def test_takes_columns_for_the_output_where_there_is_no_transform() -> None:
    found = dataset(
        columns=[{**COLUMN, "comment": "Id"}, {"name": "seen", "type": "array<struct<instant:instant>>"}]
    )
    assert found.output_columns == (
        OutputColumn("id", "string", "Id"),
        OutputColumn("seen", "array<struct<instant:timestamp>>"),
    )
    assert found.transform is None


def test_takes_a_dataset_without_columns_for_text() -> None:
    found = dataset(format={"kind": "ndjson"})
    assert found.is_text
    assert (found.columns, found.output_columns) == ((), ())
    assert not dataset(columns=[COLUMN]).is_text


NAME = "a lower-case name (a-z, 0-9, _) that begins with a letter"
TYPES = (
    "a Glue type: string, boolean, int, bigint, double, date, timestamp or decimal(p,s), "
    "or array<…> or struct<name:…,…> of these"
)

PROBLEMS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another name than the folder's": (
        lambda d: d.update(name="x"),
        'name: expected its folder\'s name, "orders", got "x"',
    ),
    "no owner": (lambda d: d.pop("owner"), "owner is required: expected a team or a person"),
    "another classification": (
        lambda d: d.update(classification="secret"),
        'classification: expected one of public, internal, sensitive, got "secret"',
    ),
    "a prefix without slash": (
        lambda d: d.update(prefix="input"),
        "prefix: expected a prefix that ends in / and does not begin with it, such as input/orders/"
        ', got "input"',
    ),
    "no kind": (
        lambda d: d.update(format={}),
        "format.kind is required: expected one of csv, ndjson, json, avro, parquet, orc",
    ),
    "another kind": (
        lambda d: d["format"].update(kind="xml"),
        'format.kind: expected one of csv, ndjson, json, avro, parquet, orc, got "xml"',
    ),
    "a delimiter of two characters": (
        lambda d: d["format"].update(delimiter="||"),
        'format.delimiter: expected one character, neither a quote nor a line break, got "||"',
    ),
    "an option of another kind": (
        lambda d: d["format"].update(form="lines"),
        'format: unknown key "form"; known are kind, delimiter, header, encoding, escape, nulls, skipLines, '
        "comment, lineEnd",
    ),
    "an unknown key that is like a known one": (
        lambda d: d.update(colums=[]),
        'unknown key "colums"; did you mean "columns"?',
    ),
    "an unknown key of a column": (
        lambda d: d["columns"][0].update(coment="x"),
        'columns[0]: unknown key "coment"; did you mean "comment"?',
    ),
    "a name that is null": (
        lambda d: d["columns"][0].update(name=None),
        f"columns[0].name: expected {NAME}, got null",
    ),
    "no columns": (
        lambda d: d.update(columns=[]),
        "columns: expected a list of at least one column, got []",
    ),
    "a text as column": (
        lambda d: d.update(columns=["id"]),
        "columns[0]: expected an object with name, type, required, comment, header, position, key, path, "
        'keys, text, dates, zone, decimal, grouping, true, false, onBadValue, got "id"',
    ),
    "a type that is none": (
        lambda d: d["columns"][0].update(type="decimal(2,3)"),
        f'columns[0].type: expected {TYPES}, or instant, got "decimal(2,3)"',
    ),
    "a nested type that is none": (
        lambda d: d["columns"][0].update(type="array<text>"),
        f'columns[0].type: expected {TYPES}, or instant, got "array<text>"',
    ),
    "an instant in the output": (
        lambda d: d.update(outputColumns=[{"name": "at", "type": "array<instant>"}]),
        f'outputColumns[0].type: expected {TYPES}, got "array<instant>"',
    ),
    "a position of 0": (
        lambda d: d["columns"][0].update(position=0),
        "columns[0].position: expected a whole number from 1 to 10000, got 0",
    ),
    "a flag as text": (
        lambda d: d.update(outputs={"csv": "yes"}),
        'outputs.csv: expected true or false, got "yes"',
    ),
    "a date that is none": (
        lambda d: d.update(dates={"from": "2020-02-30"}),
        'dates.from: expected a date like 2020-01-31, got "2020-02-30"',
    ),
    "a size in words": (
        lambda d: d.update(size="3 MB"),
        'size: expected "any", or an object with megabytes (up to 5000) and tolerancePercent (0 to 100)'
        ', got "3 MB"',
    ),
    "a partition twice": (
        lambda d: d.update(partitions=["year", "year"]),
        'partitions: expected a list of output columns of type string, each once, got ["year", "year"]',
    ),
    "values of a partition that are no list": (
        lambda d: d.update(partitionValues={"mode": "train"}),
        'partitionValues.mode: expected a list of texts, each once, got "train"',
    ),
    "more than all rows": (
        lambda d: d.update(maximumRejectedPercent=101),
        "maximumRejectedPercent: expected a number from 0 to 100, got 101",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_names_a_problem_with_path_value_and_remedy(problem: str) -> None:
    change, message = PROBLEMS[problem]
    document = declaration(columns=[dict(COLUMN)])
    change(document)
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("orders", json.dumps(document).encode(), None)
    assert str(raised.value) == f"orders/dataset.json: {message}"


@pytest.mark.parametrize("text", [b"{", b"[]", b"null", b'"orders"', b"\xff"])
def test_says_that_a_declaration_is_none(text: bytes) -> None:
    with pytest.raises(DeclarationError, match=r"^orders/dataset\.json: expected (JSON|an object with)"):
        parse_declaration("orders", text, None)


def test_version_follows_declaration_and_sql() -> None:
    document = json.dumps(declaration()).encode()
    versions = {
        parse_declaration("orders", *parts).version
        for parts in [
            (document, None),
            (document, b"SELECT 1"),
            (document, b"SELECT 2"),
            (document + b" ", b"SELECT 1"),
        ]
    }
    assert len(versions) == 4


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("input/customers/a.csv", "customers"),
        ("input/customers/2025/a.csv.gz", "customers"),
        ("input/customersx/a.csv", None),
        ("input/a.csv", None),
        ("customers/a.csv", None),
        ("input/clicks/2026-01-31-a.ndjson", None),
    ],
)
def test_finds_the_dataset_that_claims_a_key(key: str, name: str | None) -> None:
    found = dataset_for_key(key, "uploads")
    assert (found and found.name) == name


def test_tells_datasets_by_their_pipelines() -> None:
    assert [each.name for each in datasets_of("manifests")] == ["clicks", "smoke_manifests"]
    assert load_dataset("clicks", "manifests") is load_dataset("clicks")
    known = r'^dataset of the pipeline ledger: expected one of ml_events, smoke_ledger, got "clicks"$'
    with pytest.raises(UnknownDatasetError, match=known):
        load_dataset("clicks", "ledger")


def test_names_the_known_datasets_when_one_is_unknown() -> None:
    names = ", ".join(each.name for each in declared_datasets())
    with pytest.raises(UnknownDatasetError, match=f'^dataset: expected one of {names}, got "nope"$'):
        load_dataset("nope")
