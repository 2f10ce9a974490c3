"""Many files to one Parquet file: every row with its source, whatever columns come when."""

import gc
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tributary.conversion.chain import Converted, InputFile, Way, convert
from tributary.conversion.sinks import DatedObject
from tributary.datasets import load_dataset
from tributary.kernels.output.growing_parquet import GrowingParquet, ParquetSettings, RowGroup
from tributary.kernels.output.source_columns import DATED_SOURCE_COLUMNS
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source

Files = dict[str, bytes]
Row = dict[str, Any]

CLICKS = load_dataset("clicks")
SMALL_BATCHES = RecordLimits(batch_bytes=256)
SMALL_GROUPS = ParquetSettings(row_group_bytes=512)


def write(
    path: Path,
    files: Files,
    settings: ParquetSettings = SMALL_GROUPS,
    chunk_bytes: int = 1 << 20,
    *known: str,
) -> Converted:
    registry = LocalColumns()
    registry.columns = frozenset(known)

    def pieces(content: bytes) -> Callable[[], Iterator[bytes]]:
        return lambda: (content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes))

    return convert_all(path, {name: pieces(content) for name, content in files.items()}, settings, registry)


def convert_all(
    path: Path,
    files: dict[str, Callable[[], Iterator[bytes]]],
    settings: ParquetSettings = SMALL_GROUPS,
    registry: LocalColumns | None = None,
) -> Converted:
    dataset = replace(CLICKS, outputs=replace(CLICKS.outputs, compression=settings.compression))
    sink = DatedObject(dataset, path, {}, [(name, "v1", 1) for name in files], settings)
    way = Way(
        path.parent,
        registry or LocalColumns(),
        reserved=frozenset(DATED_SOURCE_COLUMNS.names),
        limits=SMALL_BATCHES,
    )
    every = [InputFile(Source("raw", name, "v1"), chunks) for name, chunks in files.items()]
    return convert(dataset, every, sink, way)


def lines(*rows: Row) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def without_nulls(path: Path) -> list[Row]:
    rows = parquet.read_table(path).to_pylist()
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def growing(number: int) -> Files:
    """Files in which columns keep coming, the last ones in the last row."""
    return {
        f"{file}.ndjson": lines(*({"id": row, f"k{file}_{row // 7}": "x" * 20} for row in range(30)))
        for file in range(number)
    }


def test_keeps_exact_texts_with_their_source(tmp_path: Path) -> None:
    files = {
        "a": b'\n{"n":1.10,"s":"a\\u0000\\n","o":{"x": [1, 2]},"t":true,"z":null}\nbroken\n{}\n',
        "b": b'{"userId":12345678901234567890,"n":"1"}',
    }
    result = write(tmp_path / "rows.parquet", files)
    source = {"_source_version": "v1", "_source_revision": 1}
    assert without_nulls(tmp_path / "rows.parquet") == [
        {
            "_source_file": "a",
            **source,
            "_source_line": 2,
            "n": "1.10",
            "s": "a\0\n",
            "o": '{"x": [1, 2]}',
            "t": "true",
        },
        {"_source_file": "a", **source, "_source_line": 4},
        {"_source_file": "b", **source, "_source_line": 1, "n": "1", "user__id": "12345678901234567890"},
    ]
    assert result.keys == {"n": "n", "s": "s", "o": "o", "t": "t", "userId": "user__id"}
    assert (result.rows, result.rejected) == (3, 1)
    schema = parquet.read_schema(tmp_path / "rows.parquet")
    assert schema.names == [
        "_source_file",
        "_source_version",
        "_source_revision",
        "_source_line",
        "n",
        "s",
        "o",
        "t",
        "user__id",
    ]
    assert [str(kind) for kind in schema.types] == ["string", "string", "int64", "int64", *["string"] * 5]


def test_keeps_a_key_that_has_the_name_of_a_source_column(tmp_path: Path) -> None:
    result = write(tmp_path / "rows.parquet", {"a": lines({"_source_line": "mine"})})
    [row] = without_nulls(tmp_path / "rows.parquet")
    assert (row["_source_line"], row["__05f_source_line"]) == (1, "mine")
    assert result.drift == ('unknown field: "_source_line", kept as __05f_source_line',)


@pytest.mark.parametrize("number", [1, 2, 9])
def test_keeps_columns_that_come_after_row_groups_were_written(number: int, tmp_path: Path) -> None:
    files = growing(number)
    path = tmp_path / "rows.parquet"
    result = write(path, files)
    expected = [
        {"_source_file": name, "_source_version": "v1", "_source_revision": 1, "_source_line": line}
        | {key: str(value) for key, value in json.loads(text).items()}
        for name, content in files.items()
        for line, text in enumerate(content.splitlines(), 1)
    ]
    assert without_nulls(path) == expected
    assert parquet.ParquetFile(path).num_row_groups > number
    keys = ["id", *(f"k{file}_{n}" for file in range(number) for n in range(5))]
    assert list(result.keys) == keys
    assert parquet.read_schema(path).names == [*DATED_SOURCE_COLUMNS.names, *keys]
    assert [file.name for file in tmp_path.iterdir()] == ["rows.parquet"]


def test_writes_the_same_bytes_however_the_input_is_cut(tmp_path: Path) -> None:
    def digest(chunk_bytes: int) -> str:
        write(tmp_path / "rows.parquet", growing(3), chunk_bytes=chunk_bytes)
        return hashlib.sha256((tmp_path / "rows.parquet").read_bytes()).hexdigest()

    assert len({digest(chunk_bytes) for chunk_bytes in (1, 7, 100, 1 << 20)}) == 1


def test_writes_row_groups_by_bytes(tmp_path: Path) -> None:
    rows = lines(*({"a": "x" * 100, "b": None} for _ in range(2000)))
    settings = ParquetSettings(row_group_bytes=64 << 10)
    write(tmp_path / "rows.parquet", {"a": rows}, settings)
    metadata = parquet.ParquetFile(tmp_path / "rows.parquet").metadata
    counts = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
    taken = len(rows) / 2000 + 4  # b has no value, and so no column
    assert len(set(counts[:-1])) == 1
    assert counts[0] * taken == pytest.approx(64 << 10, rel=0.05)


@pytest.mark.parametrize(
    ("rows", "has_dictionary"),
    [
        ([{"c": f"v{n % 5}"} for n in range(1000)], True),
        ([{"c": f"v{n}"} for n in range(1000)], False),
        ([{"c": "v" if n == 500 else None} for n in range(1000)], False),
        ([{"c": None, "x": n} for n in range(1000)], False),
        ([{"x": n} for n in range(500)] + [{"c": "v"} for n in range(500)], True),
        ([{"c": f"{n:0100000}"} for n in range(20)] + [{"c": "v"}] * 40, False),
    ],
    ids=["few values", "all different", "one value", "null", "late", "a MiB of different values"],
)
def test_has_a_dictionary_where_it_pays(rows: list[Row], has_dictionary: bool, tmp_path: Path) -> None:
    write(tmp_path / "rows.parquet", {"a": lines(*rows)}, ParquetSettings(), 1 << 20, "c")
    metadata = parquet.ParquetFile(tmp_path / "rows.parquet").metadata
    chunk = next(
        chunk
        for chunk in (metadata.row_group(0).column(index) for index in range(metadata.num_columns))
        if chunk.path_in_schema == "c"
    )
    assert chunk.has_dictionary_page == has_dictionary
    assert chunk.is_stats_set


def test_holds_the_name_of_a_source_once_in_a_row_group(tmp_path: Path) -> None:
    files = {letter * 1_000: lines(*({"x": n} for n in range(300))) for letter in "abc"}
    write(tmp_path / "rows.parquet", files, ParquetSettings())
    [file, version] = [
        parquet.ParquetFile(tmp_path / "rows.parquet").metadata.row_group(0).column(n) for n in (0, 1)
    ]
    assert file.has_dictionary_page
    assert file.total_uncompressed_size < 6_000
    assert version.total_uncompressed_size < 100
    assert (file.statistics.min, file.statistics.max) == ("a" * 1_000, "c" * 1_000)
    names = parquet.read_table(tmp_path / "rows.parquet")["_source_file"].to_pylist()
    assert names == [name for name in files for _ in range(300)]


@pytest.mark.parametrize("compression", ["snappy", "zstd"])
def test_compresses_as_set(compression: Any, tmp_path: Path) -> None:
    write(tmp_path / "rows.parquet", {"a": lines({"a": 1})}, ParquetSettings(compression=compression))
    column = parquet.ParquetFile(tmp_path / "rows.parquet").metadata.row_group(0).column(0)
    assert column.compression == compression.upper()


def test_writes_a_file_without_rows(tmp_path: Path) -> None:
    write(tmp_path / "rows.parquet", {"a": b"\nbroken\n"})
    table = parquet.read_table(tmp_path / "rows.parquet")
    assert (table.num_rows, table.schema.names) == (0, DATED_SOURCE_COLUMNS.names)


def test_leaves_nothing_behind_after_an_error(tmp_path: Path) -> None:
    on_the_way = set()

    def breaking() -> Iterator[bytes]:
        for content in growing(5).values():
            yield content
            on_the_way.update(tmp_path.iterdir())
        raise OSError("cut off")

    with pytest.raises(OSError, match="cut off"):
        convert_all(tmp_path / "rows.parquet", {"a": breaking})
    assert len(on_the_way) > 2
    assert list(tmp_path.iterdir()) == []


def test_joins_the_rows_of_many_small_files(tmp_path: Path) -> None:
    """Each brings a key of its own: as batches and chunks they would cost the square of their number."""
    files = {f"{n}.ndjson": lines({"id": n, f"late{n}": n}) for n in range(500)}
    most = 0

    def contents(number: int, content: bytes) -> Callable[[], Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            nonlocal most
            # a look at all objects takes a while; what is held of so few files in between is below the bound
            if number % 20 == 19:
                groups = [each for each in gc.get_objects() if isinstance(each, RowGroup)]
                most = max(most, *(len(group.batches) for group in groups))
            yield content

        return chunks

    every = {name: contents(n, content) for n, (name, content) in enumerate(files.items())}
    convert_all(tmp_path / "rows.parquet", every, ParquetSettings(), LocalColumns(501))
    assert 0 < most < 80
    rows = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    for n, row in enumerate(rows):
        values = {name: value for name, value in row.items() if value is not None}
        source = {"_source_file": f"{n}.ndjson", "_source_version": "v1", "_source_revision": 1}
        assert values == {**source, "_source_line": 1, "id": str(n), f"late{n}": str(n)}
    assert len(rows) == 500


def test_refuses_a_column_of_two_types_and_rows_of_no_column(tmp_path: Path) -> None:
    def run(*batches: dict[str, pa.Array]) -> None:
        with GrowingParquet(tmp_path / "rows.parquet") as writer:
            for columns in batches:
                writer.write(columns, 1, 1)

    with pytest.raises(ValueError, match='the column "a" comes as string, and was int64 before'):
        run({"a": pa.array([1])}, {"a": pa.array(["1"])})
    with pytest.raises(ValueError, match="1 rows have no column"):
        run({})
    assert list(tmp_path.iterdir()) == []
