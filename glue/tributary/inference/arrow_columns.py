"""Columns of the binary formats, whose files say their types themselves."""

import re

import pyarrow as pa

from tributary.datasets.types import is_column_type

_FIELD = re.compile(r"[a-z][a-z0-9_]*")


def type_of(kind: pa.DataType) -> str:
    """The type that every value of an Arrow type is one of; string, its exact text, where none is."""
    found = _type_of(kind)
    return found if found is not None and is_column_type(found) else "string"


def _type_of(kind: pa.DataType) -> str | None:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        element = _type_of(kind.value_type)
        return None if element is None else f"array<{element}>"
    if pa.types.is_struct(kind):
        return _struct(kind)
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_integer(kind):
        return _integer(kind)
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.unit != "ns" else None
    simple = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_floating, "double"),
        (pa.types.is_date, "date"),
        (pa.types.is_string, "string"),
        (pa.types.is_large_string, "string"),
    )
    return next((name for is_kind, name in simple if is_kind(kind)), None)


def _integer(kind: pa.DataType) -> str:
    bits = kind.bit_width + (not pa.types.is_signed_integer(kind))
    return "int" if bits <= 32 else "bigint" if bits <= 64 else "decimal(20,0)"


def _struct(kind: pa.DataType) -> str | None:
    fields = [(field.name, _type_of(field.type)) for field in kind]
    if not fields or any(each is None or not _FIELD.fullmatch(name) for name, each in fields):
        return None
    return f"struct<{','.join(f'{name}:{each}' for name, each in fields)}>"
