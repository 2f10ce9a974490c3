"""Files made to be lost: each record is a row or a dead letter in every pipeline, or the file is told."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyorc
import pytest
from pyarrow import orc, parquet

from tests.support.binary import avro_file, written
from tests.support.declarations import dataset
from tributary.conversion.batch import process_batch_file
from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file
from tributary.datasets import Dataset
from tributary.kernels.formats import exact_text
from tributary.kernels.source import Source
from tributary.manifests.one_file import process_dated_file

PIPELINES = ("uploads", "manifests", "ledger")

Row = dict[str, Any]


def converted(of: Dataset, data: bytes, work: Path) -> FileResult:
    """The result of one file, by the pipeline of its dataset."""
    source = Source("raw", "input/orders/2026-01-31-a", "v1")
    if of.pipeline == "manifests":
        return process_dated_file(of, source, [data], len(data), work)
    if of.pipeline == "ledger":
        return process_batch_file(of, source, lambda: [data], work, ranges={})
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    return process_file(of, source, [data], processing_date=moment, date_formats=["%Y-%m-%d"], work=work)


def rows_of(result: FileResult) -> list[Row]:
    """The rows, without where they come from."""
    assert result.whole_file_reason is None, result.whole_file_message
    tables = [parquet.read_table(file.path) for file in result.objects]
    found = [row for table in tables for row in table.to_pylist()]
    assert len(found) == result.output_count
    return [{name: value for name, value in row.items() if not name.startswith("_source")} for row in found]


def letters_of(result: FileResult) -> Iterator[tuple[int, str, str]]:
    """Line, reason and message of each dead letter."""
    letters = result.rejects.read_text().splitlines() if result.rejects else []
    assert len(letters) == result.rejected_count
    for letter in map(json.loads, letters):
        assert "raw_text" in letter or "raw_base64" in letter
        yield letter["line"], letter["reason"], letter["message"]


def of(kind: str, *columns: Row, pipeline: str = "uploads", **more: Any) -> Dataset:
    """A dataset, without SQL unless that is given; without columns one of text."""
    declared = {"columns": list(columns)} if columns else {}
    dates = {"dates": {"from": "2020-01-01"}} if pipeline == "manifests" else {}
    return dataset(format={"kind": kind}, pipeline=pipeline, **declared, **dates, **more)


def column(name: str, kind: str = "string", **more: Any) -> Row:
    return {"name": name, "type": kind, **more}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_keeps_the_record_of_a_text_that_cannot_be(pipeline: str, tmp_path: Path) -> None:
    binary = written(parquet.write_table, pa.table({"a": pa.array([b"\xff", b"x", None], pa.binary())}))
    result = converted(of("parquet", column("a"), pipeline=pipeline), binary, tmp_path)
    assert [row["a"] for row in rows_of(result)] == ["x", None]
    assert [letter[:2] for letter in letters_of(result)] == [(1, "bad-value")]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_keeps_the_record_where_something_on_the_way_to_a_text_is_no_object(
    pipeline: str, tmp_path: Path
) -> None:
    nested = of("ndjson", column("b", path=["a", "b"]), pipeline=pipeline)
    result = converted(nested, b'{"a":5}\n{"a":{"b":"x"}}\n', tmp_path)
    assert rows_of(result) == [{"b": "x"}]
    assert [letter[:2] for letter in letters_of(result)] == [(1, "bad-value")]


ODD = {
    "text": pa.array(["a", "b", None, "d"], pa.large_string()),
    "view": pa.array(["a", "b", None, "d"], pa.string_view()),
    "words": pa.array(["x", "x", "y", "x"]).dictionary_encode(),
    "pair": pa.array([[1, 2], None, [3, None], [4, 5]], pa.list_(pa.int8(), 2)),
    "map": pa.array([[("k", 1)], [], None, [("l", None)]], pa.map_(pa.string(), pa.int32())),
    "deep": pa.array([{"a": {"b": [b"\xff"]}}, None, {"a": None}, {"a": {"b": []}}]),
    "price": pa.array([1, None, 3, 4], pa.decimal256(50, 2)),
    "none": pa.nulls(4),
}


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("by_sql", [False, True])
def test_makes_json_of_the_rejected_rows_of_binary_files_alone(
    pipeline: str, by_sql: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all rows it took most of the time; whole rows stand for their records until then."""
    made: list[int] = []
    json_of = exact_text.json_of

    def counted(places: pa.Array) -> pa.Array:
        made.append(len(places))
        return json_of(places)

    monkeypatch.setattr("tributary.kernels.formats.batch.json_of", counted)
    table = pa.table({"id": pa.array([1, -1, 3, 4], pa.int64()), "mode": ["a", "a", None, "a"], **ODD})
    columns = [column("id", "int", required=True), column("mode")]
    more: Row = {"undeclared": "drop"}
    sql = None
    if pipeline == "ledger":
        more |= {"partitions": ["mode"], "partitionValues": {"mode": ["a"]}, "sort": "id"}
    if by_sql:
        sql = "SELECT id, mode, line FROM input"
        more |= {"outputColumns": [column("id", "int", comment=""), column("mode", comment="")]}
    data = written(parquet.write_table, table)
    declared = of("parquet", *columns, pipeline=pipeline, sql=sql, **more)
    result = converted(declared, data, tmp_path)
    refused = [3] if pipeline == "ledger" else []
    assert [letter[0] for letter in letters_of(result)] == refused
    assert made == ([1] if refused else [])
    if result.rejects:
        assert json.loads(json.loads(result.rejects.read_text())["raw_text"]) == {
            "id": 3,
            "mode": None,
            "text": None,
            "view": None,
            "words": "y",
            "pair": [3, None],
            "map": None,
            "deep": {"a": None},
            "price": 3,
            "none": None,
        }
    made.clear()
    (tmp_path / "again").mkdir()
    bad = of("parquet", column("id", "int"), column("map", "int"), pipeline=pipeline, undeclared="drop")
    result = converted(bad, data, tmp_path / "again")
    assert [letter[0] for letter in letters_of(result)] == [1, 2, 4]
    assert made == [3]


@pytest.mark.parametrize("is_nested", [False, True])
def test_rejects_a_row_with_a_union_of_orc(is_nested: bool, tmp_path: Path) -> None:
    """Arrow ended the process that took the row out of a struct of all."""
    union = "uniontype<int,string>"
    target = io.BytesIO()
    with pyorc.Writer(target, f"struct<id:int,u:{f'array<{union}>' if is_nested else union}>") as writer:
        writer.writerows([(number, [u] if is_nested else u) for number, u in enumerate((5, "x", None))])
    result = converted(of("orc", column("id", "int"), column("u", "boolean")), target.getvalue(), tmp_path)
    if is_nested:  # a list of a null is no boolean, either
        assert result.whole_file_reason == "too-many-rejected"
        return
    assert [letter[0] for letter in letters_of(result)] == [1, 2]
    assert result.rejects is not None
    texts = [json.loads(letter)["raw_text"] for letter in result.rejects.read_text().splitlines()]
    assert texts == ['{"id":0,"u":5}', '{"id":1,"u":"x"}']


@pytest.mark.parametrize(
    ("kind", "data", "rows"),
    [
        ("avro", avro_file({}, [{}, {}]), 2),
        ("avro", avro_file({"a": "null"}, [{"a": None}] * 3), 3),
        ("ndjson", b"{}\n{}\n", 2),
        ("json", b'[{"a":null}]', 1),
        ("parquet", written(parquet.write_table, pa.table({"a": pa.nulls(2, pa.string())})), 2),
    ],
)
@pytest.mark.parametrize("pipeline", PIPELINES[:2])
def test_counts_rows_that_have_no_value(
    kind: str, data: bytes, rows: int, pipeline: str, tmp_path: Path
) -> None:
    result = converted(of(kind, pipeline=pipeline), data, tmp_path)
    assert (len(rows_of(result)), result.rejected_count) == (rows, 0)


def test_takes_values_in_structs_as_those_at_the_top(tmp_path: Path) -> None:
    struct = pa.struct(
        [("at", pa.timestamp("us")), ("text", pa.binary()), ("deep", pa.struct([("n", pa.int64())]))]
    )
    value = {"at": datetime(2026, 1, 31), "text": b"abc", "deep": {"n": 2**40}}
    binary = written(parquet.write_table, pa.table({"s": pa.array([value, None, {"deep": None}], struct)}))
    columns = [
        column("at", "timestamp", path=["s", "at"]),
        column("text", path=["s", "text"]),
        column("n", "bigint", path=["s", "deep", "n"]),
        column("whole", path=["s", "deep"]),
    ]
    result = converted(of("parquet", *columns), binary, tmp_path)
    first, *others = rows_of(result)
    assert first == {
        "at": datetime(2026, 1, 31, tzinfo=UTC),
        "text": "abc",
        "n": 2**40,
        "whole": '{"n":1099511627776}',
    }
    assert others == [dict.fromkeys(first)] * 2
    assert result.drift == ()


@pytest.mark.parametrize("is_nested", [False, True])
@pytest.mark.parametrize(("kind", "write"), [("parquet", parquet.write_table), ("orc", orc.write_table)])
def test_publishes_no_text_that_is_no_utf_8(kind: str, write: Any, is_nested: bool, tmp_path: Path) -> None:
    bytes_of_text = pa.array([b"a", b"b\xff", b"c", b"d"]).buffers()
    texts = pa.Array.from_buffers(pa.string(), 4, bytes_of_text)
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4], pa.int32()), texts)
    data = written(write, pa.table({"a": lists if is_nested else texts, "n": [1, 2, 3, 4]}))
    for number, declared in enumerate(((), (column("a"), column("n", "int")))):
        work = tmp_path / str(number)
        work.mkdir()
        result = converted(of(kind, *declared), data, work)
        assert [str(row["n"]) for row in rows_of(result)] == ["1", "3", "4"]
        assert [letter[:2] for letter in letters_of(result)] == [(2, "invalid-utf8")]
        assert result.rejects is not None
        assert json.loads(json.loads(result.rejects.read_text())["raw_text"]) == {
            "a": ["Yv8="] if is_nested else "Yv8=",
            "n": 2,
        }


def test_takes_no_date_that_the_calendar_of_others_lacks(tmp_path: Path) -> None:
    days = pa.array([2_932_896, 2_932_897, 2**31 - 1], pa.int32()).cast(pa.date32())
    result = converted(
        of("parquet", column("a", "date")), written(parquet.write_table, pa.table({"a": days})), tmp_path
    )
    assert rows_of(result) == [{"a": date(9999, 12, 31)}]
    assert [letter[:2] for letter in letters_of(result)] == [(2, "bad-value"), (3, "bad-value")]


def test_says_of_a_time_that_no_clock_shows_once_that_its_offset_is_not_all(tmp_path: Path) -> None:
    at = column("at", "timestamp", zone="Europe/Berlin")
    data = b"at\n2026-03-29 02:30:00\n2026-10-25T02:30\n2026-01-01T00:00\n"
    found = converted(of("csv", at), data, tmp_path)
    assert rows_of(found) == [{"at": datetime(2025, 12, 31, 23, tzinfo=UTC)}]
    why = "clocks in Europe/Berlin skip it or show it twice, or it is finer than a microsecond"
    assert [letter[2].partition("timestamp: ")[2] for letter in letters_of(found)] == [why] * 2


def test_says_of_a_required_value_that_it_is_bad_and_not_that_it_is_missing(tmp_path: Path) -> None:
    required = column("a", "int", required=True, onBadValue="issue")
    tolerant = of("ndjson", required, column("b", "int", onBadValue="issue"))
    result = converted(tolerant, b'{"a":"x","b":"y"}\n{"a":1,"b":"y"}\n{"a":2}\n{"a":null}', tmp_path)
    assert rows_of(result) == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    assert [letter[:2] for letter in letters_of(result)] == [(1, "bad-value"), (4, "missing-value")]
    assert result.issues == {"bad b": 1}


@pytest.mark.parametrize(("undeclared", "drift"), [("drop", ()), ("reject", ())])
def test_tells_no_drift_of_a_field_without_values(
    undeclared: str, drift: tuple[str, ...], tmp_path: Path
) -> None:
    result = converted(of("ndjson", column("a"), undeclared=undeclared), b'{"a":"1","b":null}\n', tmp_path)
    assert rows_of(result) == [{"a": "1"}]
    assert result.drift == drift
