import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.support.declarations import declaration
from tributary.try_dataset import main

HEADER = "id,name,email,date,amount,status,phone\n"
EVENTS = Path(__file__).resolve().parents[2] / "local" / "samples" / "events"
ROW = "1,john doe,john@example.com,01-04-2025,125.5,active,5\n"


def zstd(content: bytes) -> bytes:
    compressed: bytes = pa.compress(content, "zstd", asbytes=True)
    return compressed


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
        '  drift: unknown field: "phone", 1 values dropped',
        '  line 3: wrong-field-count: expected 7 fields, found 2: "2,x"',
    ]


def test_shows_as_many_rows_as_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.csv", HEADER + ROW * 20)
    for rows in (0, 3, 50):
        assert main(["customers", file, "--json", "--rows", str(rows)]) == 0
        [report] = json.loads(capsys.readouterr().out)
        assert (len(report["rows"]), report["counts"]["output"]) == (min(rows, 20), 20)


def test_writes_the_outputs(tmp_path: Path) -> None:
    files = [write(tmp_path, "a.csv", HEADER + ROW), write(tmp_path, "b.csv", HEADER + ROW + "x\n")]
    assert main(["customers", *files, "--out", str(tmp_path / "out")]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a.csv", "a.parquet", "b.csv", "b.dead-letters.ndjson", "b.parquet"]


def test_tries_json_in_any_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = EVENTS.with_name("ml_events") / "raw-json-data" / "2026" / "week05" / "events.json"
    assert main(["ml_events", str(events), "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "rows in 5, rows out 3, dead letters 2" in text
    assert 'drift: unknown field: "appVersion", kept as app__version' in text
    assert "line 3: not-an-object" in text
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == [
        "events.dead-letters.ndjson",
        *(
            f"year=2026/month=01/day={day}/mode={mode}/events.parquet"
            for day, mode in (("26", "test"), ("26", "train"), ("29", "validation"))
        ),
    ]


def test_fails_when_a_file_would_be_quarantined_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["customers", write(tmp_path, "a.csv", "x\n1\n")]) == 1
    assert "the whole file would be quarantined: header-mismatch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("dataset", "file", "message"),
    [
        ("nope", "a.csv", "dataset: expected one of clicks, customers, ml_events, "),
        ("nope", "a.csv", 'smoke_uploads, got "nope"'),
        ("customers", "nope.csv", 'FILE: expected a file that exists, got "nope.csv"'),
        ("customers", ".", 'FILE: expected a file (of a folder, name its files), got "."\n'),
    ],
)
def test_names_what_is_missing(
    dataset: str, file: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.csv", HEADER)
    assert main([dataset, file]) == 2
    assert message in capsys.readouterr().err


def test_refuses_two_files_of_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("p/a.csv", "b.csv", "q/a.csv.gz"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(HEADER)
    assert main(["customers", "p/a.csv", "b.csv", "q/a.csv.gz", "--out", "out"]) == 2
    wanted = "files that would be written under different names (try these one by one)"
    assert capsys.readouterr().err == f'error: FILE: expected {wanted}, got ["p/a.csv", "q/a.csv.gz"]\n'


def test_refuses_date_formats_that_tell_no_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.csv", HEADER)
    assert main(["customers", file, "--date-formats", "%d"]) == 2
    wanted = "a form of strptime that tells day, month and year, such as %d-%m-%Y"
    assert f'--date-formats: expected {wanted}, got "%d"' in capsys.readouterr().err


def test_refuses_a_folder_whose_declaration_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "dataset.json", "{}")
    write(tmp_path, "transform.sql", "SELECT 1")
    assert main([str(tmp_path), write(tmp_path, "a.ndjson", "")]) == 2
    assert "dataset.json: name is required: expected a lower-case name" in capsys.readouterr().err


def test_shows_rows_rejects_and_drift_of_ndjson(capsys: pytest.CaptureFixture[str]) -> None:
    files = ["2026-01-31-events.ndjson", "2026-02-03-broken-lines.ndjson"]
    assert main([str(EVENTS), *(str(EVENTS / file) for file in files), "--json"]) == 0
    good, broken = json.loads(capsys.readouterr().out)
    assert good["counts"] == {"input": 5, "output": 5, "rejected": 0}
    assert [
        (row["event_id"], row["amount"], row["year"], row["month"], row["mode"]) for row in good["rows"]
    ] == [
        ("e-0001", "19.90", "2026", "01", "live"),
        ("e-0002", "5.00", "2026", "01", "live"),
        ("e-0003", "0.10", "2026", "01", "test"),
        ("e-0005", "7.50", "2026", "02", "live"),
        ("e-0004", "-120.00", "2026", "02", "live"),
    ]
    assert good["rows"][3]["app__version"] == "1.10"
    assert good["drift"] == [
        'unknown field: "appVersion", kept as app__version',
        'unknown field: "coupon", kept as coupon',
    ]
    assert {(reject["line"], reject["reason"]) for reject in broken["rejects"]} == {
        (2, "not-json"),
        (3, "bad-value"),
        (4, "bad-value"),
        (5, "missing-value"),
        (6, "bad-partition"),
        (7, "duplicate-key"),
    }


@pytest.mark.parametrize(
    ("ending", "compress"), [(".ndjson", bytes), (".ndjson.gz", gzip.compress), (".ndjson.zst", zstd)]
)
def test_writes_partitions(ending: str, compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / f"a{ending}"
    file.write_bytes(compress((EVENTS / "2026-01-31-events.ndjson").read_bytes()))
    out = tmp_path / "out"
    assert main([str(EVENTS), str(file), "--out", str(out)]) == 0
    written = {
        str(path.relative_to(out)): parquet.read_metadata(path).num_rows for path in out.rglob("*.parquet")
    }
    assert written == {
        "year=2026/month=01/mode=live/a.parquet": 2,
        "year=2026/month=01/mode=test/a.parquet": 1,
        "year=2026/month=02/mode=live/a.parquet": 2,
    }


def test_shows_a_file_of_a_text_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    document = declaration(pipeline="manifests", format={"kind": "ndjson"}, dates={"from": "2020-01-01"})
    write(folder, "dataset.json", json.dumps(document))
    file = tmp_path / "2026-02-03-a.ndjson"
    file.write_text('{"id": "1", "n": 1.10}\n[1]\n{"id": "2"}\n')
    assert main([str(folder), str(file), "--json", "--out", str(tmp_path / "out")]) == 0
    [report] = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"input": 3, "output": 2, "rejected": 1}
    assert [(row["id"], row["n"], row["_source_line"]) for row in report["rows"]] == [
        ("1", "1.10", 1),
        ("2", None, 3),
    ]
    assert [reject["reason"] for reject in report["rejects"]] == ["not-an-object"]
    assert len(report["written"]) == 2
    broken = tmp_path / "2026-02-03-b.ndjson.gz"
    broken.write_bytes(gzip.compress(b"{}")[:-1])
    assert main([str(folder), str(broken)]) == 1
    assert "broken-gzip" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("2026-02-03-a.ndjson", "any", None),
        ("a.ndjson", "any", "invalid-name"),
        ("2026-02-30-a.ndjson", "any", "invalid-name"),
        ("1999-01-01-a.ndjson", "any", "date-out-of-range"),
        ("2199-01-01-a.ndjson", "any", "date-out-of-range"),
        ("2026-02-03-a.ndjson", {"megabytes": 0.00001}, None),
        ("2026-02-03-a.ndjson", {"megabytes": 1}, "unexpected-size"),
    ],
)
def test_turns_away_what_no_manifest_takes(
    name: str, size: Any, reason: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    dates = {"from": "2020-01-01"}
    document = declaration(pipeline="manifests", format={"kind": "ndjson"}, dates=dates, size=size)
    write(folder, "dataset.json", json.dumps(document))
    file = write(tmp_path, name, '{"id":123}')
    assert main([str(folder), file, "--json"]) == (1 if reason else 0)
    [report] = json.loads(capsys.readouterr().out)
    assert report["wholeFileReason"] == reason


def test_refuses_a_row_of_a_year_that_no_table_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = '{"id":"1","event_timestamp":"2019-01-01T00:00:00Z","MODE":"train"}'
    good = line.replace("2019", "2022")
    file = write(tmp_path, "a.json", f"{line}\n{good}\n")
    assert main(["ml_events", file, "--json"]) == 0
    assert main(["ml_events", file, "--json", "--years", "2019-2022"]) == 0
    narrow, wide = map(json.loads, capsys.readouterr().out.replace("]\n[", "]\0[").split("\0"))
    assert [report["counts"]["output"] for report in (*narrow, *wide)] == [1, 2]
    assert narrow[0]["rejects"][0]["reason"] == "bad-partition"
    with pytest.raises(SystemExit):
        main(["ml_events", file, "--years", "2022-2019"])
