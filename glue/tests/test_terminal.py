import json
import re
import subprocess
import sys
from pathlib import Path
from unicodedata import category

import pytest

from tributary.terminal import visible, visible_json, visible_lines
from tributary.try_dataset import main

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    chr(code)
    for span in [
        range(0x00, 0x09),
        range(0x0B, 0x20),
        range(0x7F, 0xA0),
        [0xAD, 0x61C, 0x180E, 0xFEFF, 0xDFFF, 0xD800, 0xE0001],
        range(0x200B, 0x2010),
        range(0x2028, 0x202F),
        range(0x2060, 0x2065),
        range(0x2066, 0x2070),
    ]
    for code in span
]
"""Everything that a terminal obeys, hides or reorders, but for tabs and line feeds."""

PRINTING = {
    # lines of JSON for another program or a log
    "glue/tributary/running/log.py",
    "glue/tributary/running/arguments.py",
    "cli/rooms/python_imports.py",
    "local/emulator/launcher.py",
    "local/accounting/__main__.py",
    # run where the package is not yet: their caller prints what they say
    "glue/native/build.py",
    "setup/pin_wheels.py",
}


def unseen(text: str) -> list[str]:
    return [each for each in text if category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") and each not in "\n\t"]


@pytest.mark.parametrize("character", HOSTILE, ids=[f"U+{ord(each):04X}" for each in HOSTILE])
def test_shows_by_its_code_point(character: str) -> None:
    wanted = f"a\\u{{{ord(character):x}}}b"
    assert [visible(f"a{character}b"), visible_lines(f"a{character}b")] == [wanted, wanted]


def test_keeps_line_feeds_and_tabs_in_lines_alone() -> None:
    assert visible_lines("a\n\tb") == "a\n\tb"
    assert visible("a\n\tb") == "a\\u{a}\\u{9}b"


def test_keeps_what_is_seen_in_any_script() -> None:
    seen = "O’Brien 東京 العربية é e\u0301 😀 ＝１ \u00a0\u3000 \\u{1b}"
    assert [visible(seen), visible_lines(seen), json.loads(visible_json(seen))] == [seen, seen, seen]


@pytest.mark.parametrize("indent", [None, 2])
def test_writes_json_of_the_same_value(indent: int | None) -> None:
    value = {"k" + "".join(HOSTILE): ["v" + "".join(HOSTILE) + "\n\t"]}
    text = visible_json(value, indent)
    assert unseen(text) == []
    assert json.loads(text) == value


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_try_obeys_no_cell_key_header_or_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    bad = "a\x1b]0;t\x07\x9b2J\u202ez"
    file = tmp_path / f"{bad}.csv"
    row = f"1{bad},n{bad},e{bad},01-04-2025,1,s{bad},x"
    file.write_text(f"id,name,email,date,amount,status,{bad}\n{row}\n{bad}\n", newline="")
    lines = tmp_path / "b.ndjson"
    event = {f"{bad}": bad, "id": bad, "time": "2026-01-31T08:15:00Z", "mode": "live"}
    lines.write_text(json.dumps(event, ensure_ascii=False) + f"\n{bad}\n")
    for dataset, path in (("customers", file), (str(ROOT / "local" / "samples" / "events"), lines)):
        assert main([dataset, str(path), *words]) == 0
    assert main(["customers", str(tmp_path / f"{bad}.none"), *words]) == 2
    said = capsys.readouterr()
    assert unseen(said.out + said.err) == []
    assert "\\u{9b}2J\\u{202e}z" in said.err
    assert ("\\u001b]0;t" if words else "\\u{1b}]0;t") in said.out


def test_try_keeps_columns_aligned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.csv"
    file.write_text('id,name,email,date,amount,status\n1,"n\x1b[2J\n",x@y.zz,01-04-2025,1,s\n', newline="")
    assert main(["customers", str(file)]) == 0
    _, head, _, row, *_ = capsys.readouterr().out.splitlines()
    assert row.index("x@y.zz") == head.index("email")


@pytest.mark.parametrize(
    "words", [["--\x1b[2J\x9b"], ["customers", "x", "--rows", "\x1b[2J\x9b"]], ids=["an option", "a value"]
)
def test_try_obeys_no_word_that_is_wrong(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert unseen(capsys.readouterr().err) == []


def test_prints_an_error_that_nobody_catches_without_obeying_it() -> None:
    script = "from tributary.terminal import guard; guard(); raise ValueError('a\\x1b[2J\\x9b')"
    words = [sys.executable, "-c", script]
    ended = subprocess.run(words, check=False, capture_output=True, text=True, cwd=ROOT / "glue")
    assert ended.returncode == 1
    assert ended.stderr.endswith("ValueError: a\\u{1b}[2J\\u{9b}\n")
    assert unseen(ended.stderr) == []


def test_no_other_code_of_the_commands_prints() -> None:
    sources = [
        path
        for folder in ("glue/tributary", "glue/jobs", "glue/native", "cli", "local", "setup")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    assert len(sources) > 100
    says = re.compile(r"\bprint\(|\bsys\.(stdout|stderr)(\.write\(|\)|,)")
    printing = {path.relative_to(ROOT).as_posix() for path in sources if says.search(path.read_text())}
    assert printing - {"glue/tributary/terminal.py"} == PRINTING
