"""Arrow's values as exact text: of a column, and of a whole row as JSON.

| Values | Text |
|---|---|
| numbers | all digits; of a float the fewest that give it back; NaN and infinities by these words |
| dates, times | ISO 8601; timestamps with `T`, and `Z` where they have a zone, for they are given in UTC |
| timestamps beyond the years 1 to 9999 | `<value out of range: …>` with the number that the file has |
| bytes | base64 |
| UUIDs | the usual 36 characters |
| lists, structs, maps, unions | JSON; a map whose keys are no strings is a list of key and value |

In JSON numbers and booleans stand bare, what is no JSON number in quotes, and all other text in quotes.
"""

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_ESCAPED = r'[\x00-\x1f"\\]'
_CONTROL = r"[\x00-\x1f]"
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6}
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800


def plain(column: pa.Array) -> pa.Array:
    """The same values without what only says how they are kept: dictionaries, runs, views, 64-bit offsets.

    Extension types become what they are made of, and UUIDs their text.
    """
    kind = column.type
    if isinstance(kind, pa.UuidType):
        return _by_value(column.storage, lambda value: str(uuid.UUID(bytes=value)))
    if isinstance(kind, pa.BaseExtensionType):
        return plain(column.storage)
    if pa.types.is_dictionary(kind):
        return plain(column.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(column))
    simple = _simple(kind)
    return column if simple is None else column.cast(simple)


def _simple(kind: pa.DataType) -> pa.DataType | None:
    """Return the usual type of what is kept as another one, if it is."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    lists = (
        pa.types.is_large_list,
        pa.types.is_fixed_size_list,
        pa.types.is_list_view,
        pa.types.is_large_list_view,
    )
    return pa.list_(kind.value_field) if any(is_list(kind) for is_list in lists) else None


def texts_of(column: pa.Array) -> pa.Array:
    """The exact text of each value of a column; null for null."""
    column = plain(column)
    kind = column.type
    if pa.types.is_nested(kind):
        return pc.if_else(pc.is_valid(column), json_of(column), None)
    return column if pa.types.is_string(kind) else _scalar_texts(column)


def json_rows(rows: pa.RecordBatch) -> pa.Array:
    """Each row as a JSON object of its columns, as UTF-8 in a binary column."""
    members = [
        pc.binary_join_element_wise(f"{json.dumps(name, ensure_ascii=False)}:", json_of(column), "")
        for name, column in zip(rows.schema.names, rows.columns, strict=True)
    ]
    return _wrapped("{", _joined(members, rows.num_rows), "}").cast(pa.binary())


def json_of(column: pa.Array) -> pa.Array:
    """Each value as JSON, null as `null`."""
    column = plain(column)
    kind = column.type
    if pa.types.is_null(kind):
        return pa.repeat("null", len(column))
    if pa.types.is_map(kind):
        found = _map_json(column)
    elif pa.types.is_list(kind):
        found = _wrapped("[", _lists_joined(column, json_of(column.flatten())), "]")
    elif pa.types.is_struct(kind):
        rows = pa.RecordBatch.from_arrays(column.flatten(), names=[field.name for field in kind])
        found = json_rows(rows).cast(pa.string()) if kind.num_fields else pa.repeat("{}", len(column))
    elif pa.types.is_union(kind):
        found = pa.array([json_of(pa.array([value.value]))[0].as_py() for value in column], pa.string())
    elif pa.types.is_string(kind):
        found = _quoted(column)
    else:
        found = _scalar_json(column)
    return pc.fill_null(pc.if_else(pc.is_valid(column), found, None), "null")


def _scalar_json(column: pa.Array) -> pa.Array:
    texts = _scalar_texts(column)
    kind = column.type
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), texts, _wrapped('"', texts, '"'))
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_boolean(kind):
        return texts
    return _quoted(texts)


def _scalar_texts(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_binary(kind):
        return _by_value(column, lambda value: base64.b64encode(value).decode())
    if pa.types.is_timestamp(kind):
        return _timestamp_texts(column)
    if pa.types.is_float16(kind):
        column = column.cast(pa.float32())
    elif pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_interval(kind):
        return _by_value(column, str)
    texts = column.cast(pa.string())
    return pc.replace_substring(texts, "nan", "NaN") if pa.types.is_floating(kind) else texts


def _timestamp_texts(column: pa.Array) -> pa.Array:
    """ISO's texts; Arrow's are wrong beyond the calendar, and those of its dates name the number there."""
    kind = column.type
    whole = column if kind.tz is None else column.cast(pa.timestamp(kind.unit, "UTC"))
    if kind.unit == "ns":  # which reach from 1677 to 2262
        return pc.replace_substring(whole.cast(pa.string()), " ", "T")
    numbers, second = column.cast(pa.int64()), _UNITS[kind.unit]
    is_held = pc.and_(
        pc.greater_equal(numbers, _FIRST_SECOND * second), pc.less(numbers, _END_SECOND * second)
    )
    texts = pc.replace_substring(pc.if_else(is_held, whole, None).cast(pa.string()), " ", "T")
    if pc.all(is_held).as_py() is not False:
        return texts
    return pc.coalesce(texts, _wrapped("<value out of range: ", numbers.cast(pa.string()), ">"))


def _map_json(column: pa.Array) -> pa.Array:
    entries = entries_of(column)
    keys, items = entries.flatten().flatten()
    if not pa.types.is_string(plain(keys).type):
        return _wrapped("[", _lists_joined(entries, json_of(entries.flatten())), "]")
    members = pc.binary_join_element_wise(json_of(keys), json_of(items), ":")
    return _wrapped("{", _lists_joined(entries, members), "}")


def entries_of(maps: pa.Array) -> pa.Array:
    """Maps as lists of structs of `key` and `value`."""
    entry = pa.struct([("key", maps.type.key_type), ("value", maps.type.item_type)])
    return maps.cast(pa.list_(entry))


def _lists_joined(lists: pa.Array, elements: pa.Array) -> pa.Array:
    """The texts of the elements of each list, joined by commas; of a null list an empty text."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    ends = pc.cumulative_sum(lengths.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pc.binary_join(pa.ListArray.from_arrays(offsets, elements), ",")


def _joined(texts: list[pa.Array], rows: int) -> pa.Array:
    return pc.binary_join_element_wise(*texts, ",") if texts else pa.repeat("", rows)


def _wrapped(before: str, texts: pa.Array, after: str) -> pa.Array:
    return pc.binary_join_element_wise(before, texts, after, "")


def _quoted(texts: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(texts, _CONTROL)).as_py():
        return _by_value(texts, lambda text: json.dumps(text, ensure_ascii=False))
    if pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        texts = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    return _wrapped('"', texts, '"')


def _by_value(column: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in column.to_pylist()], pa.string())
