"""Glue (Hive) column types as Arrow types, and the exact reading of JSON texts as values of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.types import (
    INSTANT,
    ArrayType,
    ColumnType,
    DecimalType,
    Scalar,
    StructType,
    column_type,
)
from tributary.kernels.transform.iso import canonical

_SIMPLE_TYPES = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    INSTANT: pa.timestamp("us", tz="UTC"),
}
_INTEGER = r"^-?(?:0|[1-9][0-9]*)$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIMESTAMP = (
    rf"^{_DATE}[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,6}})?)?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})$"
)
# Go beyond microseconds by zeros alone, as some clocks write.
_FINER_ZEROS = r"(\.[0-9]{6})0+(Z|[+-])"

_PATTERNS: Final = {
    "boolean": "^(?:true|false)$",
    "int": _INTEGER,
    "bigint": _INTEGER,
    "double": _NUMBER,
    "decimal": _NUMBER,
    "date": f"^{_DATE}$",
    "timestamp": _TIMESTAMP,
}

# Arrow 26 takes a text of scale 39, 1E-39 say, for zero; texts like these have none above 38.
_SHORT_DECIMAL = r"^[^eE]{1,40}$"

_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)


@cache
def arrow_type(declared: str) -> pa.DataType:
    """The Arrow type of a declared one."""
    return arrow_type_of(column_type(declared))


def arrow_type_of(kind: ColumnType) -> pa.DataType:
    """The Arrow type of a declared one that was read."""
    match kind:
        case DecimalType(precision, scale):
            return pa.decimal128(precision, scale)
        case ArrayType(element):
            return pa.list_(pa.field("element", arrow_type_of(element)))
        case StructType(fields):
            return pa.struct([(field.name, arrow_type_of(field.type)) for field in fields])
        case Scalar(name):
            return _SIMPLE_TYPES[name]


@dataclass(frozen=True, slots=True)
class Cast:
    """The values, null where the text was null or will not do; `bad`, if any, is true for the latter."""

    values: pa.Array
    bad: pa.Array | None


def cast_scalar(texts: pa.Array, kind: Scalar | DecimalType) -> Cast:
    """The texts as values of a type other than `instant`, each exactly or not at all."""
    if kind == Scalar("string"):
        return Cast(texts, None)
    name = kind.name if isinstance(kind, Scalar) else "decimal"
    fitting = _fitting(texts, name)
    if name == "boolean":
        values = pc.equal(fitting, "true")
    elif name == "decimal":
        values = _decimals(fitting, arrow_type_of(kind))
    else:
        values = held(converted(fitting, arrow_type_of(kind)))
    if values.null_count == texts.null_count:
        return Cast(values, None)
    return Cast(values, pc.and_(pc.is_valid(texts), pc.is_null(values)))


def _fitting(texts: pa.Array, name: str) -> pa.Array:
    """The texts with those that are not written as the type demands made null."""
    pattern = _PATTERNS[name]
    fits = pc.match_substring_regex(texts, pattern)
    if pc.all(fits).as_py() is not False:
        return texts
    if name == "timestamp":
        texts = pc.replace_substring_regex(canonical(texts), _FINER_ZEROS, r"\1\2")
        fits = pc.match_substring_regex(texts, pattern)
    return pc.if_else(fits, texts, None)


def converted(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """The values of the texts; Arrow refuses a whole array for one bad text, so it is halved down to that."""
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, kind)
        half = len(texts) // 2
        return pa.concat_arrays([converted(texts[:half], kind), converted(texts[half:], kind)])


def _decimals(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """The values of the texts: the usual ones by Arrow, those with exponents or many digits one by one."""
    short = pc.match_substring_regex(texts, _SHORT_DECIMAL)
    if pc.all(short).as_py() is not False:
        return converted(texts, kind)
    long = pc.if_else(short, None, texts).to_pylist()
    values = [None if text is None else _decimal(text, kind) for text in long]
    return pc.coalesce(converted(pc.if_else(short, texts, None), kind), pa.array(values, kind))


def _decimal(text: str, kind: pa.DataType) -> Decimal | None:
    exact = Context(prec=kind.precision, traps=[Inexact, InvalidOperation])
    try:
        return exact.quantize(Decimal(text), Decimal(1).scaleb(-kind.scale))
    except ArithmeticError:
        return None


def held(values: pa.Array) -> pa.Array:
    """The values without those that are no value of the type: beyond what a double holds, or the calendar."""
    if pa.types.is_floating(values.type):
        held = pc.is_finite(values)
    elif pa.types.is_timestamp(values.type):
        held = pc.and_(
            pc.greater_equal(values, pa.scalar(_FIRST, values.type)),
            pc.less_equal(values, pa.scalar(_LAST, values.type)),
        )
    elif pa.types.is_date(values.type):
        held = pc.and_(
            pc.greater_equal(values, pa.scalar(_FIRST.date(), values.type)),
            pc.less_equal(values, pa.scalar(_LAST.date(), values.type)),
        )
    else:
        return values
    return values if pc.all(held).as_py() is not False else pc.if_else(held, values, None)
