"""Whole files: what is defined for each, and what is published."""

import csv
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.kernels.test_customers import GOOD, PROCESSED, SOURCE, file_of, process, rows_of
from tributary.conversion.check import check_dataset
from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file, rows_version
from tributary.datasets import datasets_of, load_dataset
from tributary.errors import DeclarationError, TransformError

HEADER = ",".join(GOOD).encode() + b"\n"
ROW = ",".join(GOOD.values()).encode() + b"\n"
CUSTOMERS = load_dataset("customers")
SQL = CUSTOMERS.transform or ""


def process_chunks(
    chunks: Iterable[bytes], work: Path, key: str = SOURCE.key, sql: str = SQL, **fields: Any
) -> FileResult:
    return process_file(
        replace(CUSTOMERS, transform=sql, **fields),
        replace(SOURCE, key=key),
        chunks,
        processing_date=PROCESSED,
        date_formats=["%d-%m-%Y"],
        work=work,
    )


@pytest.mark.parametrize(
    ("content", "reason", "message"),
    [
        (b"", "empty-file", "no line that is not blank"),
        (b"\xef\xbb\xbf\r\n \n", "empty-file", "no line that is not blank"),
        (
            b"foo,bar\n1,2\n",
            "header-mismatch",
            'required column "id" is missing; the header has "foo", "bar"',
        ),
        (ROW, "header-mismatch", 'required column "id" is missing'),
        (HEADER.replace(b";", b","), None, None),
        (HEADER.replace(b",", b";") + ROW, "header-mismatch", 'required column "id" is missing'),
        (b"id,name,ID,amount\n1,2,3,4\n", "header-mismatch", 'column "id" stands 2 times'),
        (b'id,"name\n1,2\n', "unreadable-header", "still open"),
        (b"id,na\xffme\n", "unreadable-header", "not UTF-8"),
        (b"id," + b"x" * (1 << 20), "unreadable-header", "longer than 1048576 bytes"),
    ],
)
def test_quarantines_a_whole_file_that_has_no_fitting_header(
    content: bytes, reason: str | None, message: str | None, tmp_path: Path
) -> None:
    result = process(content, tmp_path)
    assert result.whole_file_reason == reason
    assert result.content_sha256 == hashlib.sha256(content).hexdigest()
    if message is not None:
        assert message in str(result.whole_file_message)
        assert (result.parquet, result.csv, result.rejects, result.input_count) == (None, None, None, 0)


def test_gives_an_empty_table_for_a_header_alone(tmp_path: Path) -> None:
    result = process(HEADER, tmp_path)
    assert (result.input_count, result.output_count, rows_of(result)) == (0, 0, [])
    assert result.csv is not None
    assert result.csv.read_text().count("\n") == 1


def test_quarantines_a_file_whole_when_every_row_is_rejected(tmp_path: Path) -> None:
    result = process(HEADER + b"1\n2\n", tmp_path)
    assert (result.whole_file_reason, result.objects, result.rejects) == ("too-many-rejected", (), None)
    assert result.whole_file_message == (
        "expected a row, got 2 dead letters of 2 records: line 2: expected 6 fields, found 1; line 3:"
        " expected 6 fields, found 1"
    )


@pytest.mark.parametrize(
    ("header", "row", "drift"),
    [
        ("status,id,amount,date,email,name", "active,1,125.5,01-04-2025,john@example.com,john doe", ()),
        (" ID ,Name,EMAIL,Date,AMOUNT,\tStatus", "1,john doe,john@example.com,01-04-2025,125.5,active", ()),
        (
            "id,name,email,date,amount,status,phone,",
            "1,john doe,john@example.com,01-04-2025,125.5,active,555,x",
            ('unknown field: "field_8", kept as field_8', 'unknown field: "phone", kept as phone'),
        ),
    ],
)
def test_takes_columns_by_name(header: str, row: str, drift: tuple[str, ...], tmp_path: Path) -> None:
    result = process_chunks([f"{header}\n{row}\n".encode()], tmp_path, undeclared="keep")
    [found] = rows_of(result)
    assert [str(found[name]) for name in ("id", "name", "email", "date", "amount", "status")] == [
        "1",
        "John Doe",
        "john@example.com",
        "2025-04-01",
        "125.5000",
        "active",
    ]
    kept = [sentence.rpartition(" ")[2] for sentence in drift]
    assert sorted(found) == sorted([*(column.name for column in CUSTOMERS.output_columns), *kept])
    assert result.drift == drift


def test_tells_a_bounded_part_of_many_unknown_columns(tmp_path: Path) -> None:
    names = ["id", "y" * 1000, *(f"x{number}" for number in range(9_999))]
    content = (",".join(names) + "\n" + ",".join("1" for _ in names)).encode()
    shown = "y" * 100
    result = process(content, tmp_path)
    unknown = [drift for drift in result.drift if "unknown" in drift]
    assert (result.output_count, len(unknown)) == (1, 51)
    assert unknown[0] == f'unknown field: "{shown}…", 1 values dropped'
    assert unknown[-1] == "unknown fields: 9950 more, 9950 values dropped"
    kept = process_chunks([content], tmp_path, undeclared="keep")
    unknown = [drift for drift in kept.drift if "unknown" in drift]
    assert (kept.output_count, len(unknown)) == (1, 51)
    assert unknown[-1] == "unknown fields: 9950 more, 9900 of them in _other"


def test_counts_a_bounded_number_of_issues(tmp_path: Path) -> None:
    sql = SQL.replace("'missing id'", "'no id'").replace(
        "CASE WHEN coalesce(id, '') = '' THEN 'no id' END", "'bad ' || id"
    )
    content = HEADER + b"".join(ROW.replace(b"1,", b"%d," % n, 1) for n in range(300))
    result = process_chunks([content], tmp_path, sql=sql)
    assert len(result.issues) == 101
    assert result.issues["other issues"] == 200


def test_fills_a_missing_column_with_null_and_reports_it(tmp_path: Path) -> None:
    result = process(b"id,name,email,date,status\n1,a,a@example.com,01-04-2025,x\n", tmp_path)
    [row] = rows_of(result)
    assert (row["amount"], row["amount_category"], row["data_quality_issues"]) == (
        None,
        None,
        "missing amount",
    )
    assert result.drift == ("missing column: amount",)


def test_writes_dead_letters_with_their_source_line_and_bytes(tmp_path: Path) -> None:
    result = process(HEADER + b"\n1,2\r\n\xff,2\n" + ROW, tmp_path)
    assert result.rejects is not None
    names = {"source_bucket": SOURCE.bucket, "source_key": SOURCE.key, "source_version": SOURCE.version}
    assert [json.loads(line) for line in result.rejects.read_text().splitlines()] == [
        {
            "source": SOURCE.id,
            **names,
            "line": 3,
            "reason": "wrong-field-count",
            "message": "expected 6 fields, found 2",
            "raw_text": "1,2",
        },
        {
            "source": SOURCE.id,
            "line": 4,
            "reason": "invalid-utf8",
            "message": 'byte 1 of the record is not UTF-8; the file is likely windows-1252, where it is "ÿ" '
            '(declare "encoding")',
            "raw_base64": "/ywy",
        },
    ]
    assert (result.input_count, result.output_count, result.rejected_count) == (3, 1, 2)


def test_says_how_long_a_line_was_that_it_does_not_keep_whole(tmp_path: Path) -> None:
    result = process(HEADER + b"x" * (9 << 20) + b"\r\n" + ROW, tmp_path)
    assert result.rejects is not None
    letter = json.loads(result.rejects.read_text())
    assert (letter["line"], letter["reason"], letter["raw_length"]) == (2, "record-too-long", 9 << 20)
    assert letter["raw_text"] == "x" * (8 << 20)
    assert result.output_count == 1


def members(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(part) for part in parts)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    "content",
    [members(HEADER + ROW), members(HEADER, ROW[:9], b"", ROW[9:]), members(HEADER + ROW) + bytes(100)],
)
def test_decompresses_gzip_of_any_number_of_members(content: bytes, size: int, tmp_path: Path) -> None:
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    result = process_chunks(chunks, tmp_path, key="input/customers/a.csv.gz")
    assert (result.whole_file_reason, result.output_count) == (None, 1)
    assert result.content_sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        members(HEADER + ROW)[:-1],
        members(HEADER + ROW)[:20],
        members(HEADER + ROW)[:-8] + b"\0\0\0\0\1\0\0\0",
        members(HEADER + ROW) + b"more",
        b"\0" + HEADER + ROW,
        members(HEADER, ROW)[:-4],
    ],
    ids=["cut by a byte", "cut early", "wrong checksum", "text behind", "no gzip", "second member cut"],
)
def test_quarantines_a_broken_gzip_file_whole(content: bytes, tmp_path: Path) -> None:
    result = process_chunks([content], tmp_path, key="input/customers/a.csv.gz")
    assert (result.whole_file_reason, result.parquet) == ("broken-gzip", None)
    assert result.content_sha256 == hashlib.sha256(content).hexdigest()


def test_reads_zstd_and_quarantines_it_whole_when_broken(tmp_path: Path) -> None:
    content = bytes(pa.compress(HEADER + ROW, codec="zstd", asbytes=True))
    whole = process_chunks([content], tmp_path, key="input/customers/a.csv.zst")
    assert (whole.whole_file_reason, whole.output_count) == (None, 1)
    cut = process_chunks([content[:-1]], tmp_path, key="input/customers/a.csv.zst")
    assert (cut.whole_file_reason, cut.parquet) == ("broken-zstd", None)


def test_publishes_nothing_of_a_gzip_file_that_breaks_late(tmp_path: Path) -> None:
    content = gzip.compress(HEADER + ROW * 300_000, 1)[:-4]
    result = process_chunks([content], tmp_path, key="input/customers/a.csv.gz")
    assert (result.whole_file_reason, result.parquet, result.output_count) == ("broken-gzip", None, 0)


def test_gives_the_same_bytes_again_and_for_other_chunks(tmp_path: Path) -> None:
    content = HEADER + b"".join(ROW.replace(b"1,", b"%d," % n, 1) for n in range(80_000)) + b"x\n"
    digests = set()
    for number, size in enumerate((1 << 23, 1 << 23, 4099, 1 << 16)):
        work = tmp_path / str(number)
        work.mkdir()
        result = process_chunks((content[at : at + size] for at in range(0, len(content), size)), work)
        digests.add(
            tuple(
                path and hashlib.sha256(path.read_bytes()).hexdigest()
                for path in (result.parquet, result.csv, result.rejects)
            )
        )
    assert len(digests) == 1


@pytest.mark.slow
def test_keeps_the_order_of_lines_over_many_batches_and_row_groups(tmp_path: Path) -> None:
    count = 300_000
    content = HEADER + b"".join(
        b'%d,"a\nb",x@example.com,%02d-04-2025,1,s%d\n' % (n, n % 28 + 1, n % 7)
        if n % 50_000 == 0
        else b"%d,a,x@example.com,%02d-04-2025,1,s%d\n" % (n, n % 28 + 1, n % 7)
        for n in range(count)
    )
    result = process(content, tmp_path)
    assert result.parquet is not None
    file = parquet.ParquetFile(result.parquet)
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [
        1 << 18,
        count - (1 << 18),
    ]
    table = file.read(["id", "running_total_by_status"])
    assert table["id"].to_pylist() == [str(n) for n in range(count)]
    assert sorted(table["running_total_by_status"].to_pylist())[-1] == count // 7 + 1


def test_says_in_the_parquet_file_where_its_rows_come_from(tmp_path: Path) -> None:
    result = process(file_of([{}]), tmp_path)
    assert result.parquet is not None
    metadata = parquet.ParquetFile(result.parquet).metadata
    assert {
        key: metadata.metadata[key.encode()].decode()
        for key in ("dataset", "dataset_version", "source_version")
    } == {
        "dataset": "customers",
        "dataset_version": CUSTOMERS.version,
        "source_version": "v1",
    }
    column = metadata.row_group(0).column(0)
    assert (column.compression, column.statistics.min) == ("SNAPPY", "1")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT * FROM input WHERE false", "returned 0 rows for 2"),
        (SQL.replace("FROM parsed;", "FROM parsed LIMIT 1;"), "returned 1 rows for 2"),
        ("SELECT input.* FROM input, range(2)", "reorders or doubles"),
        ("SELECT * FROM input ORDER BY line DESC", "reorders or doubles"),
        ("SELECT * FROM input UNION ALL SELECT * FROM input", "can be read only once"),
        ("SELECT id FROM input", 'no column "line"'),
        ("SELECT line, id FROM input", 'no column "name"'),
        ("SELECT *, 1 AS email_valid FROM input", "email_valid"),
        ("SELECT nothing FROM input", "nothing"),
        ("SELECT line, CAST(name AS INTEGER) AS name FROM input", "Could not convert"),
        ("SELECT *, * FROM read_text('/etc/hostname')", "disabled by configuration"),
        ("SELECT * FROM input; SELECT 1 AS line FROM rows", 'must return "line" of every row'),
        (
            SQL.replace("FROM rows\nORDER BY line", "FROM rows UNION ALL SELECT 9, 9"),
            "more rows than the first",
        ),
        ("SELECT * FROM input; SELECT line FROM rows WHERE false", 'must return "line" of every row'),
    ],
)
def test_refuses_a_transform_that_loses_doubles_or_mistypes_rows(
    sql: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(TransformError) as raised:
        process_chunks([HEADER + ROW + ROW], tmp_path, sql=sql)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC", "transform: expected SQL: "),
        ("", "transform: expected one SQL statement, or two with windows, got 0"),
        (
            "SELECT 1; SELECT 2; SELECT 3",
            "transform: expected one SQL statement, or two with windows, got 3",
        ),
    ],
)
def test_refuses_a_transform_that_is_not_one_or_two_statements(
    sql: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DeclarationError) as raised:
        process_chunks([HEADER + ROW], tmp_path, sql=sql or " ")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nothing FROM input", "nothing"),
        ("SELECT line, no_such_function(id) AS id FROM input", "no_such_function"),
        ("SELECT line, id FROM input", 'no column "name"'),
        ("SELECT *, 1 AS email_valid FROM input", "email_valid"),
        (SQL.replace("FROM rows", "FROM no_such_table"), "no_such_table"),
        (SQL.replace("sum(amount)", "sum(nothing)"), "nothing"),
    ],
)
def test_finds_a_wrong_transform_before_any_file(sql: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        check_dataset(replace(CUSTOMERS, transform=sql), ["%d-%m-%Y"], "--date_formats")


def test_finds_nothing_wrong_with_the_declared_datasets() -> None:
    for dataset in datasets_of("uploads"):
        check_dataset(dataset, ["%d-%m-%Y"], "--date_formats")


@pytest.mark.parametrize("date_format", ["%d-%m", "%H:%M", "nonsense", "%Q"])
def test_refuses_a_date_format_that_does_not_tell_a_day(date_format: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        check_dataset(CUSTOMERS, ["%d-%m-%Y", date_format], "--date_formats")
    wanted = "a form of strptime that tells day, month and year, such as %d-%m-%Y"
    assert str(raised.value) == f'--date_formats: expected {wanted}, got "{date_format}"'


def test_passes_on_a_failure_of_the_source_as_it_is(tmp_path: Path) -> None:
    failure = ConnectionError("reset")

    def chunks() -> Iterator[bytes]:
        yield HEADER + ROW * 200_000
        raise failure

    with pytest.raises(ConnectionError) as raised:
        process_chunks(chunks(), tmp_path)
    assert raised.value is failure


def test_rows_version_follows_dataset_formulas_and_date_formats() -> None:
    versions = {
        rows_version(CUSTOMERS, ["%d-%m-%Y"]),
        rows_version(CUSTOMERS, ["%Y-%m-%d"]),
        rows_version(replace(CUSTOMERS, version="other"), ["%d-%m-%Y"]),
        rows_version(
            replace(CUSTOMERS, outputs=replace(CUSTOMERS.outputs, csv_formulas="kept")), ["%d-%m-%Y"]
        ),
    }
    assert len(versions) == 4
    assert rows_version(CUSTOMERS, ["%d-%m-%Y"]) in versions


def test_publishes_no_formula_of_a_sender_as_csv(tmp_path: Path) -> None:
    content = HEADER + b"=1+2,@sum(1),+a@b.de,01-04-2025,-5,-x\n"
    result = process_chunks([content], tmp_path)
    assert result.csv is not None
    row = next(csv.DictReader(result.csv.read_text().splitlines()))
    texts = {name: row[name] for name in ("id", "name", "email", "amount", "status")}
    assert texts == {
        "id": "'=1+2",
        "name": "'@Sum(1)",
        "email": "'+a@b.de",
        "amount": "-5.0000",
        "status": "'-x",
    }
    assert parquet.read_table(result.parquet)["id"].to_pylist() == ["=1+2"]
