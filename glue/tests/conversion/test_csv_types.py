"""A CSV dataset without SQL, from bytes in its own dialect to typed rows and dead letters."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.support.declarations import dataset
from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file
from tributary.datasets import Dataset
from tributary.errors import DeclarationError
from tributary.kernels.source import Source

FORMAT = {
    "kind": "csv",
    "delimiter": ";",
    "encoding": "windows-1252",
    "nulls": ["-"],
    "comment": "#",
    "skipLines": 1,
}
COLUMNS = [
    {"name": "customer", "type": "string", "header": "Kunde (Name)", "text": "trimmed"},
    {"name": "cost", "type": "decimal(12,2)", "header": "Betrag €", "decimal": ",", "grouping": "."},
    {"name": "day", "type": "date", "header": "Tag", "dates": ["%d.%m.%Y"]},
    {"name": "at", "type": "timestamp", "header": "Zeit", "dates": ["iso"], "zone": "Europe/Berlin"},
    {
        "name": "paid",
        "type": "boolean",
        "header": "bezahlt",
        "true": ["ja"],
        "false": ["nein"],
        "onBadValue": "issue",
    },
]
GERMAN = dataset(format=FORMAT, columns=COLUMNS)
FILE = (
    "Bericht vom 1.2.2026\r\n"
    "Kunde (Name);Betrag €;Tag;Zeit;bezahlt;notiz\r\n"
    " Jörg ;1.234,50;01.02.2026;2026-02-01 12:00:00;JA;gut\r\n"
    "# ab hier geschätzt\r\n"
    "-;-;;;vielleicht;-\r\n"
    "Käthe;1.5;01.02.2026;2026-02-01 12:00;nein;\r\n"
)


def process(of: Dataset, data: bytes, work: Path) -> FileResult:
    return process_file(
        of,
        Source("raw", "input/orders/a.csv", "1"),
        [data],
        processing_date=datetime(2026, 2, 3, tzinfo=UTC),
        date_formats=["%Y-%m-%d"],
        work=work,
    )


def test_gives_typed_rows_and_dead_letters_of_the_files_own_bytes(tmp_path: Path) -> None:
    result = process(GERMAN, FILE.encode("cp1252"), tmp_path)
    assert result.parquet is not None
    assert parquet.ParquetFile(result.parquet).read().to_pylist() == [
        {
            "customer": "Jörg",
            "cost": Decimal("1234.50"),
            "day": date(2026, 2, 1),
            "at": datetime(2026, 2, 1, 11, tzinfo=UTC),
            "paid": True,
            "notiz": "gut",
        },
        {"customer": None, "cost": None, "day": None, "at": None, "paid": None, "notiz": None},
    ]
    assert result.rejects is not None
    [letter] = map(json.loads, result.rejects.read_text().splitlines())
    assert (letter["line"], letter["reason"]) == (6, "bad-value")
    assert letter["message"] == 'the column "cost" has "1.5", which is no decimal(12,2)'
    assert letter["raw_base64"] == "S+R0aGU7MS41OzAxLjAyLjIwMjY7MjAyNi0wMi0wMSAxMjowMDtuZWluOw=="
    assert result.issues == {"bad paid": 1}
    assert result.drift == ('unknown field: "notiz", kept as notiz',)


def test_finds_columns_by_position_where_there_is_no_header(tmp_path: Path) -> None:
    of = dataset(
        format={"kind": "csv", "header": False},
        columns=[
            {"name": "amount", "type": "int", "position": 3},
            {"name": "id", "type": "string", "position": 1},
        ],
    )
    result = process(of, b"a,x,1\nb,y,2\n", tmp_path)
    assert result.parquet is not None
    assert parquet.ParquetFile(result.parquet).read().to_pylist() == [
        {"amount": 1, "id": "a", "field_2": "x"},
        {"amount": 2, "id": "b", "field_2": "y"},
    ]


def test_refuses_a_date_format_that_nobody_can_read_by(tmp_path: Path) -> None:
    of = dataset(columns=[{"name": "day", "type": "date", "dates": ["%d/%m"]}])
    with pytest.raises(DeclarationError, match='expected "iso", or a day, month and year'):
        process(of, b"day\n01/02\n", tmp_path)
