"""NDJSON rows as values of their declared types; a row with a value that does not fit is a dead letter."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import InputColumn
from tributary.kernels.output.dead_letters import dead_letter
from tributary.kernels.transform.glue_types import arrow_type, cast
from tributary.kernels.transform.sourced import SourcedBatch, SourcedLetter

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TypedRows:
    """The rows whose values fit, in their order, and the dead letters of all other lines, in theirs.

    `undeclared` holds the texts of the keys that no column declares.
    """

    places: pa.RecordBatch
    values: list[pa.Array]
    undeclared: dict[str, pa.Array]
    dead_letters: list[SourcedLetter]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The rows, marked in `mask`, that cannot be: `texts` do not fit, or None, they lack a required value."""

    column: InputColumn
    mask: pa.Array
    texts: pa.Array | None

    def reason(self) -> str:
        return "missing-value" if self.texts is None else "bad-value"

    def message(self, row: int) -> str:
        if self.texts is None:
            return f'the column "{self.column.name}" is required, and null or missing'
        text = self.texts[row].as_py()
        shown = json.dumps(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", ensure_ascii=False)
        return f'the column "{self.column.name}" has {shown}, which is no {self.column.type}'


def typed_rows(batch: SourcedBatch, columns: Sequence[InputColumn]) -> TypedRows:
    """The batch with one array of values a declared column."""
    texts = dict(zip(batch.rows.schema.names, batch.rows.columns, strict=True))
    values: list[pa.Array] = []
    refusals: list[_Refusal] = []
    for column in columns:
        text = texts.pop(column.key, None)
        if text is None:
            text = pa.nulls(batch.places.num_rows, pa.string())
        result = cast(text, column.type)
        values.append(result.values)
        if result.bad is not None:
            refusals.append(_Refusal(column, result.bad, text))
        if column.required and text.null_count:
            refusals.append(_Refusal(column, pc.is_null(text), None))
    letters = [*batch.rejects, *_refused(batch.places, refusals)]
    letters.sort(key=lambda letter: (letter[0], letter[1].line))
    rows = TypedRows(batch.places, values, texts, letters)
    return _without(rows, refusals) if refusals else rows


def _refused(places: pa.RecordBatch, refusals: Sequence[_Refusal]) -> Iterator[SourcedLetter]:
    """A dead letter for each row with a problem, which names the first one in the order of the columns."""
    first: dict[int, _Refusal] = {}
    for refusal in refusals:
        for row in pc.indices_nonzero(refusal.mask).to_pylist():
            first.setdefault(row, refusal)
    for row, refusal in first.items():
        [place] = places.slice(row, 1).to_pylist()
        yield place["source"], dead_letter(place, refusal.reason(), refusal.message(row))


def _without(rows: TypedRows, refusals: Sequence[_Refusal]) -> TypedRows:
    mask = refusals[0].mask
    for refusal in refusals[1:]:
        mask = pc.or_(mask, refusal.mask)
    good = pc.invert(mask)
    return TypedRows(
        rows.places.filter(good),
        [column.filter(good) for column in rows.values],
        {key: column.filter(good) for key, column in rows.undeclared.items()},
        rows.dead_letters,
    )


def typed_schema(columns: Sequence[InputColumn]) -> pa.Schema:
    """The declared columns as Arrow sees them."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])
