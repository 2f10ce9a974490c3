"""Where inside a value, and why, it is none of its type; found afterwards, for dead letters alone."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import INSTANT, ArrayType, ColumnType, DecimalType, StructType, column_type
from tributary.kernels.formats.json.records import Record, parse_records
from tributary.kernels.formats.ndjson.reasons import explain
from tributary.kernels.transform.glue_types import Cast
from tributary.kernels.transform.iso import why_not
from tributary.kernels.transform.nested_types import LIMITS, cast, elements_of, members
from tributary.terminal import visible_json

BAD_VALUE = "bad-value"
_DUPLICATE_KEY = "duplicate-key"
_SHOWN = 100
_BLANKS = " \t\n\r"


@dataclass(frozen=True, slots=True)
class Fault:
    """Reason of a dead letter, and its sentence."""

    reason: str
    message: str


def shown(text: str) -> str:
    """A text in quotes, shortened, with what cannot be seen by code point."""
    return visible_json(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def fault_of_value(column: InputColumn, text: str) -> Fault:
    """The fault of a text that is no value of its column's type."""
    inside = _fault(column.name, text, column_type(column.type, column.keys))
    return inside or _no(f'the column "{column.name}"', text, column.type, column.zone)


def fault_on_path(column: str, path: tuple[str, ...], text: str) -> Fault:
    """The fault of a text that should be an object, for a column lies in it."""
    place = f'the column "{column}" lies in {".".join(path)}, which'
    return _fault_of_object(place, text) or Fault(BAD_VALUE, f"{place} has {shown(text)} and is no object")


def _fault(place: str, text: str, kind: ColumnType) -> Fault | None:
    """Return what is wrong inside of a nested value; None where the value itself is."""
    match kind:
        case StructType():
            return _in_struct(place, text, kind)
        case ArrayType(element):
            return _in_array(place, text, element)
    return None


def _in_struct(place: str, text: str, kind: StructType) -> Fault | None:
    found = members(pa.array([text]), [field.key for field in kind.fields])
    if found.bad is not None:
        return _fault_of_object(place, text)
    for field in kind.fields:
        inner = found.texts[field.key]
        if _is_bad(cast(inner, field.type)):
            return _deeper(f"{place}.{field.key}", inner[0].as_py(), field.type)
    return None


def _in_array(place: str, text: str, element: ColumnType) -> Fault | None:
    texts = elements_of(text)
    if texts is None:
        return None
    wrapped = members(pa.array([f'{{"":{each}}}' for each in texts], pa.string()), [""])
    if wrapped.bad is not None and (first := pc.index(wrapped.bad, True).as_py()) >= 0:
        return _no(f"{place}[{first}]", texts[first], "JSON")
    values = cast(wrapped.texts[""], element)
    first = pc.index(values.bad, True).as_py() if values.bad is not None else -1
    return None if first < 0 else _deeper(f"{place}[{first}]", wrapped.texts[""][first].as_py(), element)


def _deeper(place: str, text: str, kind: ColumnType) -> Fault:
    return _fault(place, text, kind) or _no(place, text, _name(kind))


def _fault_of_object(place: str, text: str) -> Fault | None:
    """Return why a text that looks like an object is none."""
    record = text.strip(_BLANKS).encode()
    if not record.startswith(b"{"):
        return None
    for batch in parse_records([Record(0, record)], LIMITS):
        for reason in batch.rejects["reason"].to_pylist():
            sentence, _ = explain(record, reason, LIMITS)
            known = _DUPLICATE_KEY if reason == _DUPLICATE_KEY else BAD_VALUE
            return Fault(known, f"{place} is no object: {sentence or reason}")
    return None


def _no(place: str, text: str, kind: str, zone: str | None = None) -> Fault:
    why = why_not(text, zone) if kind in (INSTANT, "timestamp") else None
    return Fault(BAD_VALUE, f"{place} has {shown(text)}, which is no {kind}{f': {why}' if why else ''}")


def _name(kind: ColumnType) -> str:
    match kind:
        case StructType():
            return "object"
        case ArrayType():
            return "array"
        case DecimalType(precision, scale):
            return f"decimal({precision},{scale})"
        case _:
            return kind.name


def _is_bad(values: Cast) -> bool:
    return values.bad is not None and bool(pc.any(values.bad).as_py())
