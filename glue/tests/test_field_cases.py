"""Every file made after a public report, as `npm run try` gives it: the verdict of its dataset's job."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tributary.try_dataset import main

CASES = Path(__file__).parent / "field_cases"
DATASETS = Path(__file__).parents[2] / "datasets"
EVENTS = Path(__file__).parents[2] / "local" / "samples" / "events"

Counts = tuple[int, int, int]
"""Records, rows and dead letters."""

Case = tuple[str, Path, Mapping[str, Any], Counts | str, str]
"""A file, its dataset, what is declared otherwise, counts or the reason of a quarantine, what is said."""

CUSTOMERS, CLICKS, ML_EVENTS = DATASETS / "customers", DATASETS / "clicks", DATASETS / "ml_events"
NOTHING: Mapping[str, Any] = {}


def form(**options: Any) -> Mapping[str, Any]:
    return {"format": {"kind": "csv", **options}}


def json_form(**options: Any) -> Mapping[str, Any]:
    return {"format": {"kind": "json", **options}}


WANTED: list[Case] = [
    ("cr-only.csv", CUSTOMERS, form(lineEnd="cr"), (2, 2, 0), ""),
    ("cr-only.csv", CUSTOMERS, NOTHING, "unreadable-header", 'some that end in CR: declare "lineEnd": "cr"'),
    ("excel-sep-line.csv", CUSTOMERS, NOTHING, (1, 1, 0), ""),
    ("semicolons.csv", CUSTOMERS, NOTHING, "header-mismatch", 'got those delimited by ";"'),
    ("semicolons.csv", CUSTOMERS, form(delimiter=";"), (1, 1, 0), ""),
    ("second-header.csv", CUSTOMERS, NOTHING, (2, 2, 0), "the header stands again once, first on line 3"),
    ("gzip-named.csv", CUSTOMERS, NOTHING, (1, 1, 0), ""),
    ("zip-named.csv", CUSTOMERS, NOTHING, "other-format", 'got a zip archive that holds "a.csv"'),
    ("plain-named.csv.gz", CUSTOMERS, NOTHING, (1, 1, 0), ""),
    ("utf-16.csv", CUSTOMERS, NOTHING, (1, 1, 0), ""),
    ("windows-1252.csv", CUSTOMERS, NOTHING, (3, 1, 2), "likely windows-1252"),
    ("windows-1252.csv", CUSTOMERS, form(encoding="windows-1252"), (3, 3, 0), "José Müller"),
    ("backslash-escapes.csv", CUSTOMERS, form(escape="\\"), (4, 2, 2), ""),
    ("old-date.csv", CUSTOMERS, NOTHING, (5, 5, 0), "0001-01-01"),
    ("invisible-header.csv", CUSTOMERS, NOTHING, (1, 1, 0), ""),
    ("terminal-escapes.csv", CUSTOMERS, NOTHING, (1, 1, 0), r"x\u001b[31m"),
    ("terminal-escapes.ndjson", CLICKS, NOTHING, (3, 2, 1), "U+001B (a control character)"),
    ("concatenated.json", ML_EVENTS, NOTHING, (3, 3, 0), ""),
    ("concatenated.ndjson", EVENTS, NOTHING, (3, 3, 0), ""),
    ("concatenated.ndjson", CLICKS, NOTHING, (3, 3, 0), ""),
    ("envelope-records.json", ML_EVENTS, json_form(records=["Records"]), (2, 2, 0), ""),
    (
        "envelope-item.json",
        ML_EVENTS,
        json_form(records=["Item"], attributeValues="dynamodb"),
        (2, 2, 0),
        "",
    ),
    (
        "envelope-log-events.json",
        CLICKS,
        json_form(records=["logEvents"], around=["owner", "messageType"]),
        (1, 1, 0),
        "DATA_MESSAGE",
    ),
    (
        "broken-document.json",
        ML_EVENTS,
        NOTHING,
        (1, 0, 1),
        "line 7, column 2 of the record: a comma is missing",
    ),
    ("not-quite-json.ndjson", EVENTS, NOTHING, "too-many-rejected", "got 18 dead letters of 18 records"),
    ("not-quite-json.ndjson", CLICKS, NOTHING, "too-many-rejected", "line 18: not JSON at column 9"),
    ("one-bad-item.json", ML_EVENTS, NOTHING, (1, 0, 1), 'transaction_items[47].quantity has "2.5"'),
    ("nested-duplicate-key.json", ML_EVENTS, NOTHING, (6, 3, 3), 'the key "app_version" stands twice'),
    ("nested-duplicate-key.json", CLICKS, json_form(), (6, 6, 0), ""),
    ("iso-forms.json", ML_EVENTS, NOTHING, (15, 12, 3), "a date by week is not read"),
    ("one-bad-row.ndjson", EVENTS, NOTHING, (2, 2, 0), ""),
    ("one-bad-row.ndjson", CLICKS, NOTHING, (2, 2, 0), "2 x A-1"),
]


def texts_of(value: Any) -> Iterator[str]:
    """All that a report says."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)
    else:
        yield str(value)


@pytest.mark.parametrize(
    ("name", "dataset", "changes", "wanted", "said"),
    WANTED,
    ids=[
        f"{name} as {folder.name}{' otherwise' if changes else ''}" for name, folder, changes, _, _ in WANTED
    ],
)
def test_gives_what_an_engineer_would_expect(
    name: str,
    dataset: Path,
    changes: Mapping[str, Any],
    wanted: Counts | str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / dataset.name
    folder.mkdir()
    declaration = json.loads((dataset / "dataset.json").read_text()) | {"size": "any"} | changes
    (folder / "dataset.json").write_text(json.dumps(declaration))
    if (dataset / "transform.sql").exists():
        (folder / "transform.sql").write_bytes((dataset / "transform.sql").read_bytes())
    file = tmp_path / f"2026-01-31-{name}"
    file.write_bytes((CASES / name).read_bytes())
    code = main([str(folder), str(file), "--json"])
    printed = capsys.readouterr().out
    [report] = json.loads(printed)
    assert said in "\n".join(texts_of(report))
    assert printed.isprintable() or set(filter(lambda each: not each.isprintable(), printed)) == {"\n"}
    if isinstance(wanted, str):
        assert (code, report["wholeFileReason"], report["rows"]) == (1, wanted, [])
    else:
        assert (code, report["wholeFileReason"]) == (0, None)
        assert tuple(report["counts"].values()) == wanted


def test_has_each_file() -> None:
    assert {name for name, *_ in WANTED} == {path.name for path in CASES.iterdir()}
