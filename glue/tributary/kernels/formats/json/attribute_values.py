"""Typed attribute values, as DynamoDB exports them, to the values that they stand for.

`{"S": "x"}` is the text, `{"N": "1.10"}` the number with its very digits, `{"M": {"a": {"BOOL": true}}}` the
object `{"a":true}`; sets are arrays, and binary values the Base64 text that they are exported as.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.batch import REJECTS, FormatBatch
from tributary.kernels.formats.ndjson.reasons import shown

BAD_ATTRIBUTE = "bad-attribute-value"

_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SPACE = r"[ \t\n\r]*"
_SIMPLE = (
    rf'^\{{{_SPACE}"(?:S"{_SPACE}:{_SPACE}"(?P<text>[^"\\]*)"|N"{_SPACE}:{_SPACE}"(?P<number>{_NUMBER})"'
    rf'|BOOL"{_SPACE}:{_SPACE}(?P<word>true|false)){_SPACE}\}}$'
)
_SHOWN = 100


def plain_values(batches: Iterable[FormatBatch], around: Collection[str] = ()) -> Iterator[FormatBatch]:
    """The batches with the values of their attributes, but for the fields that stood around the records.

    A row with a value that is none is a reject; the positions have the records' bytes.
    """
    for batch in batches:
        rows = batch.rows
        bad: dict[int, str] = {}
        columns = []
        for name, column in zip(rows.schema.names, rows.columns, strict=True):
            columns.append(column if name in around else _plain(name, column, bad))
        if columns:
            rows = pa.RecordBatch.from_arrays(columns, schema=rows.schema)
        yield _without(FormatBatch(rows, batch.positions, batch.rejects), bad)


def _plain(name: str, texts: pa.Array, bad: dict[int, str]) -> pa.Array:
    """The values of a column; those of rows that have none are said in `bad`."""
    parts = pc.extract_regex(texts, _SIMPLE)
    text, number, word = (pc.struct_field(parts, part) for part in ("text", "number", "word"))
    plain = pc.if_else(pc.not_equal(number, ""), number, pc.if_else(pc.not_equal(word, ""), word, text))
    others = pc.indices_nonzero(pc.and_(pc.is_valid(texts), pc.is_null(parts))).to_pylist()
    if not others:
        return plain
    values: list[str | None] = [None] * len(texts)
    for row in others:
        value = texts[row].as_py()
        try:
            values[row] = _value(value)
        except (ValueError, RecursionError):
            cut = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
            found = f"the key {shown(name)} has {shown(cut)}"
            bad.setdefault(row, f'{found}, which is no attribute value of DynamoDB, such as {{"S": "x"}}')
    return pc.coalesce(plain, pa.array(values, pa.string()))


def _value(text: str) -> str | None:
    attribute = json.loads(text, object_pairs_hook=_members)
    kind, value = _typed(attribute)
    if attribute == {"NULL": True} and value is True:
        return None
    return _string(value) if kind in ("S", "B") else _json(attribute)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(pairs)
    return members


def _typed(attribute: object) -> tuple[str, object]:
    """The type and the value of an attribute; raises `ValueError` for anything else."""
    if not isinstance(attribute, dict) or len(attribute) != 1:
        raise ValueError(attribute)
    return next(iter(attribute.items()))


def _json(attribute: object) -> str:
    """The value of an attribute as JSON."""
    kind, value = _typed(attribute)
    if kind not in _KINDS:
        raise ValueError(attribute)
    return _KINDS[kind](value)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    return json.dumps(_string(value), ensure_ascii=False)


def _number(value: object) -> str:
    if not re.fullmatch(_NUMBER, _string(value)):
        raise ValueError(value)
    return str(value)


def _word(value: object) -> str:
    if not isinstance(value, bool):
        raise ValueError(value)
    return "true" if value else "false"


def _nothing(value: object) -> str:
    if value is not True:
        raise ValueError(value)
    return "null"


def _array_of(element: Callable[[object], str]) -> Callable[[object], str]:
    def array(value: object) -> str:
        if not isinstance(value, list):
            raise ValueError(value)
        return f"[{','.join(map(element, value))}]"

    return array


def _object(value: object) -> str:
    if not isinstance(value, dict):
        raise ValueError(value)
    members = (f"{json.dumps(key, ensure_ascii=False)}:{_json(each)}" for key, each in value.items())
    return f"{{{','.join(members)}}}"


_KINDS: Final[dict[str, Callable[[object], str]]] = {
    "S": _text,
    "N": _number,
    "B": _text,
    "BOOL": _word,
    "NULL": _nothing,
    "M": _object,
    "L": _array_of(_json),
    "SS": _array_of(_text),
    "NS": _array_of(_number),
    "BS": _array_of(_text),
}


def _without(batch: FormatBatch, bad: dict[int, str]) -> FormatBatch:
    """The batch with its bad rows among the rejects."""
    if not bad:
        return batch
    is_good = pa.array([row not in bad for row in range(batch.rows.num_rows)])
    rows = sorted(bad)
    places = batch.positions.take(pa.array(rows, pa.int64()))
    columns = {name: places[name] for name in places.schema.names}
    columns |= {
        "reason": pa.repeat(BAD_ATTRIBUTE, len(rows)),
        "message": pa.array([bad[row] for row in rows], pa.string()),
    }
    more = pa.RecordBatch.from_arrays([columns[name] for name in REJECTS.names], schema=REJECTS)
    rejects = pa.concat_batches([batch.rejects, more])
    order = pc.sort_indices(rejects, sort_keys=[("offset", "ascending")])
    return FormatBatch(batch.rows.filter(is_good), batch.positions.filter(is_good), rejects.take(order))
