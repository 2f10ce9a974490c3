"""Values of Arrow's own types as values of declared ones: each exactly or not at all.

A value that has the declared type, or widens to it without loss, passes; any other goes by its exact text.
docs/datasets.md has the rules.
"""

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.types import INSTANT, ArrayType, ColumnType, DecimalType, Scalar, StructType
from tributary.kernels.formats.exact_text import entries_of, plain, texts_of
from tributary.kernels.transform import nested_types
from tributary.kernels.transform.glue_types import Cast, arrow_type_of, converted, held

_WHOLE = pa.decimal128(20, 0)
"""Holds every integer of 64 bits, signed or not."""


def cast(column: pa.Array, kind: ColumnType, zone: str = "UTC") -> Cast:
    """The values of a column as those of the type; a timestamp without a zone is one of `zone`."""
    values = _values(plain(column), kind, zone)
    if values is None:
        return nested_types.cast(texts_of(column), kind)
    if values.null_count == column.null_count:
        return Cast(values, None)
    return Cast(values, pc.and_(pc.is_valid(column), pc.is_null(values)))


def is_widened(found: pa.DataType, kind: ColumnType) -> bool:
    """Return True where every value of Arrow's type passes as one of the declared one, but for its range."""
    return _values(plain(pa.nulls(0, found)), kind, "UTC") is not None


def _values(column: pa.Array, kind: ColumnType, zone: str) -> pa.Array | None:
    """The values, null where one does not fit; None where texts are to be read."""
    found = column.type
    match kind:
        case _ if pa.types.is_null(found):
            return pa.nulls(len(column), arrow_type_of(kind))
        case StructType():
            return _structs(column, kind, zone) if pa.types.is_struct(found) else None
        case ArrayType():
            if pa.types.is_map(found):
                column = entries_of(column)
            return _arrays(column, kind, zone) if pa.types.is_list(column.type) else None
        case DecimalType():
            return _decimals(column, arrow_type_of(kind))
        case Scalar("timestamp" | "instant"):
            return _timestamps(column, kind, zone) if pa.types.is_timestamp(found) else None
    return _scalars(column, kind.name)


def _scalars(column: pa.Array, name: str) -> pa.Array | None:
    found, wanted = column.type, arrow_type_of(Scalar(name))
    if name == "string":
        # Older writers of Parquet say of no text that it is one.
        return (
            column
            if found == wanted
            else converted(column, wanted)
            if pa.types.is_binary(found)
            else texts_of(column)
        )
    if name == "boolean":
        return column if found == wanted else None
    if name == "date":
        return held(converted(column, wanted)) if pa.types.is_date(found) else None
    if name == "double":
        # The fewest digits of a number of 32 bits are of another one of 64.
        return (
            converted(column, wanted) if pa.types.is_floating(found) or pa.types.is_integer(found) else None
        )
    is_number = pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
    return converted(column, wanted) if is_number else None


def _decimals(column: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    if pa.types.is_integer(column.type):
        return converted(column.cast(_WHOLE), wanted)
    return converted(column, wanted) if pa.types.is_decimal(column.type) else None


def _timestamps(column: pa.Array, kind: Scalar, zone: str) -> pa.Array:
    if column.type.tz is None and zone != "UTC":
        column = _one_by_one(column, partial(pc.assume_timezone, timezone=zone))
    wanted = arrow_type_of(kind)
    if kind.name == INSTANT and column.type.unit == "ns":
        column = pc.floor_temporal(column, unit="microsecond")
    return held(converted(column, wanted))


def _one_by_one(column: pa.Array, convert: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Convert a column as far as it can be; Arrow refuses a whole one for one bad value."""
    try:
        return convert(column)
    except pa.ArrowInvalid:
        if len(column) == 1:
            return convert(pa.nulls(1, column.type))
        half = len(column) // 2
        return pa.concat_arrays([_one_by_one(column[:half], convert), _one_by_one(column[half:], convert)])


def _structs(column: pa.Array, kind: StructType, zone: str) -> pa.Array:
    found = {child.name: values for child, values in zip(column.type, column.flatten(), strict=True)}
    is_null = pc.is_null(column)
    children = []
    for field in kind.fields:
        result = cast(found.get(field.key, pa.nulls(len(column))), field.type, zone)
        children.append(result.values)
        if result.bad is not None:
            is_null = pc.or_(is_null, result.bad)
    return pa.StructArray.from_arrays(children, fields=list(arrow_type_of(kind)), mask=is_null)


def _arrays(column: pa.Array, kind: ArrayType, zone: str) -> pa.Array:
    result = cast(column.flatten(), kind.element, zone)
    is_null = pc.is_null(column)
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths)])
    if result.bad is not None:
        # Not of the column itself, whose nulls may have elements, too.
        rows = pc.list_parent_indices(pa.ListArray.from_arrays(offsets, result.bad)).filter(result.bad)
        is_null = pc.or_(is_null, pc.is_in(pa.array(range(len(column)), rows.type), rows))
    return pa.ListArray.from_arrays(offsets, result.values, type=arrow_type_of(kind), mask=is_null)
