"""Every format through every pipeline: the same rows, dead letters and columns, whatever their file."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import fastavro
import pyarrow as pa
import pytest
from pyarrow import csv, orc, parquet

from tests.support.declarations import dataset
from tributary.conversion.batch import transform_batch
from tributary.conversion.chain import InputFile
from tributary.conversion.upload import process_file
from tributary.datasets import Dataset
from tributary.kernels.output.dead_letters import read_letters
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.sniffing import FormatKind
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges
from tributary.manifests.conversion import Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Fetched

Row = dict[str, Any]
Files = Sequence[bytes]
NOW = datetime(2026, 2, 3, tzinfo=UTC)
PIPELINES = ("uploads", "manifests", "ledger")

TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "amount": pa.array([Decimal("1.10"), None, Decimal("-3.00")], pa.decimal128(9, 2)),
        "mode": pa.array(["a", "b", "a"]),
        "extra": pa.array(["x", "é", None]),
    }
)
COLUMNS = [
    {"name": "id", "type": "bigint", "required": True},
    {"name": "amount", "type": "decimal(12,2)"},
    {"name": "mode", "type": "string"},
]
EXPECTED = [
    {"id": 1, "amount": Decimal("1.10"), "mode": "a", "extra": "x"},
    {"id": 2, "amount": None, "mode": "b", "extra": "é"},
    {"id": 3, "amount": Decimal("-3.00"), "mode": "a", "extra": None},
]


def as_csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(table, sink)
    return sink.getvalue()


def as_lines(table: pa.Table) -> bytes:
    return b"".join(json.dumps(row, default=float).encode() + b"\n" for row in table.to_pylist())


def as_json(table: pa.Table) -> bytes:
    return json.dumps(table.to_pylist(), default=float, indent=1).encode()


def as_parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def as_orc(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    orc.write_table(table, sink)
    return sink.getvalue()


def as_avro(table: pa.Table) -> bytes:
    kinds: dict[pa.DataType, Any] = {pa.int64(): "long", pa.string(): "string"}
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    fields = [
        {"name": field.name, "type": ["null", kinds.get(field.type, decimal)]} for field in table.schema
    ]
    sink = io.BytesIO()
    schema = {"type": "record", "name": "row", "fields": fields}
    fastavro.writer(sink, fastavro.parse_schema(schema), table.to_pylist())
    return sink.getvalue()


WRITERS: dict[str, Callable[[pa.Table], bytes]] = {
    "avro": as_avro,
    "csv": as_csv,
    "json": as_json,
    "ndjson": as_lines,
    "orc": as_orc,
    "parquet": as_parquet,
}


class Result:
    """What a pipeline made: rows in the order of files and lines, dead letters, and refused files."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.letters: list[Row] = []
        self.refused: list[str | None] = []
        self.first: list[Any] = []
        self.drift: tuple[str, ...] = ()
        self.issues: dict[str, int] = {}

    def read(self, objects: Sequence[tuple[str, Path]], letters: Sequence[Path]) -> None:
        for partition, path in objects:
            values = dict(part.split("=") for part in partition.split("/") if part)
            self.rows += [{**row, **values} for row in parquet.ParquetFile(path).read().to_pylist()]
        self.letters = [letter for path in letters for letter in read_letters(path.open("rb"))]


def run(work: Path, of: Dataset, *contents: bytes, folder: str = "") -> Result:
    result = Result()
    named = [
        (Source("raw", f"{of.prefix}{folder}{number}", f"v{number}"), each)
        for number, each in enumerate(contents)
    ]
    if of.pipeline == "uploads":
        for source, content in named:
            own = work / source.version
            own.mkdir()
            one = process_file(
                of,
                source,
                [content],
                processing_date=NOW,
                date_formats=["%Y-%m-%d"],
                work=own,
            )
            result.refused.append(one.whole_file_reason)
            result.first.append(one.first)
            found = Result()
            objects = [("", one.parquet)] if one.parquet else []
            found.read(objects, [one.rejects] if one.rejects else [])
            result.rows += found.rows
            result.letters += found.letters
            result.drift, result.issues = one.drift, one.issues
    elif of.pipeline == "manifests":
        entries = [Entry(source.bucket, source.key, source.version, 1, 1, NOW) for source, _ in named]
        files = [Fetched(entry, io.BytesIO(each)) for entry, (_, each) in zip(entries, named, strict=True)]
        many = convert(of, files, work, {}, Seconds(), registry=LocalColumns())
        result.refused = [
            many.unreadable[entry].reason if entry in many.unreadable else None for entry in entries
        ]
        result.first = [outcome.first for outcome in many.published.values()]
        result.read([("", many.parquet)], [many.rejects] if many.rejects else [])
        for row in result.rows:
            assert (row.pop("_source_revision"), row.pop("_source_version")[0]) == (1, "v")
            assert row.pop("_source_line") > 0
            assert row.pop("_source_file").startswith(of.prefix)
        result.drift, result.issues = many.drift, dict(many.issues)
    else:
        batch = transform_batch(
            of,
            [InputFile(source, lambda each=each: [each]) for source, each in named],  # type: ignore[misc]
            batch_id=1,
            ranges=calendar_ranges(2021, 2030),
            work=work,
            object_bytes=1 << 30,
            registry=LocalColumns(),
        )
        result.refused = [file.refused.reason if file.refused else None for file in batch.files]
        result.first = [file.first for file in batch.files]
        objects = [(file.partition, file.path) for file in batch.objects]
        result.read(objects, [file.path for file in batch.dead_letters])
        result.drift, result.issues = batch.drift, dict(batch.issues)
    return result


def declared(pipeline: str, kind: str, sql: str | None = None, **fields: Any) -> Dataset:
    return dataset(sql, pipeline=pipeline, format={"kind": kind}, **{"columns": COLUMNS, **fields})


BY_PIPELINE = pytest.mark.parametrize("pipeline", PIPELINES)
BY_FORMAT = pytest.mark.parametrize("kind", sorted(WRITERS))


def test_has_a_file_of_every_format() -> None:
    assert sorted(WRITERS) == sorted(get_args(FormatKind))


def undressed(kind: str, rows: list[Row]) -> list[Row]:
    """The rows as the format can tell them: CSV has no null for a text."""
    return [{**row, "extra": row["extra"] or ""} for row in rows] if kind == "csv" else rows


@BY_PIPELINE
@BY_FORMAT
def test_publishes_typed_rows_without_sql(pipeline: str, kind: str, tmp_path: Path) -> None:
    content = WRITERS[kind](TABLE)
    result = run(tmp_path, declared(pipeline, kind), content, content)
    assert result.rows == undressed(kind, EXPECTED) * 2
    assert (result.letters, result.refused) == ([], [None, None])
    assert result.drift == ('unknown field: "extra", kept as extra',)


@BY_PIPELINE
def test_names_line_column_and_reason_of_the_first_dead_letter_of_a_file(
    pipeline: str, tmp_path: Path
) -> None:
    """In the order of lines: what is no JSON is found before what is no value."""
    first = b'{"id": 1}\n{"id": 2, "amount": "x"}\n{\n{"amount": 1}\n'
    second = b'{"id": 3}\n'
    third = b'{"id": 4}\n{\n'
    result = run(tmp_path, declared(pipeline, "ndjson"), first, second, third)
    assert result.first == [
        {"line": 2, "column": "amount", "reason": "bad-value"},
        None,
        {"line": 2, "column": None, "reason": result.letters[-1]["reason"]},
    ]


@BY_PIPELINE
@BY_FORMAT
def test_publishes_the_rows_of_a_transform(pipeline: str, kind: str, tmp_path: Path) -> None:
    of = declared(
        pipeline,
        kind,
        "SELECT line, id * 2 AS twice, upper(mode) AS mode FROM input",
        outputColumns=[{"name": "twice", "type": "bigint"}, {"name": "mode", "type": "string"}],
        undeclared="drop",
    )
    result = run(tmp_path, of, WRITERS[kind](TABLE))
    assert result.rows == [{"twice": 2 * n, "mode": mode} for n, mode in ((1, "A"), (2, "B"), (3, "A"))]
    dropped = 3 if kind == "csv" else 2
    assert result.drift == (f'unknown field: "extra", {dropped} values dropped',)


@BY_PIPELINE
@BY_FORMAT
def test_publishes_exact_texts_of_a_dataset_without_columns(pipeline: str, kind: str, tmp_path: Path) -> None:
    of = dataset(pipeline=pipeline, format={"kind": kind})
    result = run(tmp_path, of, WRITERS[kind](TABLE))
    short = kind in ("json", "ndjson")  # as the file has it: written from floats
    texts = [("1.1" if short else "1.10"), None, ("-3.0" if short else "-3.00")]
    assert [(row["id"], row["mode"]) for row in result.rows] == [("1", "a"), ("2", "b"), ("3", "a")]
    assert [row["amount"] or None for row in result.rows] == texts


@BY_PIPELINE
@BY_FORMAT
def test_makes_a_dead_letter_of_a_row_that_does_not_fit(pipeline: str, kind: str, tmp_path: Path) -> None:
    columns = [COLUMNS[0], {"name": "amount", "type": "int"}, COLUMNS[2]]
    content = WRITERS[kind](TABLE)
    rejecting = run(tmp_path, declared(pipeline, kind, columns=columns), content)
    assert [(row["id"], row["amount"]) for row in rejecting.rows] == [(2, None), (3, -3)] or kind in (
        "csv",
        "json",
        "ndjson",
    )
    assert rejecting.letters[0]["reason"] == "bad-value"
    assert 'the column "amount" has "1.1' in rejecting.letters[0]["message"]
    assert "1" in rejecting.letters[0]["raw_text"]
    tolerant = [columns[0], {**columns[1], "onBadValue": "issue"}, columns[2]]
    (tmp_path / "again").mkdir()
    issues = run(tmp_path / "again", declared(pipeline, kind, columns=tolerant), content)
    assert [row["id"] for row in issues.rows] == [1, 2, 3]
    assert issues.issues["bad amount"] >= 1


@BY_PIPELINE
@BY_FORMAT
def test_rejects_undeclared_fields_where_declared_so(pipeline: str, kind: str, tmp_path: Path) -> None:
    result = run(tmp_path, declared(pipeline, kind, undeclared="reject"), WRITERS[kind](TABLE))
    if kind == "csv":  # its last row has an empty text there, which is a value
        assert result.refused == ["too-many-rejected"]
        return
    assert [row["id"] for row in result.rows] == [3]
    assert [letter["reason"] for letter in result.letters] == ["undeclared-field"] * 2
    assert result.letters[0]["message"] == 'no column is declared for "extra", which has "x"'


@BY_PIPELINE
@pytest.mark.parametrize(("most", "is_refused"), [(100, False), (34, False), (33, True)])
def test_quarantines_a_file_with_more_dead_letters_than_declared(
    pipeline: str, most: int, is_refused: bool, tmp_path: Path
) -> None:
    bad = b'{"id":1,"mode":"a"}\nx\n{"id":2,"mode":"a"}\n'
    good = b'{"id":3,"mode":"a"}\n'
    of = declared(pipeline, "ndjson", maximumRejectedPercent=most)
    result = run(tmp_path, of, bad, good)
    assert result.refused == ["too-many-rejected" if is_refused else None, None]
    if pipeline == "uploads" or not is_refused:  # the others are converted again without it
        assert [row["id"] for row in result.rows] == ([3] if is_refused else [1, 2, 3])
        assert len(result.letters) == (0 if is_refused else 1)


@BY_PIPELINE
@pytest.mark.parametrize(("empty", "reason"), [("publish", None), ("quarantine", "empty-file")])
@pytest.mark.parametrize(("kind", "content"), [("csv", b"id,amount,mode\n"), ("ndjson", b"\n \n")])
def test_publishes_or_quarantines_a_file_without_rows(
    pipeline: str, empty: str, reason: str | None, kind: str, content: bytes, tmp_path: Path
) -> None:
    assert run(tmp_path, declared(pipeline, kind, emptyFiles=empty), content).refused == [reason]


def test_names_the_first_rejects_of_a_file_that_is_quarantined(tmp_path: Path) -> None:
    source = Source("raw", "input/orders/a.ndjson", "v")
    result = process_file(
        declared("uploads", "ndjson"),
        source,
        [b"x\n" + b"[]\n" * 30],
        processing_date=NOW,
        date_formats=["%Y-%m-%d"],
        work=tmp_path,
    )
    message = str(result.whole_file_message)
    assert message.startswith(
        "expected a row, got 31 dead letters of 31 records: line 1: not JSON at column 1: "
    )
    assert "; line 20: " in message
    assert "line 21: " not in message


@BY_PIPELINE
@pytest.mark.parametrize(
    ("kind", "bad", "good"),
    [
        ("csv", b"id,amount,mode\nx,1,a\n", b"id,amount,mode\n3,1,a\n"),
        ("ndjson", b"x\n", b'{"id":3,"mode":"a"}\n'),
    ],
)
def test_quarantines_a_file_whose_only_record_is_rejected(
    pipeline: str, kind: str, bad: bytes, good: bytes, tmp_path: Path
) -> None:
    result = run(tmp_path, declared(pipeline, kind), bad, good)
    assert result.refused == ["too-many-rejected", None]
    assert ([row["id"] for row in result.rows], result.letters) == ([3], [])


@BY_PIPELINE
def test_quarantines_no_corrected_lines_whole_for_those_that_are_rejected_again(
    pipeline: str, tmp_path: Path
) -> None:
    of = declared(pipeline, "ndjson", maximumRejectedPercent=0)
    result = run(tmp_path, of, b"x\n", b'{"id":3,"mode":"a"}\ny\n', folder="tributary-corrections/")
    assert result.refused == [None, None]
    assert [row["id"] for row in result.rows] == [3]
    assert [letter["raw_text"] for letter in result.letters] == ["x", "y"]


@BY_PIPELINE
def test_keeps_the_dead_letter_of_a_document_that_shares_its_output(pipeline: str, tmp_path: Path) -> None:
    """As an upload it is quarantined, so that what its earlier version became stays."""
    of = declared(pipeline, "json")
    result = run(tmp_path, of, b'{"id":\n', b'{"id":1,"mode":"a"}')
    if pipeline == "uploads":
        assert (result.refused, len(result.letters)) == (["too-many-rejected", None], 0)
    else:
        assert (result.refused, len(result.letters)) == ([None, None], 1)
    assert [row["id"] for row in result.rows] == [1]
