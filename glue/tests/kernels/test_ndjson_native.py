"""What only the native kernel can get wrong: memory it hands over, limits of its integers, the loading."""

import ctypes.util
import mmap
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tributary_native

from tests.support.memory import numbers_of
from tests.support.ndjson import NATIVE, parse
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson import native as ndjson_native
from tributary.kernels.formats.ndjson.native import variants
from tributary.kernels.record_limits import RecordLimits

SHIM = Path(__file__).resolve().parents[1] / "native" / "failing_allocations.c"

pytestmark = pytest.mark.parametrize("engine", NATIVE)

# Memory


FAILING = r"""
import ctypes, gc, sys
from pathlib import Path
from tributary_native import LIBRARY
from tests.support.ndjson import parse
from tributary.kernels.record_limits import RecordLimits

LINES = b'{"a":1,"b":"x","c":[1]}\n{"a":"%s","a":1}\nx\n{"d":null}\n{"\\u0065\\n":2}\n' % (b"y" * 200)
MORE = b"}\n" + b'{"z":1}\n' * 3 + b"".join(b'{"k%d":"v"}\n' % number for number in range(100)) + b"{}"
CHUNKS = [LINES, b'{"a":1' + b"0" * 100, MORE]

LIMITS = RecordLimits(batch_bytes=300, batch_cells=900, declared=("a", "never"))

def read():
    batches = parse(sys.argv[2], CHUNKS, LIMITS)
    return [batch.rows.to_pylist() for batch in batches]

shim = ctypes.CDLL(sys.argv[1])
shim.living.restype = shim.allocations.restype = ctypes.c_long
shim.watch.argtypes = [ctypes.c_size_t] * 2
whole = read()
maps = [line.split()[0].split("-") for line in Path("/proc/self/maps").open() if str(LIBRARY) in line]
shim.watch(int(maps[0][0], 16), int(maps[-1][1], 16))
failed = 0
for number in range(1, 100_000):
    shim.fail_at(number)
    try:
        given = read()
    except MemoryError:
        failed += 1
        given = whole
    came = shim.allocations() >= number
    shim.fail_at(0)
    gc.collect()
    assert given == whole, number
    assert shim.living() == 0, (number, shim.living())
    if not came:
        break
print(failed)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="puts itself before the allocator of glibc")
def test_survives_whichever_allocation_fails(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "shim.so"
    compiler = [sys.executable, "-m", "ziglang", "cc", "-shared", "-fPIC", "-fno-sanitize=all"]
    subprocess.run([*compiler, "-o", str(shim), str(SHIM)], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(shim))
    (failed,) = numbers_of(FAILING, shim, engine)
    assert failed > 100


GROWING = r"""
import sys
from tests.support.memory import peak_mebibytes
from tests.support.ndjson import parse
from tributary.kernels.record_limits import RecordLimits

KEYS = 400
VALUE = b"v" * (1 << 20)

def wide(rows):
    members = b",".join(b'"%d":1' % number for number in range(10_000))
    yield b"{}\n" * rows + b"{" + members + b"}\n"

def broken():
    yield b"{" + b",".join(b'"%d":1' % number for number in range(KEYS)) + b"}\n"
    for number in range(KEYS):
        yield b'{"%d":"%s",\n' % (number, VALUE)

list(parse(sys.argv[1], [b"{}\nx"], RecordLimits(), keep_lines=False))
before = peak_mebibytes()
chunks = broken() if sys.argv[2] == "broken" else wide(20_000)
for batch in parse(sys.argv[1], chunks, RecordLimits(), keep_lines=False):
    pass
print(peak_mebibytes() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["broken", "wide"])
def test_holds_no_memory_for_broken_lines_nor_for_columns_that_come_late(engine: str, shape: str) -> None:
    (more,) = numbers_of(GROWING, engine, shape)
    assert more < 150


# Lifetimes


@pytest.mark.parametrize("name", ["rows", "positions", "rejects"])
def test_gives_columns_that_outlive_all_else(engine: str, name: str) -> None:
    data = [b'{"a":"%d","b":null}\nx%d\n' % (number, number) for number in range(2000)]
    batches = parse(engine, data, RecordLimits(batch_bytes=5000))
    columns = [column for batch in batches for column in getattr(batch, name).columns]
    del batches
    copies = pickle.loads(pickle.dumps(columns))
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda number: columns[number].to_pylist(), range(len(columns))))
        list(pool.map(lambda _: columns.pop(), range(len(columns))))
    assert texts == [copy.to_pylist() for copy in copies]


def test_closes_where_it_is_dropped(engine: str) -> None:
    batches = parse(engine, [b"{}\n" * 100], RecordLimits(batch_bytes=3))
    first = next(batches)
    thread = threading.Thread(target=batches.close)
    thread.start()
    thread.join()
    assert first.positions.num_rows == 1
    assert list(batches) == []


def test_passes_on_what_goes_wrong_with_the_input(engine: str) -> None:
    def failing() -> Iterator[bytes]:
        yield b'{"a":1'
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(parse(engine, failing(), RecordLimits()))


# Chunks


def mapped(data: bytes) -> mmap.mmap:
    pages = mmap.mmap(-1, len(data))
    pages.write(data)
    return pages


CHUNKS: dict[str, Callable[[bytes], object]] = {
    "bytearray": bytearray,
    "part of a memoryview": lambda data: memoryview(b"{" + data)[1:],
    "Arrow buffer": pa.py_buffer,
    "map": mapped,
}


@pytest.mark.parametrize("kind", CHUNKS)
def test_reads_whatever_has_the_buffer_protocol(engine: str, kind: str) -> None:
    chunks = [CHUNKS[kind](b'{"a":1}\n{"a":'), b"", CHUNKS[kind](b"2}")]
    (batch,) = parse(engine, chunks, RecordLimits())  # type: ignore[arg-type]
    assert batch.rows.to_pydict() == {"a": ["1", "2"]}


@pytest.mark.parametrize(
    ("chunk", "error"),
    [("{}", TypeError), (7, TypeError), (None, TypeError), (memoryview(b"{ }")[::2], BufferError)],
)
def test_refuses_other_chunks(engine: str, chunk: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        list(parse(engine, [chunk], RecordLimits()))  # type: ignore[list-item]


# Limits


@pytest.mark.parametrize(
    "limit",
    [
        {"line_bytes": (1 << 28) + 1},
        {"kept_bytes": 1 << 40},
        {"batch_bytes": -1},
        {"depth": -1},
        {"keys": 1 << 64},
        {"batch_cells": (1 << 64) + 1},
    ],
)
def test_refuses_limits_that_it_cannot_hold(engine: str, limit: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(limit))} is "):
        list(parse(engine, [b"{}"], RecordLimits(**limit)))


def test_takes_the_highest_limits(engine: str) -> None:
    most = (1 << 64) - 1
    names = set(RecordLimits.__slots__) - {"declared"}
    limits = RecordLimits(**{name: 1 << 28 if name.endswith("_bytes") else most for name in names})
    (batch,) = parse(engine, [b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}"], limits)
    assert batch.rows.num_rows == 1


# Loading


@pytest.mark.parametrize("wrong", ["missing", "text", "other library"])
def test_takes_a_library_that_is_not_ours_for_none(
    engine: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    if wrong == "text":
        library.write_text("no library")
    path = ctypes.util.find_library("c") if wrong == "other library" else library
    monkeypatch.setattr(tributary_native, "LIBRARY", path)
    monkeypatch.setattr(ndjson_native, "_loaded", ndjson_native._loaded.__wrapped__)
    with pytest.raises(ImportError, match="cannot be loaded"):
        variants()


# Arrow


def sparse(rows: int, period: int, place: int) -> list[str | None]:
    return [str(row) if row % period == place else None for row in range(rows)]


def batch_of(engine: str, columns: dict[str, list[str | None]], rows: int) -> FormatBatch:
    lines = []
    for row in range(rows):
        members = [f'"{key}":"{texts[row]}"' for key, texts in columns.items() if texts[row] is not None]
        lines.append("{" + ",".join([*members, '"none":null']) + "}\n")
    (batch,) = parse(engine, ["".join(lines).encode()], RecordLimits())
    return batch


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 63, 64, 65, 300])
def test_marks_nulls_at_every_place(engine: str, rows: int) -> None:
    columns = {
        f"{period} {place}": sparse(rows, period, place)
        for period in (2, 8, 9, 65)
        for place in range(min(period, rows))
    }
    batch = batch_of(engine, columns, rows)
    batch.rows.validate(full=True)
    given = batch.rows.to_pydict()
    assert given.pop("none") == [None] * rows
    assert given == columns
    for column in batch.rows.columns:
        assert column.null_count == column.to_pylist().count(None)


def test_gives_columns_that_all_readers_take(engine: str, tmp_path: Path) -> None:
    batch = batch_of(engine, {"a": sparse(70, 3, 1), "b": sparse(70, 70, 69)}, 70)
    rows, want = batch.rows, batch.rows.to_pydict()
    assert set(want["none"]) == {None}
    table = pa.Table.from_batches([rows, rows.slice(0, 0), rows])
    assert table.slice(9, 99).to_pydict() == {key: (texts * 2)[9:108] for key, texts in want.items()}
    pq.write_table(table, tmp_path / "rows.parquet")
    assert pq.read_table(tmp_path / "rows.parquet").equals(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_batch(rows)
        stream.write_batch(rows.slice(3, 17))
    read = pa.ipc.open_stream(sink.getvalue()).read_all()
    assert read.equals(pa.Table.from_batches([rows, rows.slice(3, 17)]))
    assert polars.from_arrow(rows).to_dict(as_series=False) == want  # type: ignore[union-attr]
    with duckdb.connect() as connection:
        connection.register("batch", pa.table(rows))
        counted = connection.execute('select count(*), count(a), count("none"), max(b) from batch').fetchone()
    assert counted == (70, 23, 0, "69")


def test_reads_in_many_threads_at_once(engine: str) -> None:
    def read(number: int) -> list[int]:
        data = b'{"%d":"%s","n":null}\n' % (number, b"v" * number) * 500
        batches = parse(engine, [data], RecordLimits(batch_bytes=1000))
        return [batch.rows.column(0).nbytes for batch in batches]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(40))) == [read(number) for number in range(40)]
