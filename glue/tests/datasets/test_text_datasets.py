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
        (without("name"), r'name: null will not do; give its folder\'s name, "visits"'),
        (without("description"), "description: null will not do"),
        (without("dates"), "dates: null will not do; give an object"),
        (without("outputs"), "outputs.parquet.compression: null will not do; give one of snappy, zstd"),
        (lambda d: d.update(prefix="visits/"), 'prefix: "visits/" will not do'),
        (lambda d: d.update(format={"kind": "csv"}), 'format.kind: "csv" will not do; give "ndjson"'),
        (lambda d: d.update(values="typed"), 'values: "typed" will not do; give "text"'),
        (lambda d: d.update(columns=[]), "declaration.columns: \\[\\] will not do; give only name"),
        (lambda d: d["dates"].update({"from": "2023-02-29"}), 'dates.from: "2023-02-29" will not do'),
        (lambda d: d["dates"].update({"from": "20240101"}), 'dates.from: "20240101" will not do'),
        (lambda d: d.update(size=3.5), 'size: 3.5 will not do; give "any", or an object'),
        (lambda d: d.update(size={"megabytes": 0}), "size.megabytes: 0 will not do; give a number from"),
        (lambda d: d.update(size={"megabytes": True}), "size.megabytes: true will not do"),
        (lambda d: d.update(size={"tolerancePercent": 101}), "size.tolerancePercent: 101 will not do"),
        (lambda d: d.update(size={"bytes": 1}), "size.bytes: 1 will not do; give only megabytes"),
    ],
)
def test_names_what_is_wrong(change: Callable[[dict[str, Any]], object], said: str) -> None:
    document = declaration()
    change(document)
    with pytest.raises(DeclarationError, match=f"visits/dataset.json: {said}"):
        parse_text_declaration("visits", json.dumps(document).encode())


def test_names_every_problem_at_once() -> None:
    document = json.dumps({**declaration(), "prefix": "", "dates": {}, "size": 1}).encode()
    with pytest.raises(DeclarationError) as caught:
        parse_text_declaration("visits", document)
    assert len(str(caught.value).splitlines()) == 3


def test_tells_text_datasets_from_typed_ones() -> None:
    assert "clicks" in [dataset.name for dataset in text_datasets()]
    assert "clicks" not in [dataset.name for dataset in all_datasets()]
    assert load_text_dataset("clicks").prefix == "input/clicks/"
    with pytest.raises(UnknownDatasetError, match='no text dataset is called "customers"; there are: clicks'):
        load_text_dataset("customers")
