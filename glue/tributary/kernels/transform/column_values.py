"""Values of a declared column, from text or from Arrow's own types, each exactly or not at all."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import ColumnType, Scalar, column_type
from tributary.kernels.formats.csv.text import FORMS
from tributary.kernels.formats.exact_text import plain, texts_of
from tributary.kernels.transform.glue_types import Cast, arrow_type_of, held
from tributary.kernels.transform.nested_types import cast

_STRING: Final = Scalar("string")


def column_values(found: pa.Array, column: InputColumn) -> Cast:
    """The values of a field as those of its column.

    One that has the column's Arrow type, or widens to it without loss, is taken as it is; of any other the
    exact text is read.
    """
    kind = column_type(column.type)
    if (values := _widened(plain(found), kind)) is not None:
        held_values = held(values)
        lost = held_values.null_count > values.null_count
        return Cast(held_values, pc.and_(pc.is_valid(values), pc.is_null(held_values)) if lost else None)
    texts = texts_of(found)
    if kind == _STRING:
        form = FORMS.get(column.text)
        return Cast(texts if form is None else form(texts), None)
    return cast(texts, kind)


def _widened(found: pa.Array, kind: ColumnType) -> pa.Array | None:
    """The values as the type, where every one of its own type has a value there; None otherwise."""
    wanted = arrow_type_of(kind)
    if pa.types.is_string(found.type):
        return None
    if found.type == wanted or _widens(found.type, wanted):
        return found.cast(wanted)
    return None


def _widens(own: pa.DataType, wanted: pa.DataType) -> object:
    """Return what is true where every value of a type is one of the other."""
    if pa.types.is_integer(wanted):
        signed = pa.types.is_signed_integer(own)
        return pa.types.is_integer(own) and own.bit_width + (not signed) <= wanted.bit_width
    if pa.types.is_float64(wanted):
        return pa.types.is_floating(own)
    if pa.types.is_decimal(wanted):
        whole = wanted.precision - wanted.scale
        if pa.types.is_decimal(own):
            return own.scale <= wanted.scale and own.precision - own.scale <= whole
        return pa.types.is_integer(own) and len(str(1 << own.bit_width)) <= whole
    if pa.types.is_timestamp(wanted):
        # Nanoseconds may be finer than what is kept: then their text says so.
        return pa.types.is_timestamp(own) and own.tz is not None and own.unit != "ns"
    return False
