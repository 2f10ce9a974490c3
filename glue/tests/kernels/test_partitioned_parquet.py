"""Rows of many partitions to a file each, whatever fits into memory."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tributary.errors import TransformError
from tributary.kernels.output.growing_parquet import DEFAULT_SETTINGS, ParquetSettings
from tributary.kernels.output.partitioned_parquet import PartitionedParquet

SCHEMA = pa.schema(
    [("id", pa.int64()), ("day", pa.string()), ("mode", pa.string())], metadata={"dataset": "x"}
)

Columns = dict[str, pa.Array]


def batches(partitions: int, count: int = 20, rows: int = 50) -> Iterator[Columns]:
    """Rows that go round the partitions; each batch from the tenth brings a column of its own."""
    for batch in range(count):
        ids = range(batch * rows, (batch + 1) * rows)
        columns = {
            "id": pa.array(ids),
            "day": pa.array([f"{n % partitions:02}" for n in ids]),
            "mode": pa.array(["live" if n % partitions else "test" for n in ids]),
        }
        if batch >= 10:
            columns[f"late{batch}"] = pa.array([str(n) for n in ids])
        yield columns


def write(
    folder: Path,
    columns: Iterator[Columns],
    collected_bytes: int,
    settings: ParquetSettings = DEFAULT_SETTINGS,
) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    with PartitionedParquet(folder, ["mode", "day"], settings, SCHEMA, collected_bytes) as writer:
        for batch in columns:
            writer.write(batch, len(batch["id"]), len(batch["id"]) * 20)
    return writer.files


@pytest.mark.slow
@pytest.mark.parametrize("collected_bytes", [1, 5000, 1 << 20])
@pytest.mark.parametrize("partitions", [1, 7, 200])
def test_puts_every_row_into_its_partition_in_order(
    partitions: int, collected_bytes: int, tmp_path: Path
) -> None:
    files = write(tmp_path, batches(partitions), collected_bytes)
    assert len(files) == partitions
    for day in range(partitions):
        path = files[f"mode={'live' if day else 'test'}/day={day:02}"]
        table = parquet.ParquetFile(path).read()
        assert table["id"].to_pylist() == list(range(day, 1000, partitions))
        assert table.schema.names == ["id", *(f"late{batch}" for batch in range(10, 20))]
        assert table.schema.metadata == {b"dataset": b"x"}
        for batch in range(10, 20):
            late = [str(n) if n // 50 == batch else None for n in table["id"].to_pylist()]
            assert table[f"late{batch}"].to_pylist() == late
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(files.values())


def test_writes_row_groups_by_bytes_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    settings = ParquetSettings(compression="zstd", row_group_bytes=2000)
    digests = []
    for attempt in ("one", "two"):
        files = write(tmp_path / attempt, batches(2), 5000, settings)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()])
        groups = {parquet.ParquetFile(path).num_row_groups for path in files.values()}
        # Of four pieces, the first two fill one, and the others, with the late columns, one each.
        assert groups == {3}
    assert digests[0] == digests[1]


def test_leaves_no_file_behind_after_an_error(tmp_path: Path) -> None:
    def breaking() -> Iterator[Columns]:
        yield from batches(7)
        raise OSError("cut off")

    with pytest.raises(OSError, match="cut off"):
        write(tmp_path, breaking(), 5000)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_never_writes_over_the_file_of_another_partition(tmp_path: Path) -> None:
    write(tmp_path, batches(1), 5000)
    with pytest.raises(TransformError, match="differ by case alone"):
        write(tmp_path, batches(1), 5000)
