"""Texts of JSON as values of any declared type: arrays and structs are read by the same kernel as lines."""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.types import INSTANT, ArrayType, ColumnType, Scalar, StructType
from tributary.kernels.formats.json.records import parse_texts
from tributary.kernels.formats.json.window import end_of_value
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.transform.glue_types import Cast, arrow_type_of, cast_scalar
from tributary.kernels.transform.instants import instants

# What is nested lay in a line, whose bounds it passed; keys that no column asks for cost nothing to keep.
LIMITS = RecordLimits(line_bytes=1 << 28, keys=1 << 60, key_bytes=1 << 28, depth=256)
_SPACES_TEXT = " \t\n\r"
_SPACES = frozenset(_SPACES_TEXT)
_BETWEEN_OBJECTS = r"\}[ \t\n\r]*,[ \t\n\r]*\{"


def cast(texts: pa.Array, kind: ColumnType) -> Cast:
    """The texts as values of the type, each exactly or not at all; docs/datasets.md has the rules."""
    match kind:
        case Scalar(name) if name == INSTANT:
            values = instants(texts)
        case StructType():
            values = _structs(texts, kind)
        case ArrayType():
            values = _arrays(texts, kind)
        case _:
            return cast_scalar(texts, kind)
    if values.null_count == texts.null_count:
        return Cast(values, None)
    return Cast(values, pc.and_(pc.is_valid(texts), pc.is_null(values)))


@dataclass(frozen=True, slots=True)
class Members:
    """The texts of some members of objects; `bad`, if any, marks the texts that are no objects."""

    texts: dict[str, pa.Array]
    bad: pa.Array | None


def members(texts: pa.Array, names: Collection[str]) -> Members:
    """Return the members of that name as texts; null without one, or where the text is null or no object."""
    present = texts.drop_null() if texts.null_count else texts
    pieces: dict[str, list[pa.Array]] = {name: [pa.array([], pa.string())] for name in names}
    lines: list[pa.Array] = [pa.array([], pa.int64())]
    for batch in parse_texts(present, LIMITS):
        lines.append(batch.positions["line"])
        for name in names:
            is_there = name in batch.rows.schema.names
            pieces[name].append(batch.rows[name] if is_there else pa.nulls(len(lines[-1]), pa.string()))
    columns = {name: pa.concat_arrays(arrays) for name, arrays in pieces.items()}
    numbers = pa.concat_arrays(lines)
    if len(numbers) == len(texts):
        return Members(columns, None)
    # Objects come in their order, so each text finds its own among them, or none.
    rows = pc.indices_nonzero(pc.is_valid(texts)).take(pc.subtract(numbers, 1))
    places = pc.index_in(pa.array(range(len(texts)), pa.uint64()), rows)
    return Members(
        {name: column.take(places) for name, column in columns.items()},
        pc.and_(pc.is_valid(texts), pc.is_null(places)),
    )


def _structs(texts: pa.Array, kind: StructType) -> pa.Array:
    found = members(texts, [field.key for field in kind.fields])
    bad = [found.bad]
    children = []
    for field in kind.fields:
        result = cast(found.texts[field.key], field.type)
        children.append(result.values)
        bad.append(result.bad)
    is_null = _any([pc.is_null(texts), *bad], len(texts))
    return pa.StructArray.from_arrays(children, fields=list(arrow_type_of(kind)), mask=is_null)


def _arrays(texts: pa.Array, kind: ArrayType) -> pa.Array:
    if not isinstance(kind.element, StructType):
        return _arrays_one_by_one(texts, kind)
    values, is_left = _arrays_of_objects(texts, kind)
    rows = pc.indices_nonzero(is_left)
    if not len(rows):
        return values
    others = _arrays_one_by_one(texts.take(rows), kind)
    places = pc.fill_null(pc.add(pc.index_in(pa.array(range(len(texts)), pa.uint64()), rows), len(texts)), -1)
    own = pa.array(range(len(texts)), places.type)
    return pa.concat_arrays([values, others]).take(pc.if_else(is_left, places, own))


def _arrays_of_objects(texts: pa.Array, kind: ArrayType) -> tuple[pa.Array, pa.Array]:
    """Arrays of good, flat objects alone, all at once; and which of the texts are to be read one by one.

    They are cut wherever one brace closes and the next one opens. Where that is not between two elements, the
    piece before it has an open quote or bracket, and so is no object.
    """
    inside = pc.ascii_trim(_within(texts, "[", "]"), _SPACES_TEXT)
    pieces = pc.split_pattern_regex(_within(inside, "{", "}"), _BETWEEN_OBJECTS)
    elements = pc.binary_join_element_wise("{", pieces.flatten(), "}", "")
    result = cast(elements, kind.element)
    is_left = pc.and_(pc.is_valid(texts), pc.is_null(pieces))
    if result.bad is not None:
        rows = pc.list_parent_indices(pieces).filter(result.bad)
        is_left = pc.or_(is_left, pc.is_in(pa.array(range(len(texts)), rows.type), rows))
    values = pa.ListArray.from_arrays(
        pieces.offsets, result.values, type=arrow_type_of(kind), mask=pc.is_null(pieces)
    )
    return values, is_left


def _within(texts: pa.Array, opening: str, closing: str) -> pa.Array:
    """Return the text between its first and last character; null where these are others."""
    trimmed = pc.ascii_trim(texts, _SPACES_TEXT)
    fits = pc.and_(pc.starts_with(trimmed, opening), pc.ends_with(trimmed, closing))
    fits = pc.and_(fits, pc.greater(pc.binary_length(trimmed), 1))
    return pc.if_else(fits, pc.binary_slice(trimmed.cast(pa.binary()), 1, -1), None).cast(pa.string())


def _arrays_one_by_one(texts: pa.Array, kind: ArrayType) -> pa.Array:
    elements: list[str] = []
    ends = [0]
    is_null = []
    for text in texts.to_pylist():
        found = None if text is None else elements_of(text)
        is_null.append(found is None)
        elements += found or ()
        ends.append(len(elements))
    # As a member of an object, an element of any type is read as the text that a column would have.
    wrapped = members(pa.array([f'{{"":{element}}}' for element in elements], pa.string()), [""])
    result = cast(wrapped.texts[""], kind.element)
    for element in pc.indices_nonzero(_any([wrapped.bad, result.bad], len(elements))).to_pylist():
        is_null[bisect_right(ends, element) - 1] = True
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()),
        result.values,
        type=arrow_type_of(kind),
        mask=pa.array(is_null, pa.bool_()),
    )


def _any(masks: Iterable[pa.Array | None], length: int) -> pa.Array:
    every = pa.repeat(False, length)
    for mask in masks:
        if mask is not None:
            every = pc.or_(every, mask)
    return every


def elements_of(text: str) -> list[str] | None:
    """Return the texts of an array's elements, which may be broken ones; None for what is no array."""
    elements: list[str] = []
    at = _skip_space(text, 0)
    if text[at : at + 1] != "[":
        return None
    at = _skip_space(text, at + 1)
    if text[at : at + 1] == "]":
        mark = "]"
    else:
        mark = ","
        at -= 1
    while mark == ",":
        start = at + 1 if text[at + 1 : at + 2] not in _SPACES else _skip_space(text, at + 1)
        end = end_of_value(text, start)
        if end is None:
            return None
        elements.append(text[start:end])
        mark, at = text[end : end + 1], end
        if mark in _SPACES:
            at = _skip_space(text, end)
            mark = text[at : at + 1]
    return elements if mark == "]" and _skip_space(text, at + 1) == len(text) else None


def _skip_space(text: str, start: int) -> int:
    while text[start : start + 1] in _SPACES:
        start += 1
    return start
