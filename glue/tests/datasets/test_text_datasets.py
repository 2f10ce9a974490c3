import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tributary.datasets import all_datasets, load_text_dataset, text_datasets
from tributary.datasets.text import FileSize, parse_text_declaration
from tributary.errors import DeclarationError, UnknownDatasetError


def declaration() -> dict[str, Any]:
    return {
        "name": "visits",
        "description": "Visits.",
        "prefix": "input/visits/",
        "format": {"kind": "ndjson"},
        "values": "text",
        "dates": {"from": "2024-02-29"},
        "outputs": {"parquet": {"compression": "zstd"}},
    }


def test_reads_a_declaration() -> None:
    dataset = parse_text_declaration("visits", json.dumps(declaration()).encode())
    assert (dataset.name, dataset.prefix, dataset.compression) == ("visits", "input/visits/", "zstd")
    assert (dataset.earliest, dataset.size) == (date(2024, 2, 29), FileSize(3_500_000, 0.1))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("any", None),
        ({}, FileSize(3_500_000, 0.1)),
        ({"megabytes": 1}, FileSize(1_000_000, 0.1)),
        ({"megabytes": 0.5, "tolerancePercent": 0}, FileSize(500_000, 0)),
    ],
)
def test_reads_the_size_that_files_are_to_have(size: object, expected: FileSize | None) -> None:
    document = json.dumps({**declaration(), "size": size}).encode()
    assert parse_text_declaration("visits", document).size == expected


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("name"), 'name is required: expected its folder\'s name, "visits"'),
        (without("description"), "description is required: expected a sentence"),
        (without("dates"), "dates is required: expected an object with from"),
        (without("outputs"), "outputs is required: expected an object with parquet"),
        (
            lambda d: d.update(prefix="visits/"),
            'prefix: expected a prefix below input/ that ends in /, such as input/customers/, got "visits/"',
        ),
        (lambda d: d.update(format={"kind": "csv"}), 'format.kind: expected "ndjson", got "csv"'),
        (lambda d: d.update(values="typed"), 'values: expected "text", or a dataset without it, got "typed"'),
        (
            lambda d: d.update(columns=[]),
            'unknown key "columns"'
            "; known are name, description, prefix, format, values, dates, size, outputs",
        ),
        (
            lambda d: d["dates"].update({"from": "2023-02-29"}),
            'dates.from: expected a date like 2020-01-31, got "2023-02-29"',
        ),
        (
            lambda d: d["dates"].update({"from": "20240101"}),
            'dates.from: expected a date like 2020-01-31, got "20240101"',
        ),
        (
            lambda d: d.update(size=3.5),
            'size: expected "any", or an object with megabytes, tolerancePercent, got 3.5',
        ),
        (
            lambda d: d.update(size={"megabytes": 0}),
            "size.megabytes: expected a number from 1e-06 to 5,000, got 0",
        ),
        (
            lambda d: d.update(size={"megabytes": True}),
            "size.megabytes: expected a number from 1e-06 to 5,000, got true",
        ),
        (
            lambda d: d.update(size={"tolerancePercent": 101}),
            "size.tolerancePercent: expected a number from 0 to 100, got 101",
        ),
        (lambda d: d.update(size={"bytes": 1}), 'size: unknown key "bytes"; did you mean "megabytes"?'),
    ],
)
def test_names_what_is_wrong(change: Callable[[dict[str, Any]], object], said: str) -> None:
    document = declaration()
    change(document)
    with pytest.raises(DeclarationError) as caught:
        parse_text_declaration("visits", json.dumps(document).encode())
    assert str(caught.value).splitlines()[0] == f"visits/dataset.json: {said}"


def test_names_every_problem_at_once() -> None:
    document = json.dumps({**declaration(), "prefix": "", "dates": {}, "size": 1}).encode()
    with pytest.raises(DeclarationError) as caught:
        parse_text_declaration("visits", document)
    assert len(str(caught.value).splitlines()) == 3


def test_tells_text_datasets_from_typed_ones() -> None:
    assert "clicks" in [dataset.name for dataset in text_datasets()]
    assert "clicks" not in [dataset.name for dataset in all_datasets()]
    assert load_text_dataset("clicks").prefix == "input/clicks/"
    known = r'^text dataset: expected one of clicks, smoke_manifests, got "customers"$'
    with pytest.raises(UnknownDatasetError, match=known):
        load_text_dataset("customers")
