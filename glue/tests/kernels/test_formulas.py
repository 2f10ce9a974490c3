import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tributary.datasets import OutputColumn, load_dataset
from tributary.kernels.output.formulas import escaped
from tributary.kernels.output.tables import CsvWriter, output_schema

FORMULAS = [
    *(f"{leading}1+2" for leading in "=+-@\t\n\r\0＝＋－＠"),
    *"=+-@\t\n\r\0＝＋－＠",
    "@sum(1)",
    "-1+2",
    "+49 170 1",
    *(f"{blanks}=1" for blanks in (" ", "  ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\ufeff ")),
    " \t5",
    "-5%",
    "-1e5",
    "+1\n",
    "-٣",
    '=HYPERLINK("x";"a,b")',
]
NUMBERS = ["-5", "+4917012345", "-12.50", "5", " -5"]
HARMLESS = ["", "a", "'=1", "1+2", *NUMBERS, "a=1", " a=1", "é", "東京", "\u00a0"]


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_puts_an_apostrophe_before_a_formula(text: str) -> None:
    assert escaped(pa.chunked_array([[None, "a", text], [text]])).to_pylist() == [
        None,
        "a",
        f"'{text}",
        f"'{text}",
    ]


def test_leaves_other_texts_as_they_are() -> None:
    texts = pa.chunked_array([[*HARMLESS, None]])
    assert escaped(texts).to_pylist() == [*HARMLESS, None]
    assert escaped(pa.chunked_array([[*HARMLESS, "=1"]])).to_pylist() == [*HARMLESS, "'=1"]
    assert escaped(pa.chunked_array([], pa.string())).to_pylist() == []


@pytest.mark.parametrize("formulas", ["escaped", "kept"])
def test_writes_them_to_csv_alone_and_only_texts(formulas: str, tmp_path: Path) -> None:
    customers = load_dataset("customers")
    columns = [("a", "string"), ("n", "bigint"), ("m", "decimal(9,2)"), ("d", "date"), ("t", "timestamp")]
    dataset = replace(
        customers,
        output_columns=tuple(OutputColumn(name, kind, "x") for name, kind in columns),
    )
    schema = output_schema(dataset, {})
    texts = [*FORMULAS, *HARMLESS, '"=1', ',"=1', "a;=1"]
    at = datetime(2026, 1, 31, tzinfo=UTC)
    rows = [[text, -5, Decimal("-5.00"), date(2026, 1, 31), at] for text in texts]
    arrays = [list(column) for column in zip(*rows, strict=True)]
    [batch] = pa.table(arrays, schema=schema.remove_metadata()).to_batches()
    with CsvWriter(tmp_path / "rows.csv", schema, escapes_formulas=formulas == "escaped") as writer:
        writer.write(dict(zip(batch.schema.names, batch.columns, strict=True)))
    with (tmp_path / "rows.csv").open(newline="", encoding="utf-8") as file:
        head, *found = csv.reader(file)
    assert head == [name for name, _ in columns]
    prefix = "'" if formulas == "escaped" else ""
    assert [row[0] for row in found] == [prefix + text if text in FORMULAS else text for text in texts]
    assert {tuple(row[1:4]) for row in found} == {("-5", "-5.00", "2026-01-31")}
