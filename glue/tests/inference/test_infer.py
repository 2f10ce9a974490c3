import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from tributary.errors import OtherFormatError, WholeFileError
from tributary.inference.__main__ import main
from tributary.inference.evidence import Hint
from tributary.inference.infer import Inferred, UnusedHintError, infer


def inferred(work: Path, *contents: bytes, name: str = "a.csv", **hints: Hint) -> Inferred:
    files = []
    for number, content in enumerate(contents):
        files.append(work / f"{number}-{name}")
        files[-1].write_bytes(content)
    return infer(files, hints, [], work)


def column(work: Path, *values: str, **hints: Hint) -> tuple[dict[str, Any], list[str]]:
    """What a column called `x` of these values is declared as, and the notes on it."""
    rows = "".join(f"{index}|{value}\n" for index, value in enumerate(values))
    found = inferred(work, f"n|x\n{rows}".encode(), **hints)
    [declared] = [each for each in found.columns if each["name"] == "x"]
    return {key: value for key, value in declared.items() if key != "name"}, [
        note for note in found.notes if note.startswith("x:")
    ]


@pytest.mark.parametrize(
    ("values", "declared"),
    [
        (["1", "-20", "0", ""], {"type": "bigint"}),
        (["9223372036854775807"], {"type": "bigint"}),
        (["9223372036854775808", "1"], {"type": "string"}),
        (["007", "8"], {"type": "string"}),
        (["8", "007"], {"type": "string"}),
        (["+1"], {"type": "string"}),
        (["-0"], {"type": "string"}),
        (["1.0"], {"type": "string"}),
        (["1.5", "2.0"], {"type": "string"}),
        (["1", "2.5"], {"type": "double"}),
        (["0.1", "48.8566", "-3"], {"type": "double"}),
        (["1.10", "2.5"], {"type": "string"}),
        (["0.30000000000000004441", "1"], {"type": "string"}),
        (["1.10", "12.00"], {"type": "decimal(18,2)"}),
        (["1.10", "-0.00"], {"type": "string"}),
        (["12345678901234567.10"], {"type": "decimal(38,2)"}),
        (["1,10", "12,00"], {"type": "decimal(18,2)", "decimal": ","}),
        (["1,234.50", "12.00"], {"type": "decimal(18,2)", "grouping": ","}),
        (["1.234,50", "12,00"], {"type": "decimal(18,2)", "decimal": ",", "grouping": "."}),
        (["1,234,567", "12"], {"type": "bigint", "grouping": ","}),
        (["1,234", "5,678"], {"type": "string"}),
        (["true", "false", "true"], {"type": "boolean"}),
        (["True", "False"], {"type": "boolean", "true": ["True"], "false": ["False"]}),
        (["true", "True"], {"type": "string"}),
        (["yes", "no"], {"type": "string"}),
        (["2026-01-31"], {"type": "date"}),
        (["2026-01-31", "2026-02-30"], {"type": "string"}),
        (["31/01/2026", "01/02/2026"], {"type": "date", "dates": ["%d/%m/%Y"]}),
        (["01/31/2026"], {"type": "date", "dates": ["%m/%d/%Y"]}),
        (["1/31/2026", "12/1/2026"], {"type": "date", "dates": ["%m/%d/%Y"]}),
        (["1/31/2026", "02/28/2026"], {"type": "string"}),
        (["Jan 1 2000", "Feb 11 2000"], {"type": "date", "dates": ["%b %d %Y"]}),
        (["Jan 01 2000", "Dec 31 2000"], {"type": "date", "dates": ["%b %d %Y"]}),
        (["01/02/2026", "03/04/2026"], {"type": "string"}),
        (["2026-01-31T10:00:00Z"], {"type": "timestamp"}),
        (["2026-01-31T10:00:00.120Z", "2026-01-31T10:00:00.000Z"], {"type": "timestamp"}),
        (["2026-01-31T10:00:00+02:00"], {"type": "string"}),
        (["2026-01-31 10:00:00"], {"type": "timestamp", "zone": "UTC"}),
        (
            ["01/31/2026 1:05 PM", "12/01/2026 1:05 AM"],
            {"type": "string"},
        ),
        (["01/31/2026 01:05 PM"], {"type": "timestamp", "dates": ["%m/%d/%Y %I:%M %p"], "zone": "UTC"}),
        (["", ""], {"type": "string"}),
        (["plain", "text"], {"type": "string"}),
    ],
)
def test_takes_the_type_that_gives_every_value_back(
    tmp_path: Path, values: list[str], declared: dict[str, Any]
) -> None:
    assert column(tmp_path, *values)[0] == declared


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (
            ["01/02/2026"],
            "x: stays text, for day and month can be swapped in every value: "
            "--column x=date:'%d/%m/%Y' or --column x=date:'%m/%d/%Y'",
        ),
        (
            ["1", "007"],
            'x: stays text, for as bigint the value "007" would not come back as it stood',
        ),
        (
            ["1.5", "2.0"],
            'x: stays text, for as decimal(18,1) the value "2.0" would not come back as it stood '
            "(--column x=double reads it)",
        ),
        (
            ["2026-01-31 10:00:00"],
            'x: its times have no offset, and are taken for UTC: "zone" says another',
        ),
    ],
)
def test_says_why_it_is_text_what_might_be_more(tmp_path: Path, values: list[str], note: str) -> None:
    assert note in column(tmp_path, *values)[1]


@pytest.mark.parametrize(
    ("values", "hint", "declared"),
    [
        (["1.5", "2"], Hint("decimal(12,2)"), {"type": "decimal(12,2)"}),
        (["1,5", "2"], Hint("decimal(12,2)"), {"type": "decimal(12,2)", "decimal": ","}),
        (["Y", "n", "N"], Hint("boolean"), {"type": "boolean", "true": ["Y"], "false": ["N"]}),
        (["01/02/2026"], Hint("date", "%d/%m/%Y"), {"type": "date", "dates": ["%d/%m/%Y"]}),
        (["31/02/2026", "x"], Hint("date"), {"type": "date"}),
        (["1", "x"], Hint("string"), {"type": "string"}),
    ],
)
def test_follows_a_hint(tmp_path: Path, values: list[str], hint: Hint, declared: dict[str, Any]) -> None:
    assert column(tmp_path, *values, x=hint)[0] == declared


def test_refuses_a_hint_of_no_column(tmp_path: Path) -> None:
    with pytest.raises(UnusedHintError, match='--column: expected one of n, x, got "y"'):
        column(tmp_path, "1", y=Hint("int"))


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"a,b\n1,2\n", {}),
        (b"a;b\n1;2,5\n", {"delimiter": ";"}),
        (b"a\tb\n1\t2\n", {"delimiter": "\t"}),
        (b"a|b\n1|2\n", {"delimiter": "|"}),
        (b"sep=;\na;b\n1;2\n", {"delimiter": ";"}),
        (b"1,2\n3,4\n", {"header": False}),
        (b"name,city\nann,ams\nname,city\nbo,ber\n", {}),
        (b"Country,2019,2020,2021\nNL,1,2,3\n", {}),
        (b"caf\xe9,b\n1,2\n", {"encoding": "windows-1252"}),
        (b"caf\x81,b\n1,2\n", {"encoding": "latin-1"}),
        (b"a,b\r1,2\r3,4\r", {"lineEnd": "cr"}),
        (b"# made by us\na,b\n1,2\n", {"comment": "#"}),
        (b"Report of May\n\na,b,c\n1,2,3\n4,5,6\n", {"skipLines": 2}),
        (b'a,b\n1,"x \\"y\\" z"\n2,"q"\n', {"escape": "\\"}),
        (b"a,b\n1,NULL\n2,3\n", {"nulls": ["NULL"]}),
        (b"a,b\n1,NA\n2,3\n", {"nulls": ["NA"]}),
        (b"a,b,c\n1,NA,NA\n2,3,Namibia\n", {}),
        (gzip.compress(b"a;b\n1;2\n"), {"delimiter": ";"}),
        ("a,b\n1,2\n".encode("utf-16"), {}),
    ],
)
def test_finds_the_options_of_csv(tmp_path: Path, content: bytes, form: dict[str, Any]) -> None:
    assert inferred(tmp_path, content).format == {"kind": "csv", **form}


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b'{"a":1}\n{"a":2}\n', {"kind": "ndjson"}),
        (b'[{"a":1},{"a":2}]', {"kind": "json", "form": "array"}),
        (b'{\n "a": 1\n}\n', {"kind": "json", "form": "document"}),
        (b'{"Records":[{"a":1}]}', {"kind": "json", "records": ["Records"]}),
        (
            b'{"owner":"x","logEvents":[{"a":1}]}{"owner":"y","logEvents":[{"a":2}]}',
            {"kind": "json", "records": ["logEvents"], "around": ["owner"]},
        ),
        (b'{"id":1,"items":[{"a":1}]}\n{"id":2,"items":[{"a":1}]}\n', {"kind": "ndjson"}),
        (b'{"Item":{"a":{"S":"x"}}}\n', {"kind": "json", "records": ["Item"], "attributeValues": "dynamodb"}),
    ],
)
def test_finds_the_form_of_json(tmp_path: Path, content: bytes, form: dict[str, Any]) -> None:
    assert inferred(tmp_path, content, name="a.json").format == form


def test_takes_of_json_only_numbers_for_numbers(tmp_path: Path) -> None:
    rows = [
        {"number": 1, "quoted": "1", "mixed": 1, "truth": True, "day": "2026-01-31", "itemCount": 2},
        {"number": 2, "quoted": "2", "mixed": "x", "truth": None, "day": "2026-02-28", "inner": {"a": 1}},
    ]
    found = inferred(tmp_path, "\n".join(map(json.dumps, rows)).encode(), name="a.ndjson")
    assert found.columns == [
        {"name": "number", "type": "bigint"},
        {"name": "quoted", "type": "string"},
        {"name": "mixed", "type": "string"},
        {"name": "truth", "type": "boolean"},
        {"name": "day", "type": "date"},
        {"name": "item_count", "key": "itemCount", "type": "bigint"},
        {"name": "inner", "type": "string"},
    ]


def test_takes_what_stands_around_records_for_text(tmp_path: Path) -> None:
    found = inferred(tmp_path, b'{"owner":"123","logEvents":[{"id":"7","size":1}]}', name="a.json")
    assert [(each["name"], each["type"]) for each in found.columns] == [
        ("owner", "string"),
        ("id", "string"),
        ("size", "bigint"),
    ]


def test_takes_numbers_of_typed_attributes_for_numbers(tmp_path: Path) -> None:
    item = b'{"Item":{"id":{"S":"7"},"size":{"N":"1"},"is_new":{"BOOL":true}}}\n'
    found = inferred(tmp_path, item + item, name="a.json")
    assert [(each["name"], each["type"]) for each in found.columns] == [
        ("id", "string"),
        ("size", "bigint"),
        ("is_new", "boolean"),
    ]


@pytest.mark.parametrize("kind", ["parquet", "orc"])
def test_takes_the_types_of_binary_files(tmp_path: Path, kind: str) -> None:
    table = pa.table({"id": pa.array([1, 2], pa.int32()), "userName": ["a", "b"], "tags": [["x"], None]})
    file = tmp_path / "a.bin"
    (parquet if kind == "parquet" else orc).write_table(table, file)
    found = infer([file], {}, [], tmp_path)
    assert (found.format, found.rows) == ({"kind": kind}, 2)
    assert found.columns == [
        {"name": "id", "type": "int"},
        {"name": "user_name", "key": "userName", "type": "string"},
        {"name": "tags", "type": "array<string>"},
    ]


def test_looks_at_all_rows_of_all_files(tmp_path: Path) -> None:
    many = b"id,x\n" + b"".join(b"%d,%d\n" % (row, row) for row in range(50_000))
    found = inferred(tmp_path, many, many + b"50000,oops\n")
    assert found.rows == 100_001
    assert found.columns == [{"name": "id", "type": "bigint"}, {"name": "x", "type": "string"}]


def test_names_columns_in_lower_case_each_once(tmp_path: Path) -> None:
    header = "Cost Total $,itemCount,Größe,名前,cost total,1st,line"
    found = inferred(tmp_path, f"{header}\na,b,c,d,e,f,g\n".encode())
    assert {each["name"]: each.get("header") for each in found.columns} == {
        "cost_total": "Cost Total $",
        "item_count": "itemCount",
        "grosse": "Größe",
        "column_4": "名前",
        "cost_total_2": "cost total",
        "c_1st": "1st",
        "line_2": "line",
    }


def test_leaves_fields_undeclared_that_have_no_name_of_their_own(tmp_path: Path) -> None:
    found = inferred(tmp_path, b"a,b,A,\n1,2,3,4\n")
    assert [each["name"] for each in found.columns] == ["b"]


def test_suggests_key_time_and_partition(tmp_path: Path) -> None:
    rows = "".join(f"{row},2026-01-{row:02d},{'xy'[row % 2]}\n" for row in range(1, 29))
    found = inferred(tmp_path, f"order_id,day,kind\n{rows}".encode())
    assert found.suggested == {"key": "order_id", "time": "day", "partition": "kind", "values": ["x", "y"]}
    assert found.columns[0] == {"name": "order_id", "type": "bigint", "required": True}


def test_takes_no_column_for_a_key_that_a_row_lacks(tmp_path: Path) -> None:
    rows = "".join(f"{row},{row or ''}\n" for row in range(28))
    found = inferred(tmp_path, f"row,order_id\n{rows}".encode())
    assert found.suggested == {"key": "row"}


@pytest.mark.parametrize(
    ("contents", "error", "message"),
    [
        ([b"a,b\n1,2\n", b'{"a":1}\n'], OtherFormatError, "expected a file of csv, as"),
        ([b"PK\x03\x04" + b"\0" * 30], WholeFileError, "a zip archive"),
        ([b""], WholeFileError, "expected a file with rows"),
    ],
)
def test_says_what_it_cannot_read(
    tmp_path: Path, contents: list[bytes], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        inferred(tmp_path, *contents)


def test_writes_the_first_rows_as_a_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orders.csv.gz"
    lines = [b"id,note\n", *(b'%d,"two\nlines"\n' % row for row in range(100))]
    file.write_bytes(gzip.compress(b"".join(lines)))
    assert main([str(file), "--sample", str(tmp_path / "samples")]) == 0
    assert json.loads(capsys.readouterr().out)["sample"] == "orders.csv"
    assert (tmp_path / "samples" / "orders.csv").read_bytes() == b"".join(lines[:21])


@pytest.mark.parametrize("hint", ["amount", "=int", "amount=number"])
def test_says_what_a_hint_looks_like(hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("amount\n1\n")
    assert main([str(tmp_path / "a.csv"), "--column", hint]) == 2
    assert "--column: expected a column and its type, such as amount=decimal(12,2)" in capsys.readouterr().err
