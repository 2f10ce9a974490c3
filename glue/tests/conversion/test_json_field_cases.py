"""Files made after public reports, through the whole chain: docs/datasets.md says what becomes of each."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tributary.conversion.batch import transform_batch
from tributary.conversion.chain import Converted, InputFile
from tributary.datasets import Dataset, load_dataset, read_dataset
from tributary.datasets.declaration import JsonFormat, NdjsonFormat
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.reader import read
from tributary.kernels.output.dead_letters import read_letters
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges

CASES = Path(__file__).parents[1] / "field_cases"
SAMPLES = Path(__file__).parents[3] / "local" / "samples"
ML_EVENTS = load_dataset("ml_events")
EVENTS = read_dataset(SAMPLES / "events")

Row = dict[str, Any]


def converted(work: Path, name: str, dataset: Dataset) -> tuple[Converted, list[Row], list[Row]]:
    """The result of one file, its rows in the order of their lines, and its dead letters."""
    file = InputFile(Source("raw", name, "v1"), lambda: [(CASES / name).read_bytes()])
    result = transform_batch(
        dataset,
        [file],
        batch_id=1,
        ranges=calendar_ranges(2021, 2030),
        work=work,
        object_bytes=1 << 30,
        registry=LocalColumns(),
    )
    rows = [row for each in result.objects for row in parquet.ParquetFile(each.path).read().to_pylist()]
    letters = [each for letters in result.dead_letters for each in read_letters(letters.path.open("rb"))]
    return result, sorted(rows, key=lambda row: row["source_line"]), letters


def ml_events(**how: Any) -> Dataset:
    return replace(ML_EVENTS, format=JsonFormat(**how))


@pytest.mark.parametrize(
    ("name", "how", "ids"),
    [
        ("concatenated.json", {}, ["m0", "m1", "m2"]),
        ("envelope-records.json", {"records": ("Records",)}, ["m1", "m2"]),
        ("envelope-item.json", {"records": ("Item",), "attribute_values": "dynamodb"}, ["m1", "m2"]),
    ],
)
def test_gives_the_rows_that_are_inside(
    name: str, how: dict[str, Any], ids: list[str], tmp_path: Path
) -> None:
    result, rows, letters = converted(tmp_path, name, ml_events(**how))
    assert ([row["record_id"] for row in rows], letters, result.keys) == (ids, [], {})


def test_makes_one_dead_letter_of_a_broken_document(tmp_path: Path) -> None:
    _, rows, [letter] = converted(tmp_path, "broken-document.json", ML_EVENTS)
    assert rows == []
    assert letter["raw_text"] == (CASES / "broken-document.json").read_text().rstrip()
    assert letter["message"] == "not JSON at line 7, column 2 of the record: a comma is missing before '\"'"


def test_keeps_what_stands_around_the_events_of_a_log(tmp_path: Path) -> None:
    logs = ml_events(records=("logEvents",), around=("owner", "messageType"))
    columns = tuple(replace(column, required=False) for column in logs.columns)
    sql = "SELECT * REPLACE ('2026' AS year, '01' AS month, '31' AS day, 'train' AS mode) FROM "
    transform = f"{sql}({str(logs.transform).rstrip().rstrip(';')})"
    result, [row], letters = converted(
        tmp_path, "envelope-log-events.json", replace(logs, columns=columns, transform=transform)
    )
    assert (row["record_id"], row["message__type"], row["owner"], row["message"]) == (
        "m1",
        "DATA_MESSAGE",
        "1",
        "x",
    )
    assert (letters, result.rows) == ([], 1)


def test_names_element_and_field_of_a_bad_item(tmp_path: Path) -> None:
    _, rows, [letter] = converted(tmp_path, "one-bad-item.json", ML_EVENTS)
    assert rows == []
    assert letter["message"] == 'transaction_items[47].quantity has "2.5", which is no int'


def test_names_a_nested_key_that_stands_twice(tmp_path: Path) -> None:
    result, rows, letters = converted(tmp_path, "nested-duplicate-key.json", ML_EVENTS)
    assert [row["record_id"] for row in rows] == ["m2", "", "5"]
    assert letters[0]["reason"] == "duplicate-key"
    assert letters[0]["message"] == (
        'the column "app_version" lies in metadata, which is no object: the key "app_version" stands twice,'
        " the second time at column 18"
    )
    # Neither stands on any row: `event_time_utc` and `Metadata` are keys of the first line alone.
    assert set(result.keys) == {"record_id", "source_line", "year", "line", "_source_line", "_source_file"}
    assert not any("Metadata" in sentence for sentence in result.drift)


def test_reads_moments_in_every_form_or_says_why_not(tmp_path: Path) -> None:
    _, rows, letters = converted(tmp_path, "iso-forms.json", ML_EVENTS)
    assert [row["record_id"] for row in rows] == [f"t{n}" for n in range(14) if n not in (5, 11)]
    assert [letter["message"].split(": ")[1] for letter in letters] == [
        "a date by week is not read",
        "a year has four digits",
        "the second 60 is not read",
    ]


def test_survives_the_bad_row_of_the_template(tmp_path: Path) -> None:
    _, rows, letters = converted(tmp_path, "one-bad-row.ndjson", EVENTS)
    assert [(row["event_id"], row["item_count"], row["items"]) for row in rows] == [
        ("e1", 0, "[]"),
        ("e2", None, "2 x A-1"),
    ]
    assert letters == []


def test_reads_events_one_behind_the_other(tmp_path: Path) -> None:
    _, rows, letters = converted(tmp_path, "concatenated.ndjson", EVENTS)
    assert [(row["event_id"], row["source_line"]) for row in rows] == [("e0", 1), ("e1", 1), ("e2", 1)]
    assert letters == []


NEAR_JSON = [
    "texts stand in double quotes",
    'the word "NaN"',
    'a comma too many before "}"',
    'the word "Infinity"',
    "it begins with 0",
    "a digit is missing before the point",
    "it has true",
    "U+0009",
    "a comment",
    "a comment",
    'the key "a" without quotes',
    "it has null",
    "encoded twice",
    "an array",
    "null",
    "a number",
    "the escape \\x",
    "the escape \\'",
]


def test_says_the_cause_of_each_near_json_line(tmp_path: Path) -> None:
    result, _, _ = converted(tmp_path, "not-quite-json.ndjson", EVENTS)
    assert "line 1: not JSON at column 2: " in str(result.files[0].refused)
    content = Content([(CASES / "not-quite-json.ndjson").read_bytes()], tmp_path, print)
    [batch] = read(Asked(NdjsonFormat(), ()), content)
    assert batch.rejects["line"].to_pylist() == list(range(1, 19))
    for message, cause in zip(batch.rejects["message"].to_pylist(), NEAR_JSON, strict=True):
        assert cause in message


def test_keeps_what_a_terminal_would_obey_and_shows_it_by_code_point(tmp_path: Path) -> None:
    columns = tuple(replace(column, required=False) for column in EVENTS.columns)
    sql = (
        str(EVENTS.transform)
        .replace("strftime(event_time, '%Y')", "'2026'")
        .replace("strftime(event_time, '%m')", "'01'")
    )
    dataset = replace(EVENTS, columns=columns, transform=sql.replace("  mode\n", "  'live' AS mode\n"))
    result, rows, [letter] = converted(tmp_path, "terminal-escapes.ndjson", dataset)
    assert rows[0]["a"] == "\x1b[31mred\x1b[0m \x1b]0;title\x07"
    assert list(result.keys) == ["a", "b\x1b[2J"]
    assert letter["raw_text"] == "\x1b[31mbroken"
    assert letter["message"] == "not JSON at column 1: U+001B (a control character) where a value is expected"
