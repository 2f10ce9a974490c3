"""A dataset's SQL over typed NDJSON rows of one file or many, with undeclared keys beside what it returns."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import Dataset
from tributary.kernels.csv.block import LINE_COLUMN
from tributary.kernels.ndjson.batch import NdjsonBatch, NdjsonLimits
from tributary.kernels.output.catalog_names import KeyNames
from tributary.kernels.output.dead_letters import DeadLetterWriter, dead_letter
from tributary.kernels.output.tables import declared, output_schema
from tributary.kernels.output.text_parquet import SOURCE_COLUMNS
from tributary.kernels.source import Source
from tributary.kernels.transform.batches import BatchQueue
from tributary.kernels.transform.spilling_queue import SpillingQueue
from tributary.kernels.transform.sql import Transform
from tributary.kernels.transform.typed_rows import TypedRows, typed_rows, typed_schema

PARTITION_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What a partition column may hold: text that stays as it is in an object key, a catalog and a query."""

_SHOWN = 100
_ASIDE_BYTES = 64 << 20
"""Bytes of undeclared values and lines that wait in memory until the SQL returns their rows."""

# A dot, which no catalog name has, keeps these apart from the undeclared columns beside them.
_SOURCE = ".source"
_PLACE = {"line": ".line", "offset": ".offset", "length": ".length", "bytes": ".bytes"}


@dataclass(frozen=True, slots=True)
class OutputRows:
    """Rows to write: their columns, how many they are, and about how many bytes they take."""

    columns: Mapping[str, pa.Array]
    rows: int
    bytes: int


def input_schema(dataset: Dataset) -> pa.Schema:
    """What `input` is in the SQL: the declared columns, `line`, and where a row came from.

    `line` counts on over the files of a run, so that it is unique and rises; `_source_line` is in the file.
    """
    return pa.schema([*typed_schema(dataset.columns), pa.field(LINE_COLUMN, pa.int64()), *SOURCE_COLUMNS])


class TypedTransform:
    """One run of a dataset's SQL; used as a context, for what waits may lie on disk."""

    def __init__(
        self, dataset: Dataset, transform: Transform, dead_letters: DeadLetterWriter, limits: NdjsonLimits
    ) -> None:
        self._dataset = dataset
        self._transform = transform
        self._dead_letters = dead_letters
        self._limits = limits
        self._schema = input_schema(dataset)
        self._output = output_schema(dataset, {})
        self._sources: list[Source] = []
        self._aside = SpillingQueue(transform.work / "aside.arrow", _ASIDE_BYTES)
        self.names = KeyNames(frozenset(self._output.names))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._aside.__exit__(kind, error, trace)

    def run(self, batches: Iterable[tuple[Source, NdjsonBatch]]) -> Iterator[OutputRows]:
        """The rows to write, in the order of the input; dead letters are written on the way.

        The batches of a source stand together, their positions with the lines' bytes. Raises what
        `Transform.run` does, and `TransformError` for other columns than declared.
        """
        aside = BatchQueue(self._waiting())
        for result in self._transform.run(self._typed(batches), self._schema):
            [rows] = declared(pa.Table.from_batches([result]), self._output).to_batches()
            start = 0
            for beside in aside.pieces(rows.num_rows):
                output = self._together(rows.slice(start, beside.num_rows), beside)
                if output.rows:
                    yield output
                start += beside.num_rows

    def _typed(self, batches: Iterable[tuple[Source, NdjsonBatch]]) -> Iterator[pa.RecordBatch]:
        """What the SQL sees; what it does not see is put aside."""
        before, last = 0, 0
        for source, batch in batches:
            if not self._sources or self._sources[-1] is not source:
                self._sources.append(source)
                before = last
            typed = typed_rows(batch, self._dataset.columns, self._limits)
            self._dead_letters.write(source.fields, typed.dead_letters)
            rows = typed.positions.num_rows
            if rows:
                lines = typed.positions["line"]
                last = before + lines[-1].as_py()
                self._put_aside(typed)
                columns = [
                    *typed.values,
                    pc.add(lines, before),
                    pa.repeat(source.key, rows),
                    pa.repeat(source.version, rows),
                    lines,
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _put_aside(self, typed: TypedRows) -> None:
        rows = typed.positions.num_rows
        columns = {_SOURCE: pa.repeat(pa.scalar(len(self._sources) - 1, pa.int32()), rows)}
        if self._dataset.partitions:
            columns |= {name: typed.positions[field] for field, name in _PLACE.items()}
        columns |= {self.names[key]: column for key, column in typed.undeclared.items()}
        self._aside.append(pa.RecordBatch.from_arrays(list(columns.values()), list(columns)))

    def _waiting(self) -> Iterator[pa.RecordBatch]:
        while True:
            yield self._aside.popleft()

    def _together(self, rows: pa.RecordBatch, beside: pa.RecordBatch) -> OutputRows:
        """The rows with their undeclared columns, without those whose partition cannot be."""
        refused: dict[int, str] = {}
        for name in self._dataset.partitions:
            for row in _unfit(rows[name]):
                refused.setdefault(row, name)
        if refused:
            self._refuse(rows, beside, refused)
            good = pa.array([row not in refused for row in range(rows.num_rows)])
            rows, beside = rows.filter(good), beside.filter(good)
        columns = dict(zip(rows.schema.names, rows.columns, strict=True))
        columns |= {name: beside[name] for name in beside.schema.names if not name.startswith(".")}
        return OutputRows(columns, rows.num_rows, sum(column.nbytes for column in columns.values()))

    def _refuse(self, rows: pa.RecordBatch, beside: pa.RecordBatch, refused: Mapping[int, str]) -> None:
        for row, name in sorted(refused.items()):
            [kept] = beside.slice(row, 1).to_pylist()
            place = {field: kept[hidden] for field, hidden in _PLACE.items()}
            value = rows[name][row].as_py()
            what = "is null" if value is None else f"has {json.dumps(value[:_SHOWN], ensure_ascii=False)}"
            message = f'the partition column "{name}" {what}; a path takes {PARTITION_VALUE.pattern}'
            letter = dead_letter(place, "bad-partition", message)
            self._dead_letters.write(self._sources[kept[_SOURCE]].fields, [letter])


def _unfit(column: pa.Array) -> list[int]:
    """The rows whose value cannot be that of a partition."""
    values = pc.unique(column).to_pylist()
    wrong = [value for value in values if value is None or not PARTITION_VALUE.fullmatch(value)]
    if not wrong:
        return []
    rows: list[int] = pc.indices_nonzero(pc.is_in(column, pa.array(wrong, pa.string()))).to_pylist()
    return rows
