"""Rows in any order to sorted files of a size, and dead letters in order, whatever fits into memory."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS
from tributary.kernels.output.dead_letters import DeadLetter, read_letters
from tributary.kernels.output.growing_parquet import ParquetSettings
from tributary.kernels.output.sorted_letters import SortedLetters
from tributary.kernels.output.sorted_parquet import SortedFiles, SortedParquet, partition_paths
from tributary.kernels.output.staged import StagedFile
from tributary.kernels.source import Source

LIST = pa.list_(pa.field("element", pa.struct([("n", pa.int32())])))
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("at", pa.timestamp("us", "UTC")),
        ("items", LIST),
        ("day", pa.string()),
        ("mode", pa.string()),
    ],
    metadata={"dataset": "x"},
)

Columns = dict[str, pa.Array]


def rows(partitions: int, count: int = 20, size: int = 50) -> Iterator[tuple[Columns, pa.Array]]:
    """Rows in no order; the later batches bring columns of their own."""
    chance = random.Random(7)
    for batch in range(count):
        ids = range(batch * size, (batch + 1) * size)
        places = [chance.randrange(partitions) for _ in ids]
        columns = {
            "id": pa.array(ids),
            "at": pa.array([chance.choice([None, n % 40]) for n in ids], pa.int64()).cast(
                SCHEMA.field("at").type
            ),
            "items": pa.array([[{"n": n}] * (n % 3) for n in ids], LIST),
            "day": pa.array([f"{place:02}" for place in places]),
            "mode": pa.array(["live" if place else "test" for place in places]),
        }
        if batch >= 10:
            columns[f"late{29 - batch}"] = pa.array([str(n) for n in ids])
        yield columns, pa.array(ids)


def write(
    folder: Path, partitions: int, object_bytes: int = 1 << 30, collected_bytes: int = 1 << 20
) -> list[StagedFile]:
    folder.mkdir(exist_ok=True)
    how = SortedFiles(
        ["mode", "day"], "at", "part-5", object_bytes, ParquetSettings(), collected_bytes=collected_bytes
    )
    with SortedParquet(folder, how, SCHEMA) as writer:
        for columns, serials in rows(partitions):
            writer.write(
                columns, partition_paths(columns, how.partitions, len(serials)), serials, len(serials) * 40
            )
    return writer.files


@pytest.mark.parametrize(
    ("collected_bytes", "partitions"), [(1, 7), (5000, 1), (5000, 200), (1 << 20, 1), (1 << 20, 7)]
)
def test_sorts_rows_by_partition_time_and_input(
    partitions: int, collected_bytes: int, tmp_path: Path
) -> None:
    files = write(tmp_path, partitions, collected_bytes=collected_bytes)
    every = [row for columns, _ in rows(partitions) for row in pa.table(columns).to_pylist()]
    last = datetime(9999, 1, 1, tzinfo=UTC)
    every.sort(key=lambda row: (row["mode"], row["day"], row["at"] or last, row["id"]))
    paths = [file.partition for file in files]
    assert paths == sorted(set(paths))
    assert [file.name for file in files] == [f"part-5-{n:05}.parquet" for n in range(1, len(files) + 1)]
    found = []
    for file in files:
        table = parquet.ParquetFile(file.path).read()
        assert table.schema.names == ["id", "at", "items", *(f"late{n}" for n in range(10, 20))]
        assert (file.rows, file.bytes) == (table.num_rows, file.path.stat().st_size)
        mode, day = (part.split("=")[1] for part in file.partition.split("/"))
        found += [{**row, "mode": mode, "day": day} for row in table.to_pylist()]
    wanted = [{name: row.get(name) for name in found[0]} for row in every]
    assert found == wanted
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name for file in files]


def test_cuts_files_at_their_size(tmp_path: Path) -> None:
    [whole] = write(tmp_path / "whole", 1)
    files = write(tmp_path / "cut", 1, object_bytes=4_000)
    assert len(files) > 3
    assert {file.partition for file in files} == {whole.partition}
    ids = [n for file in files for n in parquet.ParquetFile(file.path).read()["id"].to_pylist()]
    assert ids == parquet.ParquetFile(whole.path).read()["id"].to_pylist()


def test_gives_the_same_bytes_however_much_is_sorted_at_once(tmp_path: Path) -> None:
    def digests(collected_bytes: int) -> list[str]:
        files = write(tmp_path / str(collected_bytes), 7, collected_bytes=collected_bytes)
        return [hashlib.sha256(file.path.read_bytes()).hexdigest() for file in files]

    assert digests(3_000) == digests(3_000)
    assert len(digests(1 << 20)) == 7


def test_leaves_nothing_behind_after_an_error(tmp_path: Path) -> None:
    how = SortedFiles(["day"], "at", "part-5", 1, ParquetSettings(), collected_bytes=1)

    def fail() -> None:
        with SortedParquet(tmp_path, how, SCHEMA) as writer:
            for columns, serials in rows(3):
                writer.write(columns, partition_paths(columns, how.partitions, len(serials)), serials, 1000)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


@given(
    letters=st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 5))),
    object_bytes=st.sampled_from([1, 300, 1 << 20]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_merges_dead_letters_of_both_kinds(
    letters: list[tuple[bool, int, int]], object_bytes: int, tmp_path: Path
) -> None:
    letters.sort(key=lambda letter: letter[1:])
    sources = [Source("raw", f"{number}.json", "v1") for number in range(4)]
    with SortedLetters(tmp_path, "part-5", object_bytes, sources, DEFAULT_FILE_LIMITS) as writer:
        for of_output, number, line in letters:
            letter = DeadLetter(line, 0, "bad-value", "a message", b"text\nof\tit", 10)
            writer.write("of-output" if of_output else "of-input", [(number, letter)])
    found = [letter for file in writer.files for letter in read_letters(file.path.open("rb"))]
    assert [(letter["source_key"], letter["line"]) for letter in found] == [
        (f"{number}.json", line) for _, number, line in letters
    ]
    assert [file.name for file in writer.files] == [
        f"part-5-{n:05}.ndjson" for n in range(1, len(writer.files) + 1)
    ]
    assert sum(file.rows for file in writer.files) == len(letters)
    if object_bytes == 1:
        assert len(writer.files) == len(letters)
    assert {path.name for path in tmp_path.iterdir()} >= {file.name for file in writer.files}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("letters")]
