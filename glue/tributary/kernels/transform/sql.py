"""A dataset's SQL, run by DuckDB over a stream of Arrow batches, in memory that a file's size leaves alone.

`transform.sql` holds one or two SELECT statements:

1. over `input`, row by row; its result streams, and must keep every row, its `line` and the order;
2. optionally over `rows`, the result of the first, for columns that need the whole file (windows): it returns
   `line` and those columns, ordered by line. DuckDB spills to disk what exceeds its memory limit.

Between the two, the rows wait in an Arrow file in the work folder.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, groupby
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tributary.errors import DeclarationError, TransformError, TransientError, TributaryError
from tributary.expected import expected_at
from tributary.kernels.transform.batches import BatchQueue
from tributary.kernels.transform.functions import date_format_check, macros

LINE_COLUMN = "line"
"""Name in the SQL of the number of a row in its file."""

BATCH_ROWS = 1 << 14
"""Most rows in a batch that leaves DuckDB: with 2,048, batches cost a tenth of all the time of a CSV file."""

HELD_BYTES = 16 << 20
"""Most bytes of input in such a batch, for a row may be a megabyte."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits of one transform: threads, and bytes of memory in DuckDB before it spills to disk."""

    threads: int = 1
    memory_bytes: int = 128 << 20


@dataclass(frozen=True, slots=True)
class Transform:
    """The SQL with what it is run with; `variables` are read in SQL by `getvariable('name')`.

    `BATCH_ROWS` leave DuckDB at a time, and are held until then: fewer where these would pass `HELD_BYTES`.
    """

    sql: str
    variables: Mapping[str, str | datetime]
    date_formats: Sequence[str]
    resources: Resources
    work: Path

    def run(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The transformed batches, in the order of their lines.

        Raises what the batches raise; `DeclarationError` when the SQL is not one or two statements, and
        `TransformError` when it fails or does not return every row once and in order.
        """
        row_by_row, *whole_file = _statements(self.sql)
        source = _Source(batches, schema)
        try:
            rows = source.each_once(self._row_by_row(row_by_row, source))
            for statement in whole_file:
                rows = self._with_columns(statement, rows)
            yield from rows
        except _QueryError as error:
            # After a fatal error a database refuses all that follows, and other files are not to blame.
            _database.cache_clear()
            if source.failure is not None:
                raise source.failure from None
            raise error.meaning() from error.__cause__

    def _row_by_row(self, statement: str, source: "_Source") -> Iterator[pa.RecordBatch]:
        """The results of several queries, for how many rows leave DuckDB at a time is fixed for each."""
        for batch_rows, reader in source.readers():
            yield from self._query(statement, "input", reader, batch_rows)

    def _query(
        self, statement: str, name: str, reader: pa.RecordBatchReader, batch_rows: int = BATCH_ROWS
    ) -> Iterator[pa.RecordBatch]:
        with self._connection() as connection:
            connection.register(name, reader)
            try:
                batches = connection.sql(statement).to_arrow_reader(batch_rows)
            except duckdb.Error as error:
                raise _QueryError(str(error)) from error
            while (batch := _next(batches)) is not None:
                yield batch

    def _connection(self) -> duckdb.DuckDBPyConnection:
        """A connection of this file's own, for its variables."""
        connection = _database(self.resources, tuple(self.date_formats)).cursor()
        for name, value in self.variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        return connection

    def _with_columns(self, statement: str, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows with the columns that the second statement computes over all of them."""
        spool = self.work / "rows.arrow"
        if not _write_spool(spool, rows):
            return
        try:
            with pa.OSFile(str(spool)) as for_query, pa.OSFile(str(spool)) as for_rows:
                whole_file = pa.ipc.open_file(for_query)
                reader = pa.RecordBatchReader.from_batches(whole_file.schema, _batches(whole_file))
                computed = BatchQueue(self._query(statement, "rows", reader))
                for batch in _batches(pa.ipc.open_file(for_rows)):
                    yield _beside(batch, computed.take(batch.num_rows))
                if computed.take(1):
                    raise TransformError("the second statement returned more rows than the first")
        finally:
            spool.unlink()


def spill_folder() -> Path:
    """Return the folder to which this process's database spills; it need not exist."""
    return Path(tempfile.gettempdir()) / f"tributary-spill-{os.getpid()}-duckdb"


@cache
def _database(resources: Resources, date_formats: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    """A database in memory that reaches neither files nor network nor Python objects by itself.

    It holds no data, and making one takes 20 ms, half of what a small file takes: so one serves a process.
    """
    connection = duckdb.connect(
        config={
            "threads": resources.threads,
            "memory_limit": f"{resources.memory_bytes}B",
            "temp_directory": str(spill_folder()),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    for macro in macros(date_formats):
        connection.execute(macro)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


class _QueryError(Exception):
    """DuckDB failed, at once or on the way."""

    def meaning(self) -> TributaryError:
        """A full disk may have room later; all else fails again."""
        if str(self).startswith("IO Error"):
            return TransientError(f"the transform could not use its disk: {self}")
        return TransformError(f"the transform failed: {self}")


def _next(batches: pa.RecordBatchReader) -> pa.RecordBatch | None:
    try:
        return batches.read_next_batch()
    except StopIteration:
        return None
    # Arrow hands on the text of DuckDB's error as one of its own or as an OSError.
    except (OSError, pa.ArrowException) as error:
        raise _QueryError(str(error)) from error


@cache
def check_date_formats(date_formats: tuple[str, ...], place: str) -> None:
    """Raise `DeclarationError` with the first format that does not carry a day there and back."""
    with duckdb.connect() as connection:
        for date_format in date_formats:
            try:
                fits = connection.execute(date_format_check(date_format)).fetchall() == [(True,)]
            except duckdb.Error:
                fits = False
            if not fits:
                wanted = "a form of strptime that tells day, month and year, such as %d-%m-%Y"
                raise DeclarationError(expected_at(place, wanted, date_format))


@cache
def _statements(sql: str) -> list[str]:
    try:
        with duckdb.connect() as connection:
            statements = [statement.query for statement in connection.extract_statements(sql)]
    except duckdb.Error as error:
        raise DeclarationError(f"transform: expected SQL: {error}") from error
    if len(statements) not in (1, 2):
        raise DeclarationError(
            expected_at("transform", "one SQL statement, or two with windows", len(statements))
        )
    return statements


class _Source:
    """The batches that go in: counted, and their failure kept, for DuckDB passes on its text alone."""

    def __init__(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        self._batches = self._watched(batches)
        self._schema = schema
        self._rows = 0
        self.failure: Exception | None = None

    def readers(self) -> Iterator[tuple[int, pa.RecordBatchReader]]:
        """Readers, one at least, of batches with rows about as long; and how many to hold at a time."""
        groups = groupby(self._batches, _rows_at_a_time)
        for batch_rows, group in chain([next(groups, (BATCH_ROWS, iter(())))], groups):
            yield batch_rows, pa.RecordBatchReader.from_batches(self._schema, group)

    def _watched(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for batch in batches:
                self._rows += batch.num_rows
                if batch.num_rows:
                    yield batch
        except Exception as error:
            self.failure = error
            raise

    def each_once(self, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows returned, checked: as many as went in, with rising line numbers."""
        returned = 0
        last = 0
        for batch in rows:
            if LINE_COLUMN not in batch.schema.names:
                raise TransformError('the first statement returns no column "line"; select it from input')
            lines = batch.column(LINE_COLUMN)
            if lines[0].as_py() <= last or not _rises(lines):
                raise TransformError(
                    "the first statement reorders or doubles rows; it must keep those of input"
                )
            last = lines[-1].as_py()
            returned += batch.num_rows
            yield batch
        # A query may end early (LIMIT); every row and reject of the input is counted all the same.
        for _ in self._batches:
            pass
        if returned != self._rows:
            raise TransformError(f"the first statement returned {returned} rows for {self._rows} of input")


def _rows_at_a_time(batch: pa.RecordBatch) -> int:
    """A power of two, so that batches of about the same rows go into one query."""
    rows: int = HELD_BYTES * batch.num_rows // max(1, batch.nbytes)
    return 1 << (min(max(rows, 1), BATCH_ROWS).bit_length() - 1)


def _rises(lines: pa.Array) -> bool:
    return pc.all(pc.greater(lines[1:], lines[:-1])).as_py() is not False


def _write_spool(path: Path, rows: Iterable[pa.RecordBatch]) -> bool:
    """Write the rows to an Arrow file; False, and no file, when there are none."""
    batches = iter(rows)
    first = next(batches, None)
    if first is None:
        return False
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
    return True


def _batches(file: pa.ipc.RecordBatchFileReader) -> Iterator[pa.RecordBatch]:
    for index in range(file.num_record_batches):
        yield file.get_batch(index)


def _beside(batch: pa.RecordBatch, computed: list[pa.RecordBatch]) -> pa.RecordBatch:
    """The batch with the computed columns after its own."""
    columns = pa.concat_batches(computed) if computed else None
    if (
        columns is None
        or LINE_COLUMN not in columns.schema.names
        or not columns.column(LINE_COLUMN).equals(batch.column(LINE_COLUMN))
    ):
        raise TransformError('the second statement must return "line" of every row, ordered by it')
    for name in columns.schema.names:
        if name != LINE_COLUMN:
            batch = batch.append_column(name, columns.column(name))
    return batch
