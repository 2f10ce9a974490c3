import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from tributary.datasets import (
    all_datasets,
    dataset_for_key,
    json_datasets,
    load_any_dataset,
    load_json_dataset,
    text_datasets,
)
from tributary.datasets.columns import JSON_TYPES, NESTED_TYPES, SCALAR_TYPES
from tributary.datasets.declaration import parse_declaration
from tributary.datasets.reader import NAME
from tributary.datasets.types import column_type
from tributary.errors import DeclarationError, UnknownDatasetError
from tributary.kernels.transform.glue_types import arrow_type

ITEMS = "array<struct<sku:string,prices:array<decimal(18,2)>>>"


def declaration() -> dict[str, Any]:
    return {
        "name": "events",
        "description": "Events.",
        "prefix": "raw-json-data/",
        "format": {"kind": "json", "form": "detect"},
        "columns": [
            {"name": "id", "key": "Id", "type": "string", "required": True, "comment": "Identifier"},
            {"name": "at", "type": "instant", "comment": "When"},
            {"name": "at_text", "key": "at", "type": "string", "comment": "When, as it stood"},
            {"name": "items", "path": ["payload", "items"], "type": ITEMS, "comment": "What was bought"},
        ],
        "outputColumns": [
            {"name": "id", "type": "string", "comment": "Identifier"},
            {"name": "at", "type": "timestamp", "comment": "When"},
            {"name": "items", "type": ITEMS, "comment": "What was bought"},
            {"name": "mode", "type": "string", "comment": "Mode"},
        ],
        "partitions": ["mode"],
        "partitionValues": {"mode": ["a", "b"]},
        "sort": "at",
        "outputs": {"parquet": {"compression": "snappy"}},
    }


def test_reads_a_declaration_of_json() -> None:
    dataset = parse_declaration("events", json.dumps(declaration()).encode(), b"SELECT 1")
    assert [(column.name, column.path, column.type) for column in dataset.columns] == [
        ("id", ("Id",), "string"),
        ("at", ("at",), "instant"),
        ("at_text", ("at",), "string"),
        ("items", ("payload", "items"), ITEMS),
    ]
    assert (dataset.json_form, dataset.sort, dataset.partitions) == ("detect", "at", ("mode",))
    assert dataset.partition_values == {"mode": ("a", "b")}


PROBLEMS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no form": (
        lambda d: d.update(format={"kind": "json"}),
        "format.form is required: expected one of detect, document, lines, array",
    ),
    "a prefix of uploads": (
        lambda d: d.update(prefix="input/events/"),
        "prefix: expected a prefix outside input/ that ends in /, such as raw-json-data/"
        ', got "input/events/"',
    ),
    "no prefix at all": (
        lambda d: d.update(prefix="/"),
        'prefix: expected a prefix outside input/ that ends in /, such as raw-json-data/, got "/"',
    ),
    "an instant as output": (
        lambda d: d["outputColumns"][1].update(type="instant"),
        f'outputColumns[1].type: expected {NESTED_TYPES}, got "instant"',
    ),
    "an instant inside an output": (
        lambda d: d["outputColumns"][1].update(type="array<instant>"),
        f'outputColumns[1].type: expected {NESTED_TYPES}, got "array<instant>"',
    ),
    "a type that is none": (
        lambda d: d["columns"][3].update(type="array<struct<>>"),
        f'columns[3].type: expected {JSON_TYPES}, got "array<struct<>>"',
    ),
    "a key and a path": (
        lambda d: d["columns"][3].update(key="x"),
        "columns[3].path: expected no path beside columns[3].key (leave one of the two out)"
        ', got ["payload", "items"]',
    ),
    "an empty path": (
        lambda d: d["columns"][3].update(path=[]),
        'columns[3].path: expected a list of JSON keys, such as ["payload", "items"], got []',
    ),
    "a path of numbers": (
        lambda d: d["columns"][3].update(path=["a", 1]),
        'columns[3].path: expected a list of JSON keys, such as ["payload", "items"], got ["a", 1]',
    ),
    "no format": (
        lambda d: d.pop("format"),
        'format is required: expected an object with kind: "csv", "ndjson" or "json"',
    ),
    "a format that is no object": (
        lambda d: d.update(format="json"),
        'format: expected an object with kind: "csv", "ndjson" or "json", got "json"',
    ),
    "a format of no kind": (
        lambda d: d.update(format={"form": "detect"}),
        'format.kind is required: expected "csv", "ndjson" or "json"',
    ),
    "a format of an unknown kind": (
        lambda d: d.update(format={"kind": "xml"}),
        'format.kind: expected "csv", "ndjson" or "json", got "xml"',
    ),
    "no output columns": (
        lambda d: d.pop("outputColumns"),
        "outputColumns is required: expected a list of at least one column",
    ),
    "output columns without one of a name": (
        lambda d: d["outputColumns"][3].pop("name"),
        f"outputColumns[3].name is required: expected {NAME}",
    ),
    "partitions left out": (
        lambda d: d.pop("partitions"),
        "partitions is required: expected at least one output column (a batch is published by partition)",
    ),
    "partitions that are no output columns": (
        lambda d: d.update(partitions=["modes"]),
        'partitions: expected a list of output columns of type string, each once, got ["modes"]',
    ),
    "no partitions": (
        lambda d: d.update(partitions=[]),
        "partitions: expected at least one output column (a batch is published by partition), got []",
    ),
    "values of no partition": (
        lambda d: d.update(partitionValues={"id": ["a"]}),
        'partitionValues: unknown key "id"; known are mode',
    ),
    "values twice": (
        lambda d: d.update(partitionValues={"mode": ["a", "a"]}),
        'partitionValues.mode: expected a list of texts, each once, got ["a", "a"]',
    ),
    "no values": (
        lambda d: d.update(partitionValues={"mode": []}),
        "partitionValues.mode: expected a list of texts, each once, got []",
    ),
    "sorted by nothing": (
        lambda d: d.pop("sort"),
        "sort is required: expected an output column that stands in the files",
    ),
    "sorted by a partition": (
        lambda d: d.update(sort="mode"),
        'sort: expected an output column that stands in the files, got "mode"',
    ),
    "sorted by a list": (
        lambda d: d.update(sort="items"),
        'sort: expected an output column that stands in the files, got "items"',
    ),
    "csv as well": (
        lambda d: d["outputs"].update(csv=True),
        'outputs: unknown key "csv"; known are parquet',
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_names_a_problem_of_json_with_path_value_and_remedy(problem: str) -> None:
    change, message = PROBLEMS[problem]
    document = declaration()
    change(document)
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("events", json.dumps(document).encode(), b"SELECT 1")
    assert str(raised.value).splitlines() == [f"events/dataset.json: {message}"]


def test_names_what_no_format_excuses() -> None:
    document = declaration() | {"name": "x", "sorts": "at", "description": 1}
    del document["format"], document["outputs"], document["columns"]
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("events", json.dumps(document).encode(), b"SELECT 1")
    assert str(raised.value).splitlines() == [
        f"events/dataset.json: {message}"
        for message in (
            'format is required: expected an object with kind: "csv", "ndjson" or "json"',
            'unknown key "sorts"; did you mean "sort"?',
            'name: expected its folder\'s name, "events", got "x"',
            "description: expected a sentence, got 1",
        )
    ]


def test_names_all_that_is_left_out() -> None:
    document = {"name": "events", "format": {"kind": "json", "form": "detect"}}
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("events", json.dumps(document).encode(), b"SELECT 1")
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == [
        f"{name} is required"
        for name in ("description", "outputColumns", "partitions", "prefix", "columns", "sort", "outputs")
    ] + ["outputs.parquet is required", "outputs.parquet.compression is required"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sort": "id"}, 'events/dataset.json: unknown key "sort"; known are name, '),
        ({"partitionValues": {}}, 'events/dataset.json: unknown key "partitionValues"; '),
    ],
)
def test_keeps_what_is_of_json_from_ndjson(change: dict[str, Any], message: str) -> None:
    document = {**declaration(), "format": {"kind": "ndjson"}, "prefix": "input/x/"}
    del document["sort"], document["partitionValues"]
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("events", json.dumps(document | change).encode(), b"SELECT 1")
    problems = str(raised.value)
    assert message in problems
    assert 'columns[3]: unknown key "path"' in problems
    assert f'columns[1].type: expected {SCALAR_TYPES}, got "instant"' in problems
    assert "outputColumns[2].type: expected" in problems


def test_tells_json_datasets_from_those_of_uploads() -> None:
    name = "ml_events"
    assert name in [dataset.name for dataset in json_datasets()]
    assert name not in [dataset.name for dataset in (*all_datasets(), *text_datasets())]
    assert load_json_dataset(name) is load_any_dataset(name)
    assert dataset_for_key(f"{load_json_dataset(name).prefix}2026/week01/a.json") is None
    with pytest.raises(
        UnknownDatasetError, match=r'^JSON dataset: expected one of ml_events, smoke_ledger, got "clicks"$'
    ):
        load_json_dataset("clicks")


def test_reads_types_down_to_the_innermost() -> None:
    assert arrow_type("struct<a:int,instant:array<struct<b:decimal(38,38),c:timestamp>>>") == pa.struct(
        [
            ("a", pa.int32()),
            (
                "instant",
                pa.list_(
                    pa.field(
                        "element",
                        pa.struct([("b", pa.decimal128(38, 38)), ("c", pa.timestamp("us", "UTC"))]),
                    )
                ),
            ),
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "strings",
        "array",
        "array<>",
        "array<int",
        "array<int>>",
        "array<int,int>",
        "struct<a>",
        "struct<a:int,>",
        "struct<a:int,a:int>",
        "struct<A:int>",
        "struct<a int>",
        "struct< a:int>",
        "decimal",
        "decimal(39,0)",
        "decimal(2,3)",
        "decimal(0,0)",
        "map<string,int>",
        "int ",
        "(1,2)",
        "int(1,2)",
    ],
)
def test_takes_nothing_else_for_a_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected .+, got "):
        column_type(text)
