"""Rows of binary formats, of Arrow's own types: bounded, numbered, and held against the declared columns."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.types import column_type
from tributary.errors import HeaderMismatchError, SchemaTooLargeError, WholeFileError
from tributary.expected import expected
from tributary.kernels.file_limits import check_expansion
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.formats.exact_text import entries_of, json_rows
from tributary.kernels.transform.arrow_values import is_widened

TOO_LONG = "record-too-long"
_NO_TEXT = "invalid-utf8"
_OFFSET_BYTES = 4


@contextmanager
def stored(content: Content) -> Iterator[Path]:
    """Keep the bytes in a file of the work folder, for a format that is not read from beginning to end."""
    with tempfile.NamedTemporaryFile(dir=content.work) as file:
        for chunk in content.chunks:
            file.write(chunk)
        file.flush()
        yield Path(file.name)


@contextmanager
def blaming_the_file(unreadable: type[WholeFileError]) -> Iterator[None]:
    """Take Arrow's errors for those of the file, but for those of the system that have a number."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise unreadable(f"Arrow cannot read the file: {error}") from error


def check_schema(schema: pa.Schema, asked: Asked, content: Content) -> None:
    """Tell what drifted of the schema: what is missing, and what has a type that goes by its text.

    Raises `SchemaTooLargeError` for more undeclared columns or levels than may be, nested ones counted, and
    `HeaderMismatchError` where a required one is missing or two have one name.
    """
    limits = asked.limits
    columns, _ = _extent([field.type for field in schema if field.name not in asked.keys])
    _, depth = _extent(schema.types)
    if columns > limits.keys:
        raise SchemaTooLargeError(expected(f"at most {limits.keys} columns, nested ones counted", columns))
    if depth > limits.depth:
        raise SchemaTooLargeError(expected(f"columns nested at most {limits.depth} levels deep", depth))
    if twice := sorted(name for name, count in Counter(schema.names).items() if count > 1):
        raise HeaderMismatchError(f"the schema: {expected('each field once', twice)}")
    for column in asked.columns:
        place = ".".join(column.path)
        found = _type_at(pa.struct(list(schema)), column.path)
        if found is None and column.required:
            raise HeaderMismatchError(
                f'the schema has no "{place}", which the column "{column.name}" requires'
            )
        if found is None:
            content.tell(f"missing column: {place}")
        elif not is_widened(found, column_type(column.type)):
            kept = found.value_type if pa.types.is_dictionary(found) else found
            content.tell(f"other type: {place} is {kept}, declared {column.type}")


def _extent(level: list[pa.DataType]) -> tuple[int, int]:
    """Return how many columns there are at all levels, and how many levels."""
    columns = depth = 0
    while level:
        columns, depth = columns + len(level), depth + 1
        level = [kind.field(index).type for kind in level for index in range(kind.num_fields)]
    return columns, depth


def _type_at(kind: pa.DataType, path: tuple[str, ...]) -> pa.DataType | None:
    for name in path:
        if not pa.types.is_struct(kind) or kind.get_field_index(name) < 0:
            return None
        kind = kind.field(name).type
    return kind


def bounded_rows(
    batches: Iterable[pa.RecordBatch], asked: Asked, stored_bytes: Callable[[], int]
) -> Iterator[FormatBatch]:
    """The rows, numbered from 1, in batches within the limits; a row of more than `line_bytes` is a reject.

    Raises `DecompressedTooLargeError` where they become too much for the `stored_bytes` of the file so far.
    """
    number, size = 1, 0
    for batch in batches:
        for piece in _pieces(batch, asked):
            found = _bytes_of(piece)
            size += found
            check_expansion(asked.file_limits, size, stored_bytes())
            if piece.num_rows == 1 and found > asked.limits.line_bytes:
                message = f"the row takes {found} bytes, more than {asked.limits.line_bytes}"
                yield _rejected(
                    _shortened(piece, asked.limits.kept_bytes), number, found, asked, (TOO_LONG, message)
                )
                number += 1
                continue
            for part, is_whole in _told_apart(piece):
                if is_whole:
                    yield _batch(part, number, asked.keeps_bytes)
                else:
                    message = "a text of the row is not UTF-8 (the row stands here with its texts as Base64)"
                    yield _rejected(_as_bytes(part), number, 0, asked, (_NO_TEXT, message))
                number += part.num_rows


def _told_apart(batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, bool]]:
    """Cut until all rows of a piece are whole, which is then told of it, or it is one row that is not."""
    if _is_whole(batch):
        yield batch, True
        return
    # A slice would be judged by all elements of its lists.
    rows, half = batch.num_rows, batch.num_rows // 2
    if rows == 1:
        own = batch.take(pa.array([0]))
        yield own, _is_whole(own)
        return
    yield from _told_apart(batch.take(pa.array(range(half))))
    yield from _told_apart(batch.take(pa.array(range(half, rows))))


def _is_whole(batch: pa.RecordBatch) -> bool:
    """Return True where all texts are UTF-8, which Arrow takes them for without a look."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _as_bytes(batch: pa.RecordBatch) -> pa.RecordBatch:
    def of_bytes(kind: pa.DataType) -> pa.DataType:
        return pa.binary() if pa.types.is_string(kind) else kind

    columns = [column.cast(with_values(column.type, of_bytes)) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _pieces(batch: pa.RecordBatch, asked: Asked) -> Iterator[pa.RecordBatch]:
    limits = asked.limits
    rows = max(1, min(limits.batch_lines, limits.batch_cells // max(1, batch.num_columns)))
    for start in range(0, batch.num_rows, rows):
        piece = batch.slice(start, rows)
        if piece.num_columns:
            yield from _halved(piece, limits.batch_bytes)
        else:
            yield piece  # made of its columns it would have no row


def _halved(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    """Cut until no piece is too large; only then is what its dictionaries stand for written out."""
    if batch.num_rows > 1 and _bytes_of(batch) > most:
        half = batch.num_rows // 2
        yield from _halved(batch.slice(0, half), most)
        yield from _halved(batch.slice(half), most)
    else:
        columns = [column.cast(_written_out(column.type)) for column in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _bytes_of(batch: pa.RecordBatch) -> int:
    """Return the bytes that the rows have in memory, with what their dictionaries stand for."""
    return sum(_column_bytes(column) for column in batch.columns)


def _column_bytes(column: pa.Array) -> int:
    kind, size = column.type, int(column.nbytes)
    if _written_out(kind) == kind:
        return size
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        return int(pc.sum(lengths).as_py() or 0) + int(column.indices.nbytes)
    if pa.types.is_map(kind):
        return _column_bytes(entries_of(column))
    if pa.types.is_struct(kind):
        return sum(map(_column_bytes, column.flatten()))
    return _column_bytes(column.flatten()) + _OFFSET_BYTES * len(column)


def _written_out(kind: pa.DataType) -> pa.DataType:
    """Return the type with what its dictionaries stand for in their place."""
    return with_values(kind, lambda each: each.value_type if pa.types.is_dictionary(each) else each)


def with_values(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return the type with other types of the values in it, at any depth."""
    if pa.types.is_map(kind):
        return pa.map_(with_values(kind.key_type, change), with_values(kind.item_type, change))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(with_values(field.type, change)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(with_values(kind.value_type, change)))
    return change(kind)


def _batch(rows: pa.RecordBatch, number: int, keeps_bytes: bool) -> FormatBatch:
    count = rows.num_rows
    untold = pa.nulls(count, pa.int64())
    places = {"line": pa.arange(number, number + count), "offset": untold, "length": untold}
    if keeps_bytes:
        # Arrow ends the process where it takes some rows of a struct with a union.
        places["bytes"] = json_rows(rows) if _has_union(rows.schema) else rows.to_struct_array()
    positions = pa.RecordBatch.from_arrays(list(places.values()), list(places))
    return FormatBatch(rows, positions, pa.RecordBatch.from_pylist([], schema=REJECTS))


def _has_union(schema: pa.Schema) -> bool:
    return any(with_values(kind, _null_for_union) != kind for kind in schema.types)


def _null_for_union(kind: pa.DataType) -> pa.DataType:
    return pa.null() if pa.types.is_union(kind) else kind


def _rejected(row: pa.RecordBatch, number: int, size: int, asked: Asked, why: tuple[str, str]) -> FormatBatch:
    text = json_rows(row)[0].as_py()
    reason, message = why
    reject = {
        "line": number,
        "length": max(size, len(text)),
        "reason": reason,
        "bytes": text[: asked.limits.kept_bytes],
        "message": message,
    }
    return FormatBatch(
        row.slice(0, 0),
        pa.RecordBatch.from_pylist([], schema=POSITIONS_WITH_BYTES if asked.keeps_bytes else POSITIONS),
        pa.RecordBatch.from_pylist([reject], schema=REJECTS),
    )


def _shortened(row: pa.RecordBatch, most: int) -> pa.RecordBatch:
    """Return the row without the long rest of its texts and bytes, which nobody keeps."""
    columns = []
    for column in row.columns:
        if pa.types.is_string(column.type):
            columns.append(pc.utf8_slice_codeunits(column, 0, most))
        elif pa.types.is_binary(column.type):
            columns.append(pc.binary_slice(column, 0, most))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=row.schema.names)
