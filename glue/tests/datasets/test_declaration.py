import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.job import GLUE
from tributary.datasets import all_datasets, dataset_for_key, load_dataset
from tributary.datasets.columns import SCALAR_TYPES
from tributary.datasets.declaration import parse_declaration
from tributary.errors import DeclarationError, UnknownDatasetError


def declaration() -> dict[str, Any]:
    return {
        "name": "orders",
        "description": "Orders.",
        "prefix": "input/orders/",
        "format": {"kind": "csv", "delimiter": ";"},
        "columns": [{"name": "id", "type": "string", "required": True, "comment": "Identifier"}],
        "outputColumns": [{"name": "id", "type": "bigint", "comment": "Identifier"}],
        "outputs": {"parquet": {"compression": "zstd"}, "csv": False},
    }


NOTE = {"name": "note", "type": "string", "comment": "Note"}


def ndjson_declaration() -> dict[str, Any]:
    return {
        **declaration(),
        "format": {"kind": "ndjson"},
        "columns": [
            {"name": "id", "key": "orderId", "type": "bigint", "required": True, "comment": "Identifier"},
            {"name": "paid", "type": "decimal(9,2)", "comment": "Amount"},
            {"name": "unnamed", "key": "", "type": "string", "comment": "The empty key"},
        ],
        "outputColumns": [*declaration()["outputColumns"], NOTE, {**NOTE, "name": "year"}],
        "partitions": ["year"],
        "outputs": {"parquet": {"compression": "snappy"}},
    }


def test_reads_a_declaration() -> None:
    dataset = parse_declaration("orders", json.dumps(declaration()).encode(), b"SELECT 1")
    assert (dataset.name, dataset.csv_format.delimiter, dataset.outputs.compression) == (
        "orders",
        ";",
        "zstd",
    )
    assert [(c.name, c.required, c.text) for c in dataset.columns] == [("id", True, "exact")]
    assert [(c.name, c.type) for c in dataset.output_columns] == [("id", "bigint")]


PROBLEMS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another name": (
        lambda d: d.update(name="x"),
        'name: expected its folder\'s name, "orders", got "x"',
    ),
    "a prefix elsewhere": (
        lambda d: d.update(prefix="orders/"),
        'prefix: expected a prefix below input/ that ends in /, such as input/customers/, got "orders/"',
    ),
    "a prefix without slash": (
        lambda d: d.update(prefix="input/orders"),
        'prefix: expected a prefix below input/ that ends in /, such as input/customers/, got "input/orders"',
    ),
    "another kind": (
        lambda d: d["format"].update(kind="xml"),
        'format.kind: expected "csv", "ndjson" or "json", got "xml"',
    ),
    "another delimiter": (
        lambda d: d["format"].update(delimiter="|"),
        'format.delimiter: expected one of ",", ";", "\\t", got "|"',
    ),
    "an unknown key": (
        lambda d: d.update(extra=1),
        'unknown key "extra"'
        "; known are name, description, prefix, format, columns, outputColumns, partitions, outputs",
    ),
    "an unknown key that is like a known one": (
        lambda d: d["columns"][0].update(coment="x"),
        'columns[0]: unknown key "coment"; did you mean "comment"?',
    ),
    "a name that is null": (
        lambda d: d["columns"][0].update(name=None),
        "columns[0].name: expected a lower-case name (a-z, 0-9, _) that begins with a letter, got null",
    ),
    "no columns": (
        lambda d: d.update(columns=[]),
        "columns: expected a list of at least one column, got []",
    ),
    "a typed input column": (
        lambda d: d["columns"][0].update(type="int"),
        'columns[0].type: expected "string", got "int"',
    ),
    "an unknown text form": (
        lambda d: d["columns"][0].update(text="upper"),
        'columns[0].text: expected one of exact, trimmed, lower, words, got "upper"',
    ),
    "a column called line": (
        lambda d: d["columns"][0].update(name="line"),
        "columns[0].name: expected another name (the kernel adds the line's number under this one)"
        ', got "line"',
    ),
    "an upper-case column": (
        lambda d: d["columns"][0].update(name="ID"),
        'columns[0].name: expected a lower-case name (a-z, 0-9, _) that begins with a letter, got "ID"',
    ),
    "a column twice": (
        lambda d: d["columns"].append(d["columns"][0]),
        'columns: expected each column name once, got "id"',
    ),
    "a key": (
        lambda d: d["columns"][0].update(key="ID"),
        'columns[0]: unknown key "key"; known are name, type, text, required, comment',
    ),
    "partitions": (
        lambda d: (d["outputColumns"].append(NOTE), d.update(partitions=["note"])),
        'partitions: expected none (a CSV file is published as one object), got ["note"]',
    ),
    "a decimal of more places than digits": (
        lambda d: d["outputColumns"][0].update(type="decimal(2,3)"),
        f'outputColumns[0].type: expected {SCALAR_TYPES}, got "decimal(2,3)"',
    ),
    "a wide decimal": (
        lambda d: d["outputColumns"][0].update(type="decimal(39,2)"),
        f'outputColumns[0].type: expected {SCALAR_TYPES}, got "decimal(39,2)"',
    ),
    "no comment": (
        lambda d: d["outputColumns"][0].pop("comment"),
        "outputColumns[0].comment is required: expected a sentence",
    ),
    "another compression": (
        lambda d: d["outputs"]["parquet"].update(compression="gzip"),
        'outputs.parquet.compression: expected one of snappy, zstd, got "gzip"',
    ),
    "a flag as text": (
        lambda d: d["outputs"].update(csv="yes"),
        'outputs.csv: expected true or false, got "yes"',
    ),
    "another word for formulas": (
        lambda d: d["outputs"].update(csvFormulas="removed"),
        'outputs.csvFormulas: expected one of escaped, kept, got "removed"',
    ),
    "an output column whose name would be a formula": (
        lambda d: d["outputColumns"][0].update(name="=a"),
        'outputColumns[0].name: expected a lower-case name (a-z, 0-9, _) that begins with a letter, got "=a"',
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_names_a_problem_with_path_value_and_remedy(problem: str) -> None:
    change, message = PROBLEMS[problem]
    document = declaration()
    change(document)
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("orders", json.dumps(document).encode(), b"SELECT 1")
    assert str(raised.value).splitlines() == [f"orders/dataset.json: {message}"]


@pytest.mark.parametrize(("declared", "read"), [(None, "escaped"), ("escaped", "escaped"), ("kept", "kept")])
def test_escapes_formulas_unless_told_otherwise(declared: str | None, read: str) -> None:
    document = declaration()
    if declared is not None:
        document["outputs"]["csvFormulas"] = declared
    dataset = parse_declaration("orders", json.dumps(document).encode(), b"SELECT 1")
    assert dataset.outputs.csv_formulas == read


def test_reads_an_ndjson_declaration() -> None:
    dataset = parse_declaration("orders", json.dumps(ndjson_declaration()).encode(), b"SELECT 1")
    assert [(c.name, c.key, c.type, c.required) for c in dataset.columns] == [
        ("id", "orderId", "bigint", True),
        ("paid", "paid", "decimal(9,2)", False),
        ("unnamed", "", "string", False),
    ]
    assert (dataset.format.kind, dataset.partitions, dataset.outputs.csv) == ("ndjson", ("year",), False)
    with pytest.raises(DeclarationError, match='the dataset "orders" is ndjson, not csv'):
        _ = dataset.csv_format


NDJSON_PROBLEMS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a delimiter": (
        lambda d: d["format"].update(delimiter=","),
        'format: unknown key "delimiter"; known are kind',
    ),
    "a text form": (
        lambda d: d["columns"][0].update(text="lower"),
        'columns[0]: unknown key "text"; known are name, key, type, required, comment',
    ),
    "another type": (
        lambda d: d["columns"][0].update(type="array<int>"),
        f'columns[0].type: expected {SCALAR_TYPES}, got "array<int>"',
    ),
    "a key that is no text": (
        lambda d: d["columns"][0].update(key=1),
        "columns[0].key: expected a JSON key, got 1",
    ),
    "a key twice": (
        lambda d: d["columns"][0].update(key="paid"),
        'columns: expected each key once, got "paid"',
    ),
    "a column called line": (
        lambda d: d["columns"][0].update(name="line"),
        "columns[0].name: expected another name (the kernel adds the line's number under this one)"
        ', got "line"',
    ),
    "a text as column": (
        lambda d: d["outputColumns"].insert(0, "id"),
        'outputColumns[0]: expected an object with name, type, comment, got "id"',
    ),
    "an unknown partition": (
        lambda d: d.update(partitions=["day"]),
        'partitions: expected a list of output columns of type string, each once, got ["day"]',
    ),
    "a partition of another type": (
        lambda d: d.update(partitions=["id"]),
        'partitions: expected a list of output columns of type string, each once, got ["id"]',
    ),
    "a partition twice": (
        lambda d: d.update(partitions=["year", "year"]),
        'partitions: expected a list of output columns of type string, each once, got ["year", "year"]',
    ),
    "partitions as text": (
        lambda d: d.update(partitions="year"),
        'partitions: expected a list of output columns of type string, each once, got "year"',
    ),
    "nothing but partitions": (
        lambda d: d.update(outputColumns=d["outputColumns"][1:], partitions=["note", "year"]),
        "partitions: expected fewer (an output column must be left to stand in the files)"
        ', got ["note", "year"]',
    ),
    "CSV outputs": (
        lambda d: d["outputs"].update(csv=False),
        'outputs: unknown key "csv"; known are parquet',
    ),
}


@pytest.mark.parametrize("problem", NDJSON_PROBLEMS)
def test_names_a_problem_of_an_ndjson_declaration(problem: str) -> None:
    change, message = NDJSON_PROBLEMS[problem]
    document = ndjson_declaration()
    change(document)
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("orders", json.dumps(document).encode(), b"SELECT 1")
    assert f"orders/dataset.json: {message}" in str(raised.value).splitlines()


def test_names_every_problem_at_once() -> None:
    document = declaration() | {"name": "x", "prefix": "y", "outputs": None}
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("orders", json.dumps(document).encode(), b"SELECT 1")
    assert len(str(raised.value).splitlines()) >= 4


def test_says_what_the_docs_show() -> None:
    document = {**declaration(), "name": "events", "colums": []}
    document["columns"][0]["name"] = "Cities"
    del document["columns"][0]["comment"]
    with pytest.raises(DeclarationError) as raised:
        parse_declaration("events", json.dumps(document).encode(), b"SELECT 1")
    assert f"```text\n{raised.value}\n```" in (GLUE.parent / "docs" / "datasets.md").read_text()


def test_says_that_a_declaration_is_not_json() -> None:
    with pytest.raises(DeclarationError, match=r"orders/dataset\.json: expected JSON: "):
        parse_declaration("orders", b"{", b"")


def test_version_follows_declaration_and_sql() -> None:
    document = json.dumps(declaration()).encode()
    versions = {
        parse_declaration("orders", *parts).version
        for parts in [(document, b"SELECT 1"), (document, b"SELECT 2"), (document + b" ", b"SELECT 1")]
    }
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("input/customers/a.csv", "customers"),
        ("input/customers/2025/a.csv.gz", "customers"),
        ("input/customersx/a.csv", None),
        ("input/a.csv", None),
        ("customers/a.csv", None),
    ],
)
def test_finds_the_dataset_that_claims_a_key(key: str, name: str | None) -> None:
    found = dataset_for_key(key)
    assert (found and found.name) == name


def test_names_the_known_datasets_when_one_is_unknown() -> None:
    names = ", ".join(dataset.name for dataset in all_datasets())
    with pytest.raises(UnknownDatasetError, match=f'^dataset: expected one of {names}, got "nope"$'):
        load_dataset("nope")
