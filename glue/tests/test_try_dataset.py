import json
from pathlib import Path

import pytest

from tributary.try_dataset import main

HEADER = "id,name,email,date,amount,status,phone\n"
ROW = "1,john doe,john@example.com,01-04-2025,125.5,active,5\n"


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_shows_rows_counts_rejects_and_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.csv", HEADER + ROW + "2,x\n")
    assert main(["customers", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{file} as customers"
    assert lines[1].split()[:5] == ["id", "name", "email", "email_valid", "date"]
    assert "John Doe" in lines[3]
    assert lines[4:7] == [
        "  rows in 2, rows out 1, dead letters 1",
        "  drift: unknown column: phone",
        '  line 3: wrong-field-count: expected 7 fields, found 2: "2,x"',
    ]


def test_shows_as_many_rows_as_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.csv", HEADER + ROW * 20)
    for rows in (0, 3, 50):
        assert main(["customers", file, "--json", "--rows", str(rows)]) == 0
        [report] = json.loads(capsys.readouterr().out)
        assert (len(report["rows"]), report["counts"]["output"]) == (min(rows, 20), 20)


def test_writes_the_outputs(tmp_path: Path) -> None:
    files = [write(tmp_path, "a.csv", HEADER + ROW), write(tmp_path, "b.csv", HEADER + "x\n")]
    assert main(["customers", *files, "--out", str(tmp_path / "out")]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a.csv", "a.parquet", "b.csv", "b.dead-letters.ndjson", "b.parquet"]


def test_fails_when_a_file_would_be_quarantined_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["customers", write(tmp_path, "a.csv", "x\n1\n")]) == 1
    assert "the whole file would be quarantined: header-mismatch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("dataset", "file", "message"),
    [
        ("nope", "a.csv", 'no dataset is called "nope"; there are: customers'),
        ("customers", "nope.csv", 'there is no file "nope.csv"'),
    ],
)
def test_names_what_is_missing(
    dataset: str, file: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.csv", HEADER)
    assert main([dataset, file]) == 2
    assert message in capsys.readouterr().err


def test_refuses_two_files_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.csv", HEADER)
    assert main(["customers", file, file, "--out", str(tmp_path / "out")]) == 2
    assert 'written as "a"' in capsys.readouterr().err
