"""NDJSON through a dataset's types, SQL and partitions: every line in exactly one place."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests.support import declarations
from tributary.conversion.batch import process_batch_file, transform_batch
from tributary.conversion.chain import Converted, InputFile
from tributary.conversion.check import check_dataset
from tributary.conversion.result import FileResult
from tributary.datasets import Dataset
from tributary.errors import BrokenGzipError, DeclarationError, TransformError
from tributary.kernels.output.dead_letters import read_letters
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source
from tributary.kernels.transform import typed_transform

SQL = """SELECT line, id, moment, amount, active, strftime(moment, '%Y') AS year, mode,
  _source_file AS file, _source_line AS source_line FROM input"""
SMALL_BATCHES = RecordLimits(batch_bytes=256)

Row = dict[str, Any]


def dataset(sql: str = SQL, partitions: tuple[str, ...] = ("year", "mode"), **more: Any) -> Dataset:
    def columns(**types: str) -> list[Row]:
        return [{"name": name, "type": kind, "comment": "As told"} for name, kind in types.items()]

    inputs = columns(id="bigint", moment="timestamp", amount="decimal(9,2)", active="boolean", mode="string")
    inputs[0] |= {"key": "Id", "required": True}
    inputs[1] |= {"key": "at"}
    fields = {
        "name": "events",
        "pipeline": "ledger",
        "prefix": "input/events/",
        "format": {"kind": "ndjson"},
        "columns": inputs,
        "outputColumns": columns(
            id="bigint",
            moment="timestamp",
            amount="decimal(9,2)",
            active="boolean",
            year="string",
            mode="string",
            file="string",
            source_line="bigint",
        ),
        **({"partitions": list(partitions)} if partitions else {}),
        **more,
    }
    return declarations.dataset(sql, **fields)


def run(work: Path, *contents: bytes, of: Dataset | None = None, chunk_bytes: int = 1 << 20) -> Converted:
    def pieces(content: bytes) -> Callable[[], Iterable[bytes]]:
        return lambda: (content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes))

    files = [
        InputFile(Source("raw", f"input/events/{number}.ndjson", f"v{number}"), pieces(content))
        for number, content in enumerate(contents)
    ]
    return transform_batch(
        of or dataset(),
        files,
        batch_id=1,
        ranges={},
        work=work,
        object_bytes=1 << 40,
        registry=LocalColumns(),
        limits=SMALL_BATCHES,
    )


def line(number: int = 1, **values: Any) -> bytes:
    row = {"Id": number, "at": "2025-06-01T00:00:00Z", "mode": "live", **values}
    return json.dumps({key: value for key, value in row.items() if value is not ...}).encode() + b"\n"


def rows_of(result: Converted) -> dict[str, list[Row]]:
    return {file.partition: parquet.ParquetFile(file.path).read().to_pylist() for file in result.objects}


def letters_of(result: Converted) -> list[Row]:
    return [letter for file in result.dead_letters for letter in read_letters(file.path.open("rb"))]


def test_gives_typed_rows_by_partition(tmp_path: Path) -> None:
    content = line(1, amount=1.10, active=True) + b"\n" + line(2, at="2024-12-31T23:00:00-02:00") + line(3)
    result = run(tmp_path, content)
    source = {"file": "input/events/0.ndjson"}
    june = datetime(2025, 6, 1, tzinfo=UTC)
    assert rows_of(result) == {
        "year=2025/mode=live": [
            {"id": 1, "moment": june, "amount": Decimal("1.10"), "active": True, **source, "source_line": 1},
            {
                "id": 2,
                "moment": datetime(2025, 1, 1, 1, tzinfo=UTC),
                "amount": None,
                "active": None,
                **source,
                "source_line": 3,
            },
            {"id": 3, "moment": june, "amount": None, "active": None, **source, "source_line": 4},
        ]
    }
    [file] = result.objects
    assert (file.partition, file.path) == ("year=2025/mode=live", tmp_path / "part-1-00001.parquet")
    assert (result.rows, result.rejected, result.dead_letters) == (3, 0, ())
    metadata = parquet.read_schema(file.path).metadata
    assert metadata == {
        b"dataset": b"events",
        b"dataset_version": dataset().version.encode(),
        b"batch": b"part-1",
        b"org.apache.spark.version": b"3.5.4",
    }


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "a text for a number": (
        line(amount="much"),
        "bad-value",
        'the column "amount" has "much", which is no decimal(9,2)',
    ),
    "too many decimals": (
        line(amount=1.005),
        "bad-value",
        'the column "amount" has "1.005", which is no decimal(9,2)',
    ),
    "too large a number": (
        line(2**63),
        "bad-value",
        'the column "id" has "9223372036854775808", which is no bigint',
    ),
    "an object for a boolean": (
        line(active={}),
        "bad-value",
        'the column "active" has "{}", which is no boolean',
    ),
    "a long value": (
        line(active="x" * 200),
        "bad-value",
        f'the column "active" has "{"x" * 100}…", which is no boolean',
    ),
    "two bad values": (
        line(active=1, at="today"),
        "bad-value",
        'the column "moment" has "today", which is no timestamp',
    ),
    "null for a required one": (
        line(Id=None),
        "missing-value",
        'the column "id" is required, and null or missing',
    ),
    "no required one": (line(Id=...), "missing-value", 'the column "id" is required, and null or missing'),
    "no partition": (
        line(mode=None),
        "bad-partition",
        'the partition column "mode" is null; a path takes [A-Za-z0-9][A-Za-z0-9._-]{0,127}',
    ),
    "a partition that is a path": (
        line(mode="../x"),
        "bad-partition",
        'the partition column "mode" has "../x"; a path takes [A-Za-z0-9][A-Za-z0-9._-]{0,127}',
    ),
    "no JSON": (b"{broken\n", "not-json", 'not JSON at column 2: the key "broken" without quotes'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_makes_a_line_that_does_not_fit_a_dead_letter(case: str, tmp_path: Path) -> None:
    refused, reason, message = REFUSED[case]
    before = b"\xef\xbb\xbf" + line(1) + b" \r\n" + line(2)
    result = run(tmp_path, line(0), before + refused.replace(b"\n", b"\r\n") + line(4))
    assert letters_of(result) == [
        {
            "source": Source("raw", "input/events/1.ndjson", "v1").id,
            "source_bucket": "raw",
            "source_key": "input/events/1.ndjson",
            "source_version": "v1",
            "line": 4,
            "offset": len(before),
            "reason": reason,
            "message": message,
            "raw_text": refused.decode().rstrip("\n"),
        }
    ]
    [rows] = rows_of(result).values()
    assert [(row["id"], row["source_line"]) for row in rows] == [(0, 1), (1, 1), (2, 3), (4, 5)]
    assert (result.rows, result.rejected) == (4, 1)


def test_takes_a_text_and_a_number_alike(tmp_path: Path) -> None:
    [rows] = rows_of(run(tmp_path, line(Id="7", amount="12"))).values()
    assert (rows[0]["id"], rows[0]["amount"]) == (7, Decimal("12.00"))


def test_keeps_undeclared_keys_as_text_and_names_them(tmp_path: Path) -> None:
    content = line(1, userId=1) + line(2, mode="test", late={"a": [1, 2]}, year="mine") + line(Id="x", gone=1)
    result = run(tmp_path, content)
    by_partition = rows_of(result)
    [live], [test] = by_partition["year=2025/mode=live"], by_partition["year=2025/mode=test"]
    assert list(live) == list(test)
    assert list(live)[-4:] == ["source_line", "__079_ear", "late", "user__id"]
    assert [live["user__id"], live["late"]] == ["1", None]
    assert [test["late"], test["__079_ear"]] == ['{"a": [1, 2]}', "mine"]
    assert result.drift == (
        'unknown field: "year", kept as __079_ear',
        'unknown field: "late", kept as late',
        'unknown field: "userId", kept as user__id',
    )


def test_names_a_bounded_number_of_undeclared_keys(tmp_path: Path) -> None:
    result = run(tmp_path, line(1, **{"k" * 300: 1, **{f"k{number}": number for number in range(60)}}))
    assert len(result.drift) == 51
    assert result.drift[0].startswith(f'unknown field: "{"k" * 100}…", kept as __1')
    assert result.drift[-1] == "unknown fields: 11 more"


def test_names_keys_beyond_the_share_of_a_file(tmp_path: Path) -> None:
    result = run(tmp_path, line(1, **{f"k{number}": f"{number}.0" for number in range(103)}))
    [row] = next(iter(rows_of(result).values()))
    assert json.loads(row["_other"]) == {f"k{number}": f"{number}.0" for number in (100, 101, 102)}
    assert result.drift[-1] == "unknown fields: 53 more, 3 of them in _other"


WINDOWS = SQL + "; SELECT line, sum(amount) OVER (ORDER BY line) AS total FROM rows ORDER BY line"


@pytest.mark.parametrize("aside_bytes", [0, 1 << 20])
def test_runs_a_statement_over_all_files(
    aside_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_transform, "_ASIDE_BYTES", aside_bytes)
    of = dataset(WINDOWS.replace("id, moment", "id, moment, id::VARCHAR AS same"))
    columns = [*of.output_columns, replace(of.output_columns[2], name="total", type="decimal(38,2)")]
    contents = [
        b"".join(
            line(n, amount=n, extra=n) if n % 5 else line(n, mode=None) for n in range(start, start + 50)
        )
        for start in (0, 50)
    ]
    result = run(tmp_path, *contents, of=replace(of, output_columns=tuple(columns)))
    [rows] = rows_of(result).values()
    good = [n for n in range(100) if n % 5]
    assert [(row["id"], row["extra"]) for row in rows] == [(n, str(n)) for n in good]
    assert [row["total"] for row in rows] == [sum(m for m in good if m <= n) for n in good]
    assert [(letter["source_version"], letter["line"]) for letter in letters_of(result)] == [
        (f"v{n // 50}", n % 50 + 1) for n in range(100) if n % 5 == 0
    ]
    assert not (tmp_path / "aside.arrow").exists()


def test_writes_one_file_without_partitions(tmp_path: Path) -> None:
    result = run(tmp_path, line(1) + line(2, mode=None), of=dataset(partitions=()))
    assert [file.partition for file in result.objects] == [""]
    assert [(row["id"], row["year"], row["mode"]) for row in rows_of(result)[""]] == [
        (1, "2025", "live"),
        (2, "2025", None),
    ]


@pytest.mark.parametrize("partitions", [(), ("mode",)])
def test_gives_no_object_for_no_rows(partitions: tuple[str, ...], tmp_path: Path) -> None:
    result = run(tmp_path, b"", b"\n \n", b"broken", of=dataset(partitions=partitions))
    assert (result.objects, result.rows, result.rejected) == ((), 0, 0)
    assert [file.refused and file.refused.reason for file in result.files] == [
        None,
        None,
        "too-many-rejected",
    ]


def test_writes_the_same_bytes_however_the_input_is_cut(tmp_path: Path) -> None:
    content = b"".join(
        line(n, mode=f"m{n % 7}", **({f"k{n}": n} if n % 20 == 0 else {})) if n % 11 else b"x\n"
        for n in range(99)
    )

    def digests(chunk_bytes: int) -> list[str]:
        work = tmp_path / str(chunk_bytes)
        work.mkdir()
        run(work, content, content, chunk_bytes=chunk_bytes)
        files = sorted(path for path in work.rglob("*") if path.is_file())
        assert len(files) == 8
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]

    assert digests(1) == digests(100) == digests(1 << 20)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (SQL + " WHERE id <> 2", "returned 2 rows for 3 of input"),
        (SQL + " ORDER BY line DESC", "reorders or doubles rows"),
        (SQL.replace("active,", ""), 'returns no column "active"'),
        (SQL.replace("active,", "1 AS active,"), 'returns "active" as int32, declared is bool'),
        (SQL.replace("active,", "error('no') AS active,"), "the transform failed"),
    ],
)
def test_refuses_sql_that_loses_rows_or_columns(sql: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TransformError, match=message):
        run(tmp_path, line(1) + line(2) + line(3), of=dataset(sql))
    assert list(tmp_path.rglob("*.parquet")) == []


def test_checks_a_dataset_before_there_are_files() -> None:
    check_dataset(dataset(), ["%Y-%m-%d"], "--date_formats")
    with pytest.raises(
        DeclarationError, match='"events" cannot be used: the transform returns no column "id"'
    ):
        check_dataset(dataset(SQL.replace("id, ", "")), ["%Y-%m-%d"], "--date_formats")


def one_file(work: Path, content: bytes, key: str) -> FileResult:
    return process_batch_file(dataset(), Source("raw", key, "v1"), lambda: [content], work, ranges={})


def test_publishes_nothing_of_a_file_that_is_cut_off(tmp_path: Path) -> None:
    content = gzip.compress(b"".join(line(n) for n in range(1000)))
    whole = one_file(tmp_path, content, "a.ndjson.gz")
    assert (whole.input_count, whole.output_count, [file.partition for file in whole.objects]) == (
        1000,
        1000,
        ["year=2025/mode=live"],
    )
    assert whole.content_sha256 == hashlib.sha256(content).hexdigest()
    (tmp_path / "cut").mkdir()
    cut = one_file(tmp_path / "cut", content[:-1], "a.ndjson.gz")
    assert (cut.whole_file_reason, cut.objects, cut.input_count) == (BrokenGzipError.reason, (), 0)
    assert list((tmp_path / "cut").rglob("*.parquet")) == []


VALUES = st.sampled_from([1, "1", "x", None, True, {"a": 1}, 10**20, "2025-01-01T00:00:00Z", 1.25, ""])
LINES = st.lists(
    st.dictionaries(
        st.sampled_from(["Id", "at", "amount", "active", "mode", "k", "line", "año"]), VALUES
    ).map(lambda row: json.dumps(row).encode())
    | st.sampled_from([b"", b" ", b"x", b"[]", b"\xff", b'{"Id":1,"at":"2025-01-01T00:00:00Z","mode":"a"}'])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=50)
@given(LINES)
def test_puts_every_line_in_exactly_one_place(tmp_path: Path, lines: list[bytes]) -> None:
    # the first one keeps a file of which nothing else is left from being quarantined whole
    result = run(tmp_path, line(0) + b"\n".join(lines))
    rows = [row["source_line"] for rows in rows_of(result).values() for row in rows]
    letters = [letter["line"] for letter in letters_of(result)]
    assert sorted(rows + letters) == [1, *(number for number, text in enumerate(lines, 2) if text.strip())]
