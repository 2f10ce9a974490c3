"""Batches of JSON files to objects: every event in exactly one place, whatever file it came in."""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tests.support.declarations import dataset
from tributary.conversion.batch import process_batch_file, transform_batch
from tributary.conversion.chain import Converted, InputFile
from tributary.conversion.check import check_dataset
from tributary.datasets import Dataset, load_dataset
from tributary.datasets.declaration import JsonFormat
from tributary.errors import TransformError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.output.dead_letters import read_letters
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges

SAMPLES = Path(__file__).parents[3] / "local" / "samples" / "ml_events"
ML_EVENTS = load_dataset("ml_events")
SMALL = RecordLimits(batch_bytes=400, batch_lines=3)

Row = dict[str, Any]


def event(number: int = 1, **values: Any) -> Row:
    row = {
        "id": f"evt-{number}",
        "event_timestamp": 1_767_225_600 + number,
        "MODE": "train",
        "metadata": {"app_version": "1.0", "user_agent": "app"},
        "payload": {
            "transaction_id": f"t{number}",
            "items": [{"sku": "a", "quantity": number, "price": 1.1}],
        },
        **values,
    }
    return {key: value for key, value in row.items() if value is not ...}


def lines(*rows: Row) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def run(
    work: Path,
    *contents: bytes,
    of: Dataset = ML_EVENTS,
    object_bytes: int = 1 << 30,
    chunk_bytes: int = 1 << 20,
    limits: RecordLimits = SMALL,
    registry: ColumnRegistry | None = None,
) -> Converted:
    def pieces(content: bytes) -> Callable[[], Iterable[bytes]]:
        return lambda: (content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes))

    work.mkdir(exist_ok=True)
    files = [
        InputFile(Source("raw", f"raw-json-data/2026/week01/{number}.json", f"v{number}"), pieces(content))
        for number, content in enumerate(contents)
    ]
    return transform_batch(
        of,
        files,
        batch_id=12,
        ranges=calendar_ranges(2021, 2030),
        work=work,
        object_bytes=object_bytes,
        registry=registry or LocalColumns(),
        limits=limits,
    )


def rows_of(result: Converted) -> list[Row]:
    found = []
    for file in result.objects:
        rows = parquet.ParquetFile(file.path).read().to_pylist()
        assert len(rows) == file.rows
        found += [{**row, **dict(part.split("=") for part in file.partition.split("/"))} for row in rows]
    return found


def letters_of(result: Converted) -> list[Row]:
    return [letter for file in result.dead_letters for letter in read_letters(file.path.open("rb"))]


def test_makes_typed_rows_of_an_event(tmp_path: Path) -> None:
    given = event(
        event_timestamp="2026-01-02T01:30:00+02:00",
        MODE=" Test",
        payload={
            "transaction_id": 9_223_372_036_854_775_808,
            "items": [{"sku": "a", "price": 1.1}],
            "n": [1.10],
        },
        appVersion=1.5,
    )
    content = json.dumps(given, indent=2).encode()
    result = run(tmp_path, content)
    [file] = result.objects
    assert (file.partition, file.name) == ("year=2026/month=01/day=01/mode=test", "part-12-00001.parquet")
    [row] = rows_of(result)
    assert row.pop("event_time_utc").isoformat() == "2026-01-01T23:30:00+00:00"
    [item] = row.pop("transaction_items")
    assert (item["sku"], item["quantity"], str(item["price"])) == ("a", None, "1.10")
    payload = row.pop("payload")
    assert json.loads(payload) == given["payload"]
    assert f'"payload": {payload}'.encode() in content
    assert row.pop("metadata").encode() in content
    assert row == {
        "record_id": "evt-1",
        "event_timestamp": "2026-01-02T01:30:00+02:00",
        "ml_mode": " Test",
        "app_version": "1.0",
        "user_agent": "app",
        "transaction_id": "9223372036854775808",
        "source_s3_path": "s3://raw/raw-json-data/2026/week01/0.json",
        "source_version": "v0",
        "source_line": 1,
        "app__version": "1.5",
        "year": "2026",
        "month": "01",
        "day": "01",
        "mode": "test",
    }
    assert (result.rows, result.rejected, result.columns) == (1, 0, ("app__version",))
    assert (result.keys, result.input_bytes) == ({"appVersion": "app__version"}, len(content))


REFUSED: dict[str, tuple[Row, str, str]] = {
    "no event time": (
        event(event_timestamp=...),
        "missing-value",
        'the column "event_time_utc" is required, and null or missing',
    ),
    "a null for the event time": (
        event(event_timestamp=None),
        "missing-value",
        'the column "event_time_utc" is required, and null or missing',
    ),
    "an event time that is none": (
        event(event_timestamp="soon"),
        "bad-value",
        'the column "event_time_utc" has "soon", which is no instant',
    ),
    "no mode": (event(MODE=...), "missing-value", 'the column "ml_mode" is required, and null or missing'),
    "a blank mode": (event(MODE=" "), "bad-partition", 'the partition column "mode" has ""; a path takes'),
    "a mode that is not declared": (
        event(MODE="canary"),
        "bad-partition",
        'the partition column "mode" has "canary"; it is one of train, validation, test',
    ),
    "a year before those that are set": (
        event(event_timestamp=0),
        "bad-partition",
        'the partition column "year" has "1970"; it goes from 2021 to 2030',
    ),
    "a year behind them": (
        event(event_timestamp="2031-01-01T00:00:00Z"),
        "bad-partition",
        'the partition column "year" has "2031"; it goes from 2021 to 2030',
    ),
    "no identifier": (event(id=...), "missing-value", 'the column "record_id" is required'),
    "a bad item": (
        event(payload={"items": [{"quantity": "three"}]}),
        "bad-value",
        'transaction_items[0].quantity has "three", which is no int',
    ),
    "a payload that is no object": (
        event(payload=[]),
        "bad-value",
        'the column "transaction_id" lies in payload, which has "[]" and is no object',
    ),
    "two problems": (event(MODE=..., event_timestamp="soon"), "bad-value", 'the column "event_time_utc"'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_turns_a_row_that_cannot_be_into_a_dead_letter(case: str, tmp_path: Path) -> None:
    row, reason, message = REFUSED[case]
    result = run(tmp_path, lines(event(1), row, event(3)))
    assert [found["record_id"] for found in rows_of(result)] == ["evt-1", "evt-3"]
    [letter] = letters_of(result)
    assert message in letter.pop("message")
    assert letter == {
        "source": Source("raw", "raw-json-data/2026/week01/0.json", "v0").id,
        "source_bucket": "raw",
        "source_key": "raw-json-data/2026/week01/0.json",
        "source_version": "v0",
        "line": 2,
        "offset": len(lines(event(1))),
        "reason": reason,
        "raw_text": json.dumps(row),
    }


def test_takes_null_and_missing_for_the_same_where_a_value_may_be_missing(tmp_path: Path) -> None:
    result = run(tmp_path, lines(event(1, metadata=None, payload=None), event(2, metadata=..., payload=...)))
    for row in rows_of(result):
        nulls = ("app_version", "user_agent", "transaction_id", "transaction_items", "metadata", "payload")
        assert [row[name] for name in nulls] == [None] * 6


def test_accounts_for_every_object_of_every_file(tmp_path: Path) -> None:
    rows = [event(number, MODE=["train", "test", "x", ...][number % 4], extra=number) for number in range(40)]
    contents = [
        lines(*rows[:10]) + b"broken\n",
        b"[" + b",\n".join(json.dumps(row, indent=1).encode() for row in rows[10:20]) + b", 5]",
        *(json.dumps(row, indent=1).encode() for row in rows[20:30]),
        b"",
        lines(*rows[30:]),
    ]
    result = run(tmp_path, *contents)
    found = Counter(row["record_id"] for row in rows_of(result))
    letters = letters_of(result)
    for letter in letters:
        if letter["raw_text"] not in {"broken", "5"}:
            found[json.loads(letter["raw_text"])["id"]] += 1
    assert found == Counter(row["id"] for row in rows)
    assert [(file.rows, file.rejected) for file in result.files] == [
        (6, 5),
        (4, 7),
        *((int(n % 4 < 2), int(n % 4 > 1)) for n in range(20, 30)),
        (0, 0),
        (4, 6),
    ]
    assert (result.rows, result.rejected) == (sum(file.rows for file in result.objects), len(letters))
    places = [(int(letter["source_version"][1:]), letter["line"]) for letter in letters]
    assert places == sorted(places)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        file.name for file in (*result.objects, *result.dead_letters)
    )


def test_gives_the_same_rows_for_the_same_objects_in_any_form(tmp_path: Path) -> None:
    rows = [event(number, extra={"n": [number, "\r\n"]}) for number in range(20)]

    def values(name: str, *contents: bytes, of: Dataset = ML_EVENTS) -> list[Row]:
        places = ("source_line", "source_s3_path", "source_version")
        found = rows_of(run(tmp_path / name, *contents, of=of))
        return [{key: value for key, value in row.items() if key not in places} for row in found]

    expected = values("lines", lines(*rows))
    assert len(expected) == 20
    assert values("documents", *(json.dumps(row).encode() for row in rows)) == expected
    array = json.dumps(rows).encode()
    assert values("array", array) == expected
    assert values("declared", array, of=replace(ML_EVENTS, format=JsonFormat("array"))) == expected


def test_writes_the_same_bytes_however_the_files_are_cut(tmp_path: Path) -> None:
    rows = [event(n, MODE=["test", "train", "x"][n % 3], **{f"k{n % 20}": n}) for n in range(150)]
    contents = [lines(*rows[:50]), json.dumps(rows[50:100], indent=1).encode(), *map(lines, rows[100:])]

    def digests(name: str, chunk_bytes: int) -> dict[str, str]:
        result = run(tmp_path / name, *contents, chunk_bytes=chunk_bytes, object_bytes=2_000)
        files = [*result.objects, *result.dead_letters]
        assert len(result.objects) > 4
        assert len(result.dead_letters) > 4
        return {f"{f.partition}/{f.name}": hashlib.sha256(f.path.read_bytes()).hexdigest() for f in files}

    assert digests("a", 1 << 20) == digests("b", 7) == digests("c", 1000)


def test_keeps_a_file_of_many_keys_from_its_neighbours(tmp_path: Path) -> None:
    """Its keys beyond its share, and those of rejected rows, take no place of a clean file's."""
    keys = {f"k{number}": "1.10" for number in range(9_000)}
    hostile = lines(event(1, **keys), event(2, event_timestamp="never", **{f"bad{n}": 1 for n in range(900)}))
    clean = [lines(event(number, sessionId=f"s{number}", k8999=number)) for number in range(3, 40)]
    result = run(tmp_path, hostile, *clean, limits=RecordLimits(), registry=LocalColumns(500))
    assert [(file.rows, file.rejected) for file in result.files] == [(1, 1), *[(1, 0)] * 37]
    assert [letter["reason"] for letter in letters_of(result)] == ["bad-value"]
    assert result.columns == tuple(sorted([f"k{number}" for number in range(100)] + ["session__id", "k8999"]))
    rows = {row["record_id"]: row for row in rows_of(result)}
    others = dict.fromkeys(list(keys)[100:], "1.10")
    assert json.loads(rows["evt-1"]["_other"]) == others
    assert (rows["evt-1"]["k99"], rows["evt-1"]["k8999"]) == ("1.10", None)
    assert [(row["session__id"], row["k8999"], row["_other"]) for row in list(rows.values())[1:]] == [
        (f"s{number}", str(number), None) for number in range(3, 40)
    ]
    assert result.other_rows == 1


def test_rejects_no_row_of_declared_keys_alone_for_the_keys_of_others(tmp_path: Path) -> None:
    first = {"event_timestamp": "2026-02-01T10:00:00Z", "MODE": "train"}
    content = lines({**first, **{f"k{number}": 1 for number in range(5)}}, event(2), {**event(3), "k5": 1})
    result = run(tmp_path, content, limits=replace(SMALL, keys=5))
    [file] = result.files
    assert (file.rows, file.rejected) == (1, 2), "the first one lacks its id"
    assert [letter["reason"] for letter in letters_of(result)] == ["missing-value", "too-many-keys"]


def test_counts_no_column_for_rows_that_are_rejected_or_null(tmp_path: Path) -> None:
    content = lines(
        event(1, event_timestamp="never", a=1),
        event(2, event_timestamp="1999-01-01T00:00:00Z", b=1),
        event(3, c=None, d=1),
    )
    registry = LocalColumns()
    result = run(tmp_path, content, registry=registry)
    assert [letter["reason"] for letter in letters_of(result)] == ["bad-value", "bad-partition"]
    assert (result.columns, registry.columns) == (("d",), {"d"})


def test_gives_nothing_for_files_of_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, b"", b"[]", b"\n\n")
    assert (result.objects, result.dead_letters, result.rows, result.rejected) == ((), (), 0, 0)
    assert [(file.rows, file.rejected) for file in result.files] == [(0, 0)] * 3
    assert run(tmp_path).files == []


def test_takes_objects_without_any_key_beside_others(tmp_path: Path) -> None:
    result = run(tmp_path, b"{}", lines(event(1)), b"[{},{}]", b"{}\n{}\n", limits=RecordLimits())
    assert [(file.rows, file.rejected) for file in result.files] == [(0, 1), (1, 0), (0, 0), (0, 0)]
    reasons = [file.refused and file.refused.reason for file in result.files]
    assert reasons == [None, None, "too-many-rejected", "too-many-rejected"]


def test_sorts_the_rows_of_an_object_by_time(tmp_path: Path) -> None:
    times = [1_767_225_600, "2026-01-01T00:00:05Z", 1_767_225_603_000, 1_767_225_600.5, 1_767_225_600]
    result = run(tmp_path, *(lines(event(n, event_timestamp=time)) for n, time in enumerate(times)))
    assert len(result.objects) == 1
    assert [row["record_id"] for row in rows_of(result)] == ["evt-0", "evt-4", "evt-3", "evt-2", "evt-1"]
    metadata = parquet.ParquetFile(result.objects[0].path).metadata.metadata
    assert metadata[b"dataset_version"].decode() == ML_EVENTS.version


def test_refuses_sql_that_returns_other_types(tmp_path: Path) -> None:
    sql = (ML_EVENTS.transform or "").replace(
        "  transaction_items,", "  [transaction_id] AS transaction_items,"
    )
    with pytest.raises(TransformError, match='returns "transaction_items" as'):
        run(tmp_path, lines(event()), of=replace(ML_EVENTS, transform=sql))
    assert list(tmp_path.iterdir()) == []


def test_checks_a_json_dataset_before_there_are_files() -> None:
    check_dataset(ML_EVENTS, ["%Y-%m-%d"], "--date_formats")


def test_reads_paths_of_any_depth(tmp_path: Path) -> None:
    columns = {
        "deep": (["a", "b", "c"], "bigint"),
        "beside": (["a", "x"], "string"),
        "top": (["a"], "string"),
    }
    of = dataset(
        "SELECT *, 'p' AS part FROM input",
        pipeline="ledger",
        format={"kind": "json", "form": "lines"},
        columns=[{"name": name, "path": path, "type": kind} for name, (path, kind) in columns.items()],
        outputColumns=[
            *({"name": name, "type": kind} for name, (_, kind) in columns.items()),
            {"name": "part", "type": "string"},
        ],
        partitions=["part"],
        sort="deep",
    )
    good = [
        b'{"a":{"b":{"c":5},"x":{"y" : 1}}}',
        b'{"a":{"b":null}}',
        b'{"a":{}}',
        b"{}",
        b'{"a":"{\\"x\\":1}"}',
    ]
    bad = [b'{"a":{"b":1}}', b'{"a":{"b":{"c":1,"c":1}}}', b'{"a":[]}']
    result = run(tmp_path, b"\n".join([*good, *bad]), of=of)
    assert [(row["deep"], row["beside"], row["top"]) for row in rows_of(result)] == [
        (5, '{"y" : 1}', '{"b":{"c":5},"x":{"y" : 1}}'),
        (None, None, '{"b":null}'),
        (None, None, "{}"),
        (None, None, None),
        (None, "1", '{"x":1}'),
    ]
    assert [(letter["raw_text"].encode(), letter["reason"]) for letter in letters_of(result)] == [
        *zip(bad, ["bad-value", "duplicate-key", "bad-value"], strict=True)
    ]
    assert 'lies in a.b, which is no object: the key "c" stands twice' in letters_of(result)[1]["message"]
    assert 'lies in a.b, which has "1" and is no object' in letters_of(result)[0]["message"]


SAMPLE_COUNTS = {
    "all_historical_files/event-0001.json": (1, []),
    "all_historical_files/event-0002.json": (1, []),
    "all_historical_files/events-0009-0014.json.gz": (6, []),
    "all_historical_files/events-2025.ndjson": (
        4,
        ["not-json", "not-json", "duplicate-key", "not-an-object"],
    ),
    "2025/week52/events.ndjson.gz": (5, []),
    "2026/week05/events.json": (3, ["not-an-object", "bad-value"]),
    "2026/week6/events.ndjson": (
        3,
        [
            *("missing-value", "missing-value", "bad-value", "bad-value"),
            *("bad-partition", "bad-partition", "bad-partition", "bad-value"),
        ],
    ),
}


def test_reads_the_samples_in_their_forms(tmp_path: Path) -> None:
    folder = SAMPLES / "raw-json-data"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sorted(str(path.relative_to(folder)) for path in files) == sorted(SAMPLE_COUNTS)
    for path in files:
        rows, reasons = SAMPLE_COUNTS[str(path.relative_to(folder))]
        work = tmp_path / path.name
        work.mkdir()
        content = b"".join(uncompressed(path.name, [path.read_bytes()]))
        result = run(work / "batch", content)
        assert (result.rows, [letter["reason"] for letter in letters_of(result)]) == (rows, reasons)


def test_tries_one_file_and_tells_one_that_is_broken(tmp_path: Path) -> None:
    source = Source("local", "a.json.gz", "local")
    content = gzip.compress(json.dumps(event(appVersion=1)).encode())
    result = process_batch_file(ML_EVENTS, source, lambda: [content], tmp_path, ranges={})
    assert (result.output_count, result.drift) == (1, ('unknown field: "appVersion", kept as app__version',))
    assert [file.partition for file in result.objects] == ["year=2026/month=01/day=01/mode=train"]
    broken = process_batch_file(ML_EVENTS, source, lambda: [content[:-4]], tmp_path, ranges={})
    assert (broken.whole_file_reason, broken.output_count) == ("broken-gzip", 0)
