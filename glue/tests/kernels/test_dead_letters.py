"""Dead letters: names once a source and object, and no more of one file than it may have."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.output.dead_letters import DeadLetter, read_letters
from tributary.kernels.output.sorted_letters import SortedLetters
from tributary.kernels.source import Source

LONG = Source("raw", "k" * 1000, "v1")
OTHER = Source("raw", "other", "v1")
FEW = FileLimits(dead_letters=3, dead_letter_bytes=1000)


def letters(count: int, raw: bytes = b"x") -> list[DeadLetter]:
    return [DeadLetter(line, 0, "not-json", "no JSON", raw, len(raw)) for line in range(1, count + 1)]


def written(folder: Path, sources: list[Source], count: int) -> Path:
    with SortedLetters(folder, "letters", 1 << 30, sources, DEFAULT_FILE_LIMITS) as writer:
        for number in range(len(sources)):
            writer.write("of-input", [(number, letter) for letter in letters(count)])
    [file] = writer.files
    return file.path


def test_writes_names_once_though_a_key_is_long(tmp_path: Path) -> None:
    text = written(tmp_path, [LONG, OTHER, LONG], 100).read_bytes()
    assert text.count(LONG.key.encode()) == 2
    assert [letter["source_key"] for letter in read_letters(text.splitlines())] == [
        source.key for source in (LONG, OTHER, LONG) for _ in range(100)
    ]


def test_writes_names_once_in_each_object(tmp_path: Path) -> None:
    sources = [LONG, OTHER, replace(LONG, version="v2")]
    with SortedLetters(tmp_path, "part-1", 5_000, sources, DEFAULT_FILE_LIMITS) as writer:
        for number in range(3):
            writer.write("of-input", [(number, letter) for letter in letters(50)])
    assert len(writer.files) > 3
    found = []
    for file in writer.files:
        lines = file.path.read_bytes().splitlines()
        # An object is read alone.
        of_object = [(one["source_key"], one["source_version"]) for one in read_letters(lines)]
        assert sum(b'"source_key"' in line for line in lines) == len(set(of_object))
        found += of_object
    assert found == [(source.key, source.version) for source in sources for _ in range(50)]


def test_lets_sql_find_the_names_by_the_source(tmp_path: Path) -> None:
    """The query of docs/datasets.md."""
    path = written(tmp_path, [LONG, OTHER, replace(OTHER, version="v2")], 3)
    query = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text("utf-8").partition("```sql\n")[2]
    query = query.partition("```")[0].replace("dead_letters", f"'{path}'")
    rows = duckdb.sql(query).fetchall()
    assert sorted(rows) == sorted(
        (source.key, source.version, line, "not-json")
        for source in (LONG, OTHER, replace(OTHER, version="v2"))
        for line in (1, 2, 3)
    )


def test_reads_what_was_written_with_names_in_each() -> None:
    each = [{"source_bucket": "b", "source_key": f"k{n}", "source_version": "v", "line": n} for n in (1, 2)]
    assert list(read_letters(json.dumps(one).encode() for one in each)) == each


@pytest.mark.parametrize(
    ("count", "raw", "said"),
    [
        (
            4,
            b"x",
            "expected at most 3 dead letters of one file (correct it, or the declaration that it does not ",
        ),
        (2, b"x" * 600, "expected at most 1000 bytes of dead letters of one file "),
    ],
)
def test_refuses_more_of_one_file(tmp_path: Path, count: int, raw: bytes, said: str) -> None:
    sources = [OTHER, LONG, replace(OTHER, version="v2")]
    with SortedLetters(tmp_path, "part-1", 1 << 20, sources, FEW) as writer:
        for number, given in enumerate((letters(1), letters(count, raw), letters(1))):
            if writer.admits(number, len(given)):
                writer.write("of-input", [(number, letter) for letter in given])
    assert str(writer.beyond[1]).startswith(said)
    [file] = writer.files
    found = read_letters(file.path.read_bytes().splitlines())
    assert [(one["source_key"], one["source_version"]) for one in found] == [("other", "v1"), ("other", "v2")]


@pytest.mark.parametrize("raw", [b"x", b"x" * 600])
def test_leaves_a_source_with_too_many_out_of_sorted_letters(tmp_path: Path, raw: bytes) -> None:
    with SortedLetters(tmp_path, "part-1", 1 << 20, [OTHER, LONG, OTHER], FEW) as writer:
        for number, count in enumerate((3, 4, 1)):
            if writer.admits(number, 2):
                writer.write("of-input", [(number, letter) for letter in letters(2)])
            if writer.admits(number, count - 2):
                of_output = letters(count - 2, raw if number == 1 else b"x")
                writer.write("of-output", [(number, letter) for letter in of_output])
    assert list(writer.beyond) == [1]
    [file] = writer.files
    assert LONG.key.encode() not in file.path.read_bytes()
