"""The engines of `npm run bench -- ndjson`, each run in a process of its own: JSON lines to Parquet on disk.

`python -m bench.ndjson_engines ENGINE …` prints what its runs took as one line of JSON. Time counts from
opening the first file to closing the last; what a process does before (start, imports) does not count, but
for Spark's first run, called cold.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.measuring import bind, cpu_seconds
from bench.ndjson_shapes import content, first_lines
from tributary.running.memory import peak_bytes

if TYPE_CHECKING:
    from tributary.conversion.chain import Converted, InputFile

REJECTS = "rejects.json"
"""In the folder of the output, where an engine tells bad lines: [file name, line, reason or null], each."""

_PIECE_BYTES = 256 << 10
_PREPARED_SECONDS = 0.5
_MINIMUM_RUNS = 2


@dataclass(frozen=True, slots=True)
class Work:
    """Task of an engine; `is_dirty` says that some lines are broken, as its user would know by then."""

    files: tuple[Path, ...]
    output: Path
    cores: int
    is_dirty: bool

    @property
    def names(self) -> list[str]:
        """The input's files as an engine takes them."""
        return [str(file) for file in self.files]

    @property
    def first_keys(self) -> list[str]:
        """The top-level keys of the first line."""
        return list(json.loads(first_lines(self.files[0])[0]))


@dataclass(frozen=True, slots=True)
class Took:
    """One run: seconds by the clock, and of CPU over all threads and processes."""

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The runs, the most memory of all processes together, and the run that began with the start, if any."""

    runs: list[Took]
    peak_bytes: int
    cold: Took | None = None


Again = Callable[[list[Took]], bool]
"""Decision on another run after these."""


class Engine(Protocol):
    """A way from files to Parquet."""

    def __call__(self, work: Work, again: Again) -> Measured:
        """Do the work, once and as long as there is to be another run."""


def main() -> int:
    """Run one engine over the files of a folder, in this process and those it starts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--files", nargs="+", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="no third run once these are spent")
    parser.add_argument("--dirty", action="store_true")
    options = parser.parse_args()
    bind(options.cores)
    work = Work(tuple(options.files), options.output, options.cores, options.dirty)

    most_runs: int = options.runs
    most_seconds: float = options.seconds

    def again(runs: list[Took]) -> bool:
        is_time_left = sum(run.seconds for run in runs) < most_seconds
        return len(runs) < most_runs and (is_time_left or len(runs) < _MINIMUM_RUNS)

    print(json.dumps(asdict(ENGINES[options.engine](work, again))))
    return 0


def repeated(work: Work, again: Again, run: Callable[[], None], cpu: Callable[[], float]) -> list[Took]:
    """Every run into an empty folder."""
    runs: list[Took] = []
    while not runs or again(runs):
        shutil.rmtree(work.output, ignore_errors=True)
        work.output.mkdir()
        began, cpu_began = time.perf_counter(), cpu()
        run()
        runs.append(Took(time.perf_counter() - began, cpu() - cpu_began))
    return runs


def threaded(prepare: Callable[[Work], Callable[[], None]]) -> Engine:
    """An engine that has threads of its own."""

    def engine(work: Work, again: Again) -> Measured:
        return Measured(repeated(work, again, prepare(work), time.process_time), peak_bytes())

    return engine


def one_threaded(name: str) -> Engine:
    """An engine of one thread: on several cores as many processes, each over its share of the files."""

    def engine(work: Work, again: Again) -> Measured:
        if work.cores == 1:
            return threaded(lambda work: partial(ONE_THREADED[name].prepared(), work))(work, again)
        with multiprocessing.get_context("spawn").Pool(work.cores) as pool:
            shares = [
                replace(work, files=work.files[index :: work.cores], output=work.output / str(index), cores=1)
                for index in range(work.cores)
            ]
            spent = [0.0]
            peaks: dict[int, int] = {}

            def all_shares() -> None:
                for process, cpu, peak in pool.starmap(_share, [(name, share) for share in shares], 1):
                    peaks[process] = peak
                    spent[0] += cpu

            pool.map(_prepare, [name] * work.cores, 1)
            return Measured(repeated(work, again, all_shares, lambda: spent[0]), sum(peaks.values()))

    return engine


def _prepare(name: str) -> None:
    ONE_THREADED[name].prepared()
    # So that the other processes get one of these, too.
    time.sleep(_PREPARED_SECONDS)


def _share(name: str, work: Work) -> tuple[int, float, int]:
    began = time.process_time()
    work.output.mkdir()
    ONE_THREADED[name].run(work)
    return os.getpid(), time.process_time() - began, peak_bytes()


def duckdb_inferred(work: Work) -> Callable[[], None]:
    """DuckDB with types of its own choice."""
    return _duckdb(work, "")


def duckdb_strings(work: Work) -> Callable[[], None]:
    """DuckDB with every column declared as text."""
    columns = ", ".join(f"'{key}': 'VARCHAR'" for key in work.first_keys)
    return _duckdb(work, f", columns = {{{columns}}}")


def _duckdb(work: Work, options: str) -> Callable[[], None]:
    import duckdb  # noqa: PLC0415 (each process imports its own engine alone)

    if work.is_dirty:
        options += ", ignore_errors = true"
    target = work.output / "part.parquet"

    def run() -> None:
        with duckdb.connect(config={"threads": work.cores}) as connection:
            connection.execute(
                f"COPY (SELECT * FROM read_ndjson({work.names}{options})) "  # noqa: S608 (our own names)
                f"TO '{target}' (FORMAT parquet, COMPRESSION snappy)"
            )

    return run


def polars_inferred(work: Work) -> Callable[[], None]:
    """Polars with types of its own choice."""
    return _polars(work, {})


def polars_strings(work: Work) -> Callable[[], None]:
    """Polars with every column declared as text."""
    import polars  # noqa: PLC0415

    return _polars(work, {"schema": dict.fromkeys(work.first_keys, polars.String)})


def _polars(work: Work, options: dict[str, Any]) -> Callable[[], None]:
    # polars reads it when it is imported.
    os.environ["POLARS_MAX_THREADS"] = str(work.cores)
    import polars  # noqa: PLC0415

    def run() -> None:
        frame = polars.scan_ndjson(work.names, ignore_errors=work.is_dirty, **options)
        frame.sink_parquet(work.output / "part.parquet", compression="snappy")

    return run


def msgspec_rows(work: Work) -> None:
    """Msgspec with the fields of a line left raw, and a Parquet file for each of the input's."""
    import msgspec  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
    unescaped = msgspec.json.Decoder(str).decode

    def cell(raw: msgspec.Raw) -> str | None:
        value = bytes(raw)
        if value[0] == 0x22:
            return unescaped(value)
        return None if value == b"null" else value.decode()

    rejects = []
    for file in work.files:
        rows: list[dict[str, str | None]] = []
        for number, line in enumerate(content(file).split(b"\n"), 1):
            try:
                if line:
                    rows.append({key: cell(raw) for key, raw in decode(line).items()})
            except (msgspec.DecodeError, UnicodeDecodeError):
                rejects.append((file.name, number, None))
        keys = dict.fromkeys(key for row in rows for key in row)
        columns = {key: pa.array([row.get(key) for row in rows], pa.string()) for key in keys}
        parquet.write_table(pa.table(columns), work.output / f"{file.stem}.parquet", compression="snappy")
    (work.output / REJECTS).write_text(json.dumps(rejects))


SPARK_CONFIGURATION: dict[str, bool | float | int | str | None] = {
    "spark.driver.memory": "4g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.authenticate": "true",
    "spark.ui.showConsoleProgress": "false",
}
"""Beside the master, `local[cores]`; everything else as Spark has it."""


def spark(work: Work, again: Again) -> Measured:
    """The reference's way: types inferred, every column cast to string, Snappy Parquet."""
    began = time.perf_counter()
    from pyspark.sql import SparkSession  # noqa: PLC0415
    from pyspark.sql.functions import col  # noqa: PLC0415

    builder = SparkSession.builder.master(f"local[{work.cores}]")
    session = builder.config(map=SPARK_CONFIGURATION).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    gateway: Any = session.sparkContext._gateway
    java: int = gateway.proc.pid

    def run() -> None:
        frame = session.read.json(work.names)
        texts = [col(f"`{name}`").cast("string") for name in frame.columns]
        frame.select(*texts).write.mode("overwrite").parquet(str(work.output))

    def cpu() -> float:
        return cpu_seconds(java) + time.process_time()

    run()
    cold = Took(time.perf_counter() - began, cpu())
    runs = repeated(work, again, run, cpu)
    return Measured(runs, peak_bytes(java) + peak_bytes(), cold)


def pieces(file: Path) -> Iterator[bytes]:
    """Return the bytes of a file."""
    with file.open("rb") as stream:
        yield from iter(partial(stream.read, _PIECE_BYTES), b"")


def chunks(file: Path) -> Iterator[bytes]:
    """The JSON lines of a file, decompressed."""
    from tributary.kernels.compression.streams import uncompressed  # noqa: PLC0415

    return uncompressed(file.name, pieces(file))


def ours_parse(work: Work) -> None:
    """Our kernel alone: bytes to Arrow batches in memory."""
    from tributary.kernels.formats.ndjson.parse import parse  # noqa: PLC0415

    for file in work.files:
        for _ in parse(chunks(file), engine="native"):
            pass


def ours_typed(work: Work) -> None:
    """Our typed path: typed values through a dataset's SQL; sorted files, one a day, where there are days."""
    from bench.ndjson_dataset import dataset_of  # noqa: PLC0415
    from tributary.conversion.chain import Way, convert  # noqa: PLC0415
    from tributary.conversion.sinks import OneObject, SortedObjects  # noqa: PLC0415
    from tributary.kernels.output.undeclared import LocalColumns  # noqa: PLC0415

    dataset = dataset_of(work.files[0])
    sink: OneObject | SortedObjects = OneObject(dataset, work.output, {})
    if dataset.partitions:
        sink = SortedObjects(dataset, work.output, "part", 1 << 40, {})
    way = Way(work.output, LocalColumns())
    _tell_rejects(work, convert(dataset, map(_input, work.files), sink, way))


def ours_text(work: Work) -> None:
    """Write one Parquet file of exact texts with the sources of rows, and the bad lines apart."""
    from tributary.conversion.chain import Way, convert  # noqa: PLC0415
    from tributary.conversion.sinks import DatedObject  # noqa: PLC0415
    from tributary.datasets import load_dataset  # noqa: PLC0415
    from tributary.kernels.output.undeclared import LocalColumns  # noqa: PLC0415

    dataset = load_dataset("clicks")
    sources = [(file.name, "1", 1) for file in work.files]
    sink = DatedObject(dataset, work.output / "part.parquet", {}, sources)
    every_column = Way(work.output, LocalColumns(cap=10_000))
    _tell_rejects(work, convert(dataset, map(_input, work.files), sink, every_column))


def _input(file: Path) -> "InputFile":
    from tributary.conversion.chain import InputFile  # noqa: PLC0415
    from tributary.kernels.source import Source  # noqa: PLC0415

    return InputFile(Source("bench", file.name, "1"), partial(chunks, file))


def _tell_rejects(work: Work, result: "Converted") -> None:
    from tributary.kernels.output.dead_letters import read_letters  # noqa: PLC0415

    lines = (line for file in result.dead_letters for line in file.path.read_bytes().splitlines())
    rejects = [(letter["source_key"], letter["line"], letter["reason"]) for letter in read_letters(lines)]
    (work.output / REJECTS).write_text(json.dumps(rejects))


@dataclass(frozen=True, slots=True)
class OneThreaded:
    """Work of an engine of one thread, and the modules to import before it."""

    run: Callable[[Work], None]
    modules: tuple[str, ...]

    def prepared(self) -> Callable[[Work], None]:
        """Return the work, with the modules imported."""
        for module in self.modules:
            importlib.import_module(module)
        return self.run


_KERNEL = (
    "tributary.kernels.formats.ndjson.native",
    "tributary.kernels.formats.ndjson.parse",
    "tributary.kernels.compression.streams",
)

ONE_THREADED = {
    "parse": OneThreaded(ours_parse, _KERNEL),
    "text": OneThreaded(ours_text, (*_KERNEL, "tributary.conversion.sinks", "tributary.conversion.chain")),
    "typed": OneThreaded(ours_typed, ("bench.ndjson_dataset", "tributary.conversion.batch")),
    "msgspec": OneThreaded(msgspec_rows, ("msgspec", "pyarrow.parquet")),
}

ENGINES: dict[str, Engine] = {
    **{name: one_threaded(name) for name in ONE_THREADED},
    "spark": spark,
    "duckdb": threaded(duckdb_inferred),
    "duckdb-strings": threaded(duckdb_strings),
    "polars": threaded(polars_inferred),
    "polars-strings": threaded(polars_strings),
}

if __name__ == "__main__":
    sys.exit(main())
