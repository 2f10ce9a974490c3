"""The rules of the customers dataset, by tables, through the whole kernel."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file
from tributary.datasets import load_dataset
from tributary.kernels.source import Source

SOURCE = Source("raw", "input/customers/a.csv", "v1")
PROCESSED = datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=UTC)
GOOD = {
    "id": "1",
    "name": "John Doe",
    "email": "john@example.com",
    "date": "01-04-2025",
    "amount": "125.5",
    "status": "active",
}


def process(content: bytes, work: Path, formats: Sequence[str] = ("%d-%m-%Y", "%Y-%m-%d")) -> FileResult:
    return process_file(
        load_dataset("customers"),
        SOURCE,
        [content],
        processing_date=PROCESSED,
        date_formats=formats,
        work=work,
    )


def file_of(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(GOOD), lineterminator="\n")
    writer.writeheader()
    writer.writerows(GOOD | row for row in rows)
    return text.getvalue().encode()


def rows_of(result: FileResult) -> list[dict[str, Any]]:
    assert result.parquet is not None
    return list(parquet.read_table(result.parquet).to_pylist())


def outputs(column: str, texts: Sequence[str], work: Path) -> list[dict[str, Any]]:
    return rows_of(process(file_of([{column: text} for text in texts]), work))


NAMES = {
    "john doe": "John Doe",
    "  JANE   SMITH\t": "Jane   Smith",
    "o'brien": "O'Brien",
    "O\u2019BRIEN": "O\u2019Brien",
    "jean-luc d'arc": "Jean-Luc D'Arc",
    "\u00e9mile zol\u00e0": "\u00c9mile Zol\u00e0",
    "rene\u0301e dupont": "Rene\u0301e Dupont",
    "\u0434\u043c\u0438\u0442\u0440\u0438\u0439": "\u0414\u043c\u0438\u0442\u0440\u0438\u0439",
    "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3": "\u039f\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c2",
    "john 3rd": "John 3rd",
    "j.r.r. tolkien": "J.R.R. Tolkien",
    "\u674e \u5c0f\u9f99": "\u674e \u5c0f\u9f99",
    "\u00a0anna\u2003": "Anna",
    "": None,
    "   ": None,
}


def test_trims_and_capitalises_names(tmp_path: Path) -> None:
    found = [row["name"] for row in outputs("name", list(NAMES), tmp_path)]
    assert dict(zip(NAMES, found, strict=True)) == NAMES


EMAILS = {
    "john.doe@example.com": True,
    "a+b_c-d@sub.example.co.uk": True,
    "o'neil@example.ie": True,
    "x@example.photography": True,
    "x@xn--mnchen-3ya.xn--vermgensberatung-pwb": True,
    "X@EXAMPLE.COM": True,
    "a" * 64 + "@example.com": True,
    "a" * 65 + "@example.com": False,
    "x@" + "a" * 63 + ".com": True,
    "x@" + "a" * 64 + ".com": False,
    "x@" + ".".join(["a" * 62] * 4) + ".com": False,
    "": False,
    "nobody": False,
    "@example.com": False,
    "x@example": False,
    "x@example.c": False,
    "x@example.c0m": False,
    "x@-example.com": False,
    "x@example-.com": False,
    "x@example..com": False,
    ".x@example.com": False,
    "x.@example.com": False,
    "x..y@example.com": False,
    "x@y@example.com": False,
    "x y@example.com": False,
    " x@example.com": False,
    "x@example.com\n": False,
    "<x@example.com>": False,
    "jos\u00e9@example.com": False,
}


def test_checks_emails_and_leaves_them_as_they_stood(tmp_path: Path) -> None:
    rows = outputs("email", list(EMAILS), tmp_path)
    assert {row["email"]: row["email_valid"] for row in rows} == EMAILS


DATES = {
    "01-04-2025": date(2025, 4, 1),
    "1-4-2025": date(2025, 4, 1),
    " 01-04-2025 ": date(2025, 4, 1),
    "2025-04-01": date(2025, 4, 1),
    "29-02-2024": date(2024, 2, 29),
    "29-02-2025": None,
    "31-02-2025": None,
    "31-04-2025": None,
    "00-04-2025": None,
    "04-13-2025": None,
    "01/04/2025": None,
    "01-04-25": None,
    "01-04-999": None,
    "01-04-0999": date(999, 4, 1),
    "01-01-0001": date(1, 1, 1),
    "01-01-0000": None,
    "01-02-1025": date(1025, 2, 1),
    "01-04-12025": None,
    "01-04-2025 10:00": None,
    "01-04-2025x": None,
    "29-02-1900": None,
    "29-02-2000": date(2000, 2, 29),
    "31-12-9999": date(9999, 12, 31),
    "01-01-1000": date(1000, 1, 1),
    "01-04-0000": None,
    "01-04--2025": None,
    "+1-04-2025": None,
    "tomorrow": None,
    "infinity": None,
    "-Infinity": None,
    "epoch": None,
}


def test_reads_dates_by_the_accepted_formats(tmp_path: Path) -> None:
    found = [row["date"] for row in outputs("date", list(DATES), tmp_path)]
    assert dict(zip(DATES, found, strict=True)) == DATES


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        (["%d-%m-%Y", "%m-%d-%Y"], date(2025, 4, 3)),
        (["%m-%d-%Y", "%d-%m-%Y"], date(2025, 3, 4)),
    ],
)
def test_takes_the_first_date_format_that_fits(formats: list[str], expected: date, tmp_path: Path) -> None:
    [row] = rows_of(process(file_of([{"date": "03-04-2025"}]), tmp_path, formats))
    assert row["date"] == expected


AMOUNTS = {
    "125.5": "125.5",
    "-125.50": "-125.5",
    "+7": "7",
    "0": "0",
    "-0": "0",
    "007": "7",
    ".5": "0.5",
    "5.": "5",
    " 12 ": "12",
    "1,234.56": "1234.56",
    "1,234,567": "1234567",
    "1 234.56": "1234.56",
    "1\u00a0234.56": "1234.56",
    "1'234.56": "1234.56",
    "$1,234.56": "1234.56",
    "$ 5": "5",
    "-$5": "-5",
    "$-5": "-5",
    "\u20ac5.25": "5.25",
    "5.25 \u20ac": "5.25",
    "EUR 5.25": "5.25",
    "5.25 USD": "5.25",
    "US$5": "5",
    "(12.50)": "-12.5",
    "($1,234.50)": "-1234.5",
    "$(12.50)": "-12.5",
    "12.50-": "-12.5",
    "\u221212.50": "-12.5",
    "1.2345": "1.2345",
    "1.230000000": "1.23",
    "99999999999999.9999": "99999999999999.9999",
    "1.23456": None,
    "100000000000000": None,
    "99999999999999.99999": None,
    "1.234,56": None,
    "12,50": None,
    "1,23": None,
    "12,34,567": None,
    "1,234 567": None,
    "1e3": None,
    "NaN": None,
    "Infinity": None,
    "--5": None,
    "-5-": None,
    "(-5)": None,
    "(5": None,
    "5)": None,
    "5%": None,
    "1_000": None,
    "0x10": None,
    "\u0661\u0662": None,
    "(€1,234.5)": "-1234.5",
    "(5) €": "-5",
    "CHF -5.00": "-5",
    "5 USD-": "-5",
    "(.5)": "-0.5",
    "99999999999999.99990000": "99999999999999.9999",
    "-99999999999999.9999": "-99999999999999.9999",
    "-(5)": None,
    "(+5)": None,
    "($5": None,
    "1,2345": None,
    "$": None,
    "-": None,
    ".": None,
    "five": None,
}


def test_reads_amounts_exactly_with_their_sign(tmp_path: Path) -> None:
    found = [row["amount"] for row in outputs("amount", list(AMOUNTS), tmp_path)]
    expected = {text: None if amount is None else Decimal(amount) for text, amount in AMOUNTS.items()}
    assert dict(zip(AMOUNTS, found, strict=True)) == expected


CATEGORIES = {
    "-500": "low",
    "99.9999": "low",
    "100": "medium",
    "199.9999": "medium",
    "200": "high",
    "x": None,
    "": None,
}


def test_categorises_amounts(tmp_path: Path) -> None:
    found = [row["amount_category"] for row in outputs("amount", list(CATEGORIES), tmp_path)]
    assert dict(zip(CATEGORIES, found, strict=True)) == CATEGORIES


ISSUES: list[tuple[dict[str, str], str | None]] = [
    ({}, None),
    ({"id": ""}, "missing id"),
    ({"name": " "}, "missing name"),
    ({"email": "x"}, "invalid email"),
    ({"email": ""}, "missing email"),
    ({"date": "31-02-2025"}, "invalid date"),
    ({"date": ""}, "missing date"),
    ({"amount": "x"}, "invalid amount"),
    ({"amount": ""}, "missing amount"),
    ({"status": " "}, "missing status"),
    (
        {"status": "", "amount": "x", "date": "x", "email": "x", "name": ""},
        "missing name; invalid email; invalid date; invalid amount; missing status",
    ),
]


def test_names_every_issue_in_order_and_counts_them(tmp_path: Path) -> None:
    result = process(file_of([row for row, _ in ISSUES]), tmp_path)
    assert [row["data_quality_issues"] for row in rows_of(result)] == [issues for _, issues in ISSUES]
    assert result.issues == {
        "invalid amount": 2,
        "invalid date": 2,
        "invalid email": 2,
        "missing amount": 1,
        "missing date": 1,
        "missing email": 1,
        "missing id": 1,
        "missing name": 2,
        "missing status": 2,
    }


def test_totals_by_status_in_the_order_of_dates_then_lines(tmp_path: Path) -> None:
    rows = [
        ("02-04-2025", "10", "Active", "12"),
        ("01-04-2025", "1", " active ", "1"),
        ("01-04-2025", "1", "ACTIVE", "2"),
        ("", "100", "active", "112"),
        ("03-04-2025", "x", "active", "12"),
        ("05-04-2025", "x", "pending", None),
        ("06-04-2025", "-5.5", "pending", "-5.5"),
        ("01-04-2025", "3", "", "3"),
        ("01-04-2025", "4", " ", "7"),
    ]
    found = rows_of(
        process(file_of([{"date": d, "amount": a, "status": s} for d, a, s, _ in rows]), tmp_path)
    )
    totals = [row["running_total_by_status"] for row in found]
    assert totals == [None if total is None else Decimal(total) for *_, total in rows]
    assert [row["status"] for row in found] == ["active"] * 5 + ["pending"] * 2 + [None] * 2


def test_keeps_ids_and_emails_as_they_stood_and_names_source_and_time(tmp_path: Path) -> None:
    [row] = rows_of(process(file_of([{"id": " 0012345678901234567890 ", "email": ""}]), tmp_path))
    assert (row["id"], row["email"]) == (" 0012345678901234567890 ", "")
    assert (row["source_file"], row["processing_date"]) == (SOURCE.key, PROCESSED)


def test_writes_csv_with_the_same_rows(tmp_path: Path) -> None:
    result = process(file_of([{"name": 'a "b", c\nd'}, {"amount": "x"}]), tmp_path)
    assert result.csv is not None
    with result.csv.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert list(first) == [column.name for column in load_dataset("customers").output_columns]
    assert first["name"] == 'A "B", C\nD'
    assert (first["amount"], first["date"], first["email_valid"]) == ("125.5000", "2025-04-01", "true")
    assert first["processing_date"] == "2026-01-31 12:00:00.123000Z"
    assert (second["amount"], second["data_quality_issues"]) == ("", "invalid amount")
