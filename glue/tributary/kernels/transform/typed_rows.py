"""Rows of any format as values of their declared types; one whose value does not fit is a dead letter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import Dataset, InputColumn
from tributary.kernels.formats.batch import told
from tributary.kernels.formats.exact_text import plain, texts_of
from tributary.kernels.output.dead_letters import DeadLetter, dead_letter
from tributary.kernels.output.undeclared import shown_key
from tributary.kernels.transform.column_values import column_values
from tributary.kernels.transform.faults import BAD_VALUE, Fault, fault_of_value, fault_on_path, shown
from tributary.kernels.transform.glue_types import arrow_type
from tributary.kernels.transform.nested_types import Members, members
from tributary.kernels.transform.sourced import SourcedBatch, SourcedLetter, sources_of

# What a look into a value costs, however short it is, in characters of a long one.
_LOOK = 4 << 10

Admits = Callable[[int, int], bool]
"""Counts dead letters of a source, by its number, before they are made; False where they are not to be."""


@dataclass(frozen=True, slots=True)
class TypedRows:
    """The rows whose values fit, in their order, and the dead letters of all other lines, in theirs.

    `undeclared` holds the texts of the fields that no column declares, but for the `others` of the batch.
    `bad_values` marks, by columns, the rows whose value became null because it does not fit.
    """

    places: pa.RecordBatch
    values: list[pa.Array]
    undeclared: dict[str, pa.Array]
    others: pa.Array | None
    dead_letters: list[SourcedLetter]
    bad_values: Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The rows, marked in `mask`, that cannot be, for the values at a path or the lack of one."""

    mask: pa.Array
    reason: str
    found: pa.Array
    message: str
    column: str | None = None
    fault: Callable[[str], Fault] | None = None

    def letter(self, place: dict[str, Any], row: int, sight: "_Sight") -> DeadLetter:
        """The dead letter of a row; `{}` in the message stands for its text."""
        text = texts_of(self.found.slice(row, 1))[0].as_py() or ""
        if self.fault is not None and sight.reaches(text):
            fault = self.fault(text)
            return dead_letter(place, fault.reason, fault.message, self.column)
        return dead_letter(place, self.reason, self.message.replace("{}", shown(text)), self.column)


@dataclass(slots=True)
class _Sight:
    """How much may still be looked into for faults: some characters a batch, whatever is in it."""

    left: int = 4 << 20

    def reaches(self, text: str) -> bool:
        self.left -= len(text) + _LOOK
        return self.left >= 0


def typed_rows(batch: SourcedBatch, dataset: Dataset, admits: Admits) -> TypedRows:
    """The batch with one array of values a declared column; `admits` is asked before letters are made."""
    columns = dataset.columns
    paths = _Paths(batch, columns)
    values: list[pa.Array] = []
    refusals: list[_Refusal] = []
    tolerated: dict[str, pa.Array] = {}
    for column in columns:
        found = paths.found(column.path)
        result = column_values(found, column, empty_is_null=dataset.format.kind == "csv")
        values.append(result.values)
        refusals += paths.refusals(column)
        if result.bad is not None and column.on_bad_value == "issue" and not column.required:
            tolerated[column.name] = result.bad
        elif result.bad is not None:
            message = f'the column "{column.name}" has {{}}, which is no {column.type}'
            fault = partial(fault_of_value, column)
            refusals.append(_Refusal(result.bad, BAD_VALUE, found, message, column.name, fault))
        if column.required and result.values.null_count:
            message = f'the column "{column.name}" is required, and null or missing'
            missing = pc.is_null(result.values)
            refusals.append(_Refusal(missing, "missing-value", found, message, column.name))
    undeclared = paths.undeclared
    if set(batch.rows.schema.types) - {pa.string()}:
        undeclared = {key: texts_of(column) for key, column in undeclared.items()}
    if dataset.undeclared == "reject":
        refusals += _refusals_of_undeclared(undeclared)
    letters = list(batch.rejects)
    rows = TypedRows(batch.places, values, undeclared, batch.others, letters, tolerated)
    if refusals:
        bad = reduce(pc.or_, (refusal.mask for refusal in refusals))
        letters += _refused(batch.places, refusals, bad, admits)
        rows = _filtered(rows, pc.invert(bad))
    letters.sort(key=lambda letter: (letter[0], letter[1].line, letter[1].offset or 0))
    return rows


def _refusals_of_undeclared(undeclared: Mapping[str, pa.Array]) -> Iterator[_Refusal]:
    for key, texts in undeclared.items():
        if texts.null_count < len(texts):
            message = f"no column is declared for {shown_key(key)}, which has {{}}"
            yield _Refusal(texts.is_valid(), "undeclared-field", texts, message)


class _Paths:
    """The values at the paths that the columns ask for; each object on the way is read once."""

    def __init__(self, batch: SourcedBatch, columns: Sequence[InputColumn]) -> None:
        self._nulls = pa.nulls(batch.places.num_rows, pa.string())
        self._found: dict[tuple[str, ...], pa.Array] = {}
        self._bad: dict[tuple[str, ...], pa.Array | None] = {}
        self._children: dict[tuple[str, ...], set[str]] = {}
        for column in columns:
            for depth in range(1, len(column.path)):
                self._children.setdefault(column.path[:depth], set()).add(column.path[depth])
        self.undeclared = dict(zip(batch.rows.schema.names, batch.rows.columns, strict=True))
        for key in {column.key for column in columns}:
            self._found[key,] = self.undeclared.pop(key, self._nulls)

    def found(self, path: tuple[str, ...]) -> pa.Array:
        """The values at a path; null where there is nothing, or an object on the way is none."""
        if path not in self._found:
            parent = path[:-1]
            outer = plain(self.found(parent))
            if pa.types.is_struct(outer.type):
                own = {field.name: values for field, values in zip(outer.type, outer.flatten(), strict=True)}
                found = Members({name: own.get(name, self._nulls) for name in self._children[parent]}, None)
            else:
                found = members(texts_of(outer), self._children[parent])
            self._bad[parent] = found.bad
            self._found |= {(*parent, name): values for name, values in found.texts.items()}
        return self._found[path]

    def refusals(self, column: InputColumn) -> Iterator[_Refusal]:
        """The rows in which something on the way to a column is no object."""
        for depth in range(1, len(column.path)):
            path = column.path[:depth]
            if (bad := self._bad.get(path)) is not None:
                message = (
                    f'the column "{column.name}" lies in {".".join(path)}, which has {{}} and is no object'
                )
                fault = partial(fault_on_path, column.name, path)
                yield _Refusal(bad, BAD_VALUE, self._found[path], message, column.name, fault)


def _refused(
    places: pa.RecordBatch, refusals: Sequence[_Refusal], bad: pa.Array, admits: Admits
) -> Iterator[SourcedLetter]:
    """A dead letter for each bad row, which names its first problem in the order of the columns."""
    counts = sources_of(places.select(["source"]).filter(bad))
    admitted = [number for number, count in counts if admits(number, count)]
    wanted = pc.is_in(places["source"], pa.array(admitted, pa.int32()))
    first: dict[int, _Refusal] = {}
    for refusal in refusals:
        for row in pc.indices_nonzero(pc.and_(refusal.mask, wanted)).to_pylist():
            first.setdefault(row, refusal)
    found = told(places.take(pa.array(first, pa.int64())))
    sight = _Sight()
    for place, (row, refusal) in zip(found, first.items(), strict=True):
        yield place["source"], refusal.letter(place, row, sight)


def _filtered(rows: TypedRows, good: pa.Array) -> TypedRows:
    return TypedRows(
        rows.places.filter(good),
        [column.filter(good) for column in rows.values],
        {key: column.filter(good) for key, column in rows.undeclared.items()},
        None if rows.others is None else rows.others.filter(good),
        rows.dead_letters,
        {name: bad.filter(good) for name, bad in rows.bad_values.items()},
    )


def typed_schema(columns: Sequence[InputColumn]) -> pa.Schema:
    """The declared columns as Arrow sees them."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])
