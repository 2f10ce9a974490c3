"""Rows of one file or many as a dataset's output: types, SQL if any, undeclared fields beside it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import BinaryFormat, Dataset, Format, InputColumn
from tributary.kernels.formats.batch import told
from tributary.kernels.output.dead_letters import dead_letter
from tributary.kernels.output.source_columns import SOURCE_COLUMNS
from tributary.kernels.output.tables import declared, output_schema
from tributary.kernels.output.undeclared import ColumnRegistry, UndeclaredColumns, shown_key
from tributary.kernels.source import Source
from tributary.kernels.transform.batches import BatchQueue
from tributary.kernels.transform.partition_values import ANY_VALUES, PartitionValues
from tributary.kernels.transform.sourced import SourcedBatch, SourcedLetter, sources_of
from tributary.kernels.transform.spilling_queue import SpillingQueue
from tributary.kernels.transform.sql import LINE_COLUMN, Transform
from tributary.kernels.transform.typed_rows import Admits, TypedRows, typed_rows, typed_schema

_ASIDE_BYTES = 64 << 20
"""Bytes of undeclared values and records that wait in memory until the SQL returns their rows."""

_PLACE_WITHOUT_RECORD = ["source", "serial", "line", "length"]

_DROPPED_NAMED = 50
_OFFSET_BYTES = 4


@dataclass(frozen=True, slots=True)
class OutputRows:
    """Rows to write: their columns, how many they are, about how many bytes they take, and their `PLACES`.

    The places have the records only where the dataset has partitions.
    """

    columns: Mapping[str, pa.Array]
    rows: int
    bytes: int
    places: pa.RecordBatch


Refuse = Callable[[Iterable[SourcedLetter]], None]
"""Takes dead letters, in the order of their lines."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Receivers of dead letters: those of lines and values, and those of rows that the SQL returned.

    Either come in the order of the input, but the latter some batches later. `admits` is asked before those
    of values and of rows are made.
    """

    of_input: Refuse
    of_output: Refuse
    admits: Admits


def input_schema(dataset: Dataset) -> pa.Schema:
    """Return the schema of `input` in the SQL: the declared columns, `line`, and the source of a row.

    `line` counts on over the files of a run, so that it is unique and rises; `_source_line` is in the file.
    """
    places = [(LINE_COLUMN, pa.int64()), ("_source_bucket", pa.string()), *SOURCE_COLUMNS]
    return pa.schema([*typed_schema(dataset.columns), *places])


class TypedTransform:
    """One run over a dataset's rows; used as a context, for what waits may lie on disk."""

    def __init__(
        self,
        dataset: Dataset,
        transform: Transform | None,
        sources: Sequence[Source],
        refusals: Refusals,
        *,
        work: Path,
        registry: ColumnRegistry,
        allowed: PartitionValues = ANY_VALUES,
        reserved: frozenset[str] = frozenset(),
    ) -> None:
        """`sources` are those of the batches; they may become more while these come.

        Without a `transform` the typed columns are the output.
        """
        self._dataset = dataset
        self._transform = transform
        self._sources = sources
        self._refusals = refusals
        self._allowed = allowed
        self._schema = input_schema(dataset)
        self._output = output_schema(dataset, {})
        self._aside = SpillingQueue(work / "aside.arrow", _ASIDE_BYTES)
        self._bad: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self.undeclared = UndeclaredColumns(registry, frozenset(self._output.names) | reserved)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._aside.__exit__(kind, error, trace)

    @property
    def may_refuse(self) -> bool:
        """Return True where a record that was read may still become a dead letter."""
        dataset = self._dataset
        return (
            bool(dataset.partitions)
            or dataset.undeclared == "reject"
            or any(_may_refuse(column, dataset.format) for column in dataset.columns)
        )

    def issues(self) -> dict[str, int]:
        """Values that did not fit, and became null, by their columns."""
        return {f"bad {name}": count for name, count in sorted(self._bad.items())}

    def dropped(self) -> Iterator[str]:
        """Yield a sentence for each undeclared key that was dropped, with the number of its values."""
        for key, count in list(self._dropped.items())[:_DROPPED_NAMED]:
            yield f"unknown field: {shown_key(key)}, {count} values dropped"
        if more := list(self._dropped.values())[_DROPPED_NAMED:]:
            yield f"unknown fields: {len(more)} more, {sum(more)} values dropped"

    def narrowed(self, rows: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.Array | None]:
        """Return the rows without what they may not have too many of, and these fields as JSON."""
        if self._dataset.undeclared == "keep":
            return self.undeclared.narrowed(rows, self._dataset.keys)
        return rows, None

    def run(self, batches: Iterable[SourcedBatch]) -> Iterator[OutputRows]:
        """The rows to write, in the order of the input.

        Raises what `Transform.run` does, and `TransformError` for other columns than declared.
        """
        outputs = self._without_sql(batches) if self._transform is None else self._by_sql(batches)
        return (output for output in outputs if output.rows)

    def _without_sql(self, batches: Iterable[SourcedBatch]) -> Iterator[OutputRows]:
        for typed in self._typed(batches):
            columns = dict(zip(self._output.names, typed.values, strict=True))
            yield self._together(columns, self._kept(typed))

    def _by_sql(self, batches: Iterable[SourcedBatch]) -> Iterator[OutputRows]:
        aside = BatchQueue(self._waiting())
        for result in self._transform.run(self._for_sql(batches), self._schema):  # type: ignore[union-attr]
            [rows] = declared(pa.Table.from_batches([result]), self._output).to_batches()
            start = 0
            for beside in aside.pieces(rows.num_rows):
                piece = rows.slice(start, beside.num_rows)
                columns = dict(zip(piece.schema.names, piece.columns, strict=True))
                yield self._together(columns, _Kept.read(beside))
                start += beside.num_rows

    def _typed(self, batches: Iterable[SourcedBatch]) -> Iterator[TypedRows]:
        for batch in batches:
            typed = typed_rows(batch, self._dataset, self._refusals.admits)
            self._refusals.of_input(typed.dead_letters)
            for name, bad in typed.bad_values.items():
                if count := pc.sum(bad).as_py():
                    self._bad[name] += count
            if typed.places.num_rows:
                yield typed

    def _for_sql(self, batches: Iterable[SourcedBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the columns for the SQL, and put the others aside."""
        for typed in self._typed(batches):
            self._aside.append(self._kept(typed).batch)
            columns = [
                *typed.values,
                typed.places["serial"],
                *self._source_columns(typed.places),
                typed.places["line"],
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _source_columns(self, places: pa.RecordBatch) -> Iterator[pa.Array]:
        """Bucket, key and version of each row, as the schema has them."""
        numbers = pc.dictionary_encode(places["source"])
        found = [self._sources[number] for number in numbers.dictionary.to_pylist()]
        for texts in zip(*(_fields(source) for source in found), strict=True):
            yield pa.array(texts, pa.string()).take(numbers.indices)

    def _kept(self, typed: TypedRows) -> "_Kept":
        places = typed.places
        if not self._dataset.partitions:
            places = places.select(_PLACE_WITHOUT_RECORD)
        if self._dataset.undeclared == "keep":
            return _Kept(places, typed.undeclared, typed.others)
        for key, texts in typed.undeclared.items():
            if count := len(texts) - texts.null_count:
                self._dropped[key] += count
        return _Kept(places, {}, None)

    def _waiting(self) -> Iterator[pa.RecordBatch]:
        while True:
            yield self._aside.popleft()

    def _together(self, columns: Mapping[str, pa.Array], kept: "_Kept") -> OutputRows:
        """The rows with their undeclared columns, without those whose partition cannot be."""
        refused: dict[int, str] = {}
        for name in self._dataset.partitions:
            for row, why in self._allowed.refused(name, columns[name]):
                refused.setdefault(row, why)
        if refused:
            self._refusals.of_output(_letters(kept.places, refused, self._refusals.admits))
            good = pa.array([row not in refused for row in range(kept.places.num_rows)])
            columns = {name: column.filter(good) for name, column in columns.items()}
            kept = kept.filtered(good)
        undeclared = self.undeclared.placed(kept.undeclared, kept.places["source"], kept.others)
        size = _size(columns, undeclared, kept.places)
        return OutputRows({**columns, **undeclared}, kept.places.num_rows, size, kept.places)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What goes beside the columns of rows: their places, and the undeclared fields that are kept."""

    places: pa.RecordBatch
    undeclared: Mapping[str, pa.Array]
    others: pa.Array | None

    @property
    def batch(self) -> pa.RecordBatch:
        """All of it, with a dot before the names of places, a colon before fields, and `+` for the others."""
        columns = {f".{name}": self.places[name] for name in self.places.schema.names}
        columns |= {f":{key}": column for key, column in self.undeclared.items()}
        if self.others is not None:
            columns["+"] = self.others
        return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))

    @staticmethod
    def read(batch: pa.RecordBatch) -> "_Kept":
        """What such a batch holds."""
        places = [name for name in batch.schema.names if name.startswith(".")]
        named = zip(batch.schema.names, batch.columns, strict=True)
        return _Kept(
            batch.select(places).rename_columns([name[1:] for name in places]),
            {name[1:]: column for name, column in named if name.startswith(":")},
            batch["+"] if "+" in batch.schema.names else None,
        )

    def filtered(self, good: pa.Array) -> "_Kept":
        """The same of some of the rows."""
        return _Kept(
            self.places.filter(good),
            {key: column.filter(good) for key, column in self.undeclared.items()},
            None if self.others is None else self.others.filter(good),
        )


def _may_refuse(column: InputColumn, of_files: Format) -> bool:
    """Return True unless a column takes whatever stands at a top-level key."""
    is_any_text = column.type == "string" and not isinstance(of_files, BinaryFormat)
    return column.required or not is_any_text or len(column.path) > 1


def _size(columns: Mapping[str, pa.Array], undeclared: Mapping[str, pa.Array], places: pa.RecordBatch) -> int:
    """About the bytes of rows: to ask a thousand columns of texts would cost more than to write them."""
    length: int | None = None if columns else pc.sum(places["length"]).as_py()
    if length is not None:
        return length + int(places.num_rows) * len(undeclared) * _OFFSET_BYTES
    return sum(column.nbytes for column in (*columns.values(), *undeclared.values()))


def _fields(source: Source) -> tuple[str, str, str]:
    return source.bucket, source.key, source.version


def _letters(places: pa.RecordBatch, refused: Mapping[int, str], admits: Admits) -> Iterator[SourcedLetter]:
    rows = sorted(refused)
    places = places.take(pa.array(rows, pa.int64()))
    admitted = {number for number, count in sources_of(places) if admits(number, count)}
    if admitted:
        for row, place in zip(rows, told(places), strict=True):
            if place["source"] in admitted:
                yield place["source"], dead_letter(place, "bad-partition", refused[row])
