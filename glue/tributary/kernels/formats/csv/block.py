"""The fast way through a block of whole CSV lines: vectorised where it can be, record by record elsewhere.

A line is regular when it is a record by itself as far as quoting goes. A run of regular lines is parsed by
Arrow in one go; everything else (quotes over several lines, broken quotes, escapes, bytes that are not UTF-8,
lone CRs, blank lines, comments) is read by `records.read_record`, whose results the fast way equals on any
bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tributary.kernels.file_limits import too_many_dead_letters
from tributary.kernels.formats.csv.records import (
    BYTE_ORDER_MARK,
    Dialect,
    Limits,
    Reject,
    Row,
    UnfinishedError,
    header_lines,
    is_comment,
    is_header_line,
    is_skipped,
    leading_blank_bytes,
    read_record,
    wrong_field_count,
)

LINE_COLUMN = "\0line"
"""Name of the column of physical line numbers (int64, from 1), after the declared ones; none of a header
begins so.
"""

BYTES_COLUMN = "\0bytes"
"""Name of the column of records without their last line end, behind the line numbers where asked for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of the fields of a file, and whether the records are kept."""

    dialect: Dialect
    fields: tuple[str, ...]
    keeps_bytes: bool = False

    @property
    def places(self) -> pa.Schema:
        """The line number, and the record where it is kept."""
        kept = [(BYTES_COLUMN, pa.binary())] if self.keeps_bytes else []
        return pa.schema([(LINE_COLUMN, pa.int64()), *kept])

    @property
    def schema(self) -> pa.Schema:
        """The fields as text, then the places."""
        return pa.schema([*((name, pa.string()) for name in self.fields), *self.places])


@dataclass(frozen=True, slots=True)
class Parsed:
    """Result of a block: rows and rejects in line order, and the numbers of lines and bytes parsed.

    `headers` are the lines at which the header stands again.
    """

    rows: pa.RecordBatch
    rejects: list[Reject] = field(default_factory=list)
    lines_taken: int = 0
    bytes_taken: int = 0
    headers: tuple[int, ...] = ()

    @staticmethod
    def rejected(reject: Reject, layout: Layout) -> "Parsed":
        """A single reject and no row."""
        return Parsed(_empty(layout), [reject], 1)


_Slow = tuple[Row, bytes]
"""A row that was read by itself, and its record."""

Ending = Literal["unclosed-quote", "record-too-long"] | None


def parse_block(data: bytes, first_line: int, layout: Layout, limits: Limits, ending: Ending) -> Parsed:
    """Parse whole lines; `ending` says what a quote open at their end means, None that more are to come.

    With None, a record that is not finished is not taken.
    """
    if leading_blank_bytes(data, layout.dialect) == len(data):
        return Parsed(_empty(layout), [], _count_lines(data), len(data))
    if _is_plain(data, layout, limits):
        return _parse_plain(data, first_line, layout, limits)
    return _parse_carefully(data, first_line, layout, limits, ending)


def _is_plain(data: bytes, layout: Layout, limits: Limits) -> bool:
    """Return True where every line is regular, so that Arrow can read the block as it is.

    A file of one column is never plain, for there a line of spaces would pass for a row.
    """
    dialect = layout.dialect
    return (
        len(layout.fields) > 1
        and _is_ascii(dialect)
        and b'"' not in data
        and (dialect.escape is None or dialect.escape.encode() not in data)
        and not _may_have_comments(data, dialect)
        and not (dialect.header and dialect.header[0] in data)
        and b"\n\n" not in data
        and not data.startswith((b"\n", BYTE_ORDER_MARK))
        and (b"\r" not in data or _ends_lines_only(data))
        and _is_utf8(data)
        and not _has_long_line(data, limits.record_bytes)
    )


def _is_ascii(dialect: Dialect) -> bool:
    """Return True where Arrow and a pattern over bytes can tell the dialect's characters."""
    return f"{dialect.delimiter}{dialect.escape or ''}".isascii()


def _may_have_comments(data: bytes, dialect: Dialect) -> bool:
    return dialect.comment is not None and dialect.comment.encode() in data


def _ends_lines_only(data: bytes) -> bool:
    """Return True where each CR ends a line that is not empty."""
    return data.count(b"\r") == data.count(b"\r\n") and b"\n\r" not in data and not data.startswith(b"\r")


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    offsets = pa.array([0, len(data)], pa.int64()).buffers()[1]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _decodes(line: bytes) -> bool:
    """Return True where a short text is UTF-8, without Arrow."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_long_line(data: bytes, limit: int) -> bool:
    start = 0
    while len(data) - start > limit:
        end = data.rfind(b"\n", start, start + limit + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _parse_plain(data: bytes, first_line: int, layout: Layout, limits: Limits) -> Parsed:
    """Parse a block of regular lines in one go."""
    total = _count_lines(data)
    table, misfits = _read(data, layout, limits, quoting=b'"' in data)
    places = _places(first_line, total, _lines_of(data) if layout.keeps_bytes else None)
    rejects: list[Reject] = []
    if misfits:
        rejects = list(_misfit_rejects(misfits, data.split(b"\n"), places, layout))
        places = _without(places, misfits)
    return Parsed(_batch(table, places, layout), rejects, total, len(data))


def _places(first_line: int, lines: int, texts: pa.Array | None) -> pa.RecordBatch:
    """The places of whole records on lines that follow each other."""
    numbers = pa.arange(first_line, first_line + lines)
    named = {LINE_COLUMN: numbers} if texts is None else {LINE_COLUMN: numbers, BYTES_COLUMN: texts}
    return pa.RecordBatch.from_arrays(list(named.values()), list(named))


def _lines_of(data: bytes) -> pa.Array:
    """The regular lines of a block without their ends, without making an object of each."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    offsets = pa.array([0, len(data) - data.endswith(b"\n")], pa.int32()).buffers()[1]
    block = pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)])
    return pc.split_pattern(block, b"\n").values


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n")) if data else 0


def _parse_carefully(data: bytes, first_line: int, layout: Layout, limits: Limits, ending: Ending) -> Parsed:
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    regular: list[bytes] = []
    places: list[pa.RecordBatch] = []
    rows: list[_Slow] = []
    rejects: list[Reject] = []
    headers: list[int] = []
    taken = 0
    irregular_lines = _irregular_lines(data, lines, layout, limits)
    if not irregular_lines:
        return _parse_plain(data, first_line, layout, limits)
    for irregular in [*irregular_lines, len(lines)]:
        if irregular < taken:
            continue
        if irregular > taken:
            run = lines[taken:irregular]
            regular.extend(run)
            texts = [line.removesuffix(b"\r") for line in run] if layout.keeps_bytes else None
            kept = None if texts is None else pa.array(texts, pa.binary())
            places.append(_places(first_line + taken, len(run), kept))
            taken = irregular
        if taken == len(lines):
            break
        if is_skipped(lines[taken], layout.dialect):
            taken += 1
            continue
        if again := header_lines(lines, taken, layout.dialect):
            headers.append(first_line + taken)
            taken += again
            continue
        try:
            record, count = read_record(
                lines, taken, layout.dialect, limits, line=first_line + taken, ending=ending
            )
        except UnfinishedError:
            break
        text = b"\n".join(lines[taken : taken + count]).removesuffix(b"\r")
        taken += count
        if isinstance(record, Row):
            rows.append((record, text))
        else:
            rejects.append(record)
            _check(len(rejects), limits)
    batch, misfits = _parse_regular(regular, places, layout, limits)
    return Parsed(
        _merge(batch, rows, layout),
        sorted([*rejects, *misfits], key=lambda reject: reject.line),
        taken,
        min(sum(map(len, lines[:taken])) + taken, len(data)),
        tuple(headers),
    )


def _irregular_lines(data: bytes, lines: Sequence[bytes], layout: Layout, limits: Limits) -> list[int]:
    """The indices of the lines that are not regular, ascending; blank lines are not."""
    dialect = layout.dialect
    if not _is_ascii(dialect):
        return list(range(len(lines)))
    texts = pa.array(lines, pa.binary())
    pattern = _regular_line(dialect.delimiter, dialect.escape or "", single=len(layout.fields) == 1)
    found = set(pc.indices_nonzero(pc.invert(pc.match_substring_regex(texts, pattern))).to_pylist())
    if _has_long_line(data, limits.record_bytes):
        found.update(index for index, line in enumerate(lines) if len(line) > limits.record_bytes)
    if not _is_utf8(data):
        found.update(index for index, line in enumerate(lines) if not _decodes(line))
    if _may_have_comments(data, dialect):
        found.update(index for index, line in enumerate(lines) if is_comment(line, dialect))
    if dialect.header and dialect.header[0] in data:
        found.update(index for index, line in enumerate(lines) if is_header_line(line, dialect))
    for index, line in enumerate(lines):
        # Arrow drops a byte order mark at the start of what it reads.
        if index not in found and not line.startswith(BYTE_ORDER_MARK):
            break
        found.add(index)
    return sorted(found)


@cache
def _regular_line(delimiter: str, escape: str, *, single: bool) -> str:
    """The pattern (RE2) of a regular line without its LF: two fields or more, or one that is not blank."""
    d, e = (f"\\x{{{ord(each):x}}}" if each else "" for each in (delimiter, escape))
    quoted = rf'"(?:[^"\r{e}]|"")*"'
    if single:
        return rf'^(?:[^"\r{d}{e}]*[^"\r{d}{e} \t][^"\r{d}{e}]*|{quoted})\r?$'
    one = rf'(?:[^"\r{d}{e}]*|{quoted})'
    return rf"^{one}(?:{d}{one})+\r?$"


def _parse_regular(
    lines: list[bytes], places: list[pa.RecordBatch], layout: Layout, limits: Limits
) -> tuple[pa.RecordBatch, Iterable[Reject]]:
    if not lines:
        return _empty(layout), ()
    table, misfits = _read(b"\n".join(lines), layout, limits, quoting=True)
    of_lines = pa.concat_batches(places)
    rejects = list(_misfit_rejects(misfits, lines, of_lines, layout))
    return _batch(table, _without(of_lines, misfits), layout), rejects


def _check(rejects: int, limits: Limits) -> None:
    if rejects > limits.rejects:
        raise too_many_dead_letters(f"{limits.rejects}", rejects)


def _read(
    data: bytes, layout: Layout, limits: Limits, *, quoting: bool
) -> tuple[pa.Table, list[tuple[int, int]]]:
    """The rows that Arrow reads, and of each line that does not fit its index and its number of fields."""
    misfits: list[tuple[int, int]] = []
    rejects = 0
    blanks = " \t\r".replace(layout.dialect.delimiter, "")

    def skip(row: arrow_csv.InvalidRow) -> str:
        nonlocal rejects
        misfits.append((row.number - 1, row.actual_columns))
        rejects += bool(row.text.strip(blanks))
        return "skip" if rejects <= limits.rejects else "error"

    try:
        table = _read_csv(data, layout, skip, quoting=quoting)
    except pa.ArrowInvalid:
        _check(rejects, limits)
        raise
    return table, misfits


def _read_csv(
    data: bytes, layout: Layout, skip: Callable[[arrow_csv.InvalidRow], str], *, quoting: bool
) -> pa.Table:
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            block_size=len(data) + 1,
            column_names=layout.fields,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.dialect.delimiter,
            quote_char='"' if quoting else False,
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            check_utf8=False,
            column_types={name: pa.string() for name in layout.fields},
            null_values=layout.dialect.nulls,
            strings_can_be_null=bool(layout.dialect.nulls),
            quoted_strings_can_be_null=False,
        ),
    )


def _misfit_rejects(
    misfits: list[tuple[int, int]], lines: Sequence[bytes], places: pa.RecordBatch, layout: Layout
) -> Iterable[Reject]:
    for index, found in misfits:
        raw = lines[index].removesuffix(b"\r")
        if not is_skipped(raw, layout.dialect):
            yield wrong_field_count(raw, found, layout.dialect, places[LINE_COLUMN][index].as_py())


def _without(places: pa.RecordBatch, misfits: list[tuple[int, int]]) -> pa.RecordBatch:
    if not misfits:
        return places
    bounds = [-1, *(index for index, _ in misfits), places.num_rows]
    return pa.concat_batches([places[before + 1 : after] for before, after in pairwise(bounds)])


def _batch(table: pa.Table, places: pa.RecordBatch, layout: Layout) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays([*columns, *places.columns], schema=layout.schema)


def _empty(layout: Layout) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=layout.schema)


def _merge(batch: pa.RecordBatch, rows: list[_Slow], layout: Layout) -> pa.RecordBatch:
    """The rows of both, in the order of their lines."""
    if not rows:
        return batch
    arrays = [
        pa.array([row.fields[index] for row, _ in rows], pa.string()) for index in range(len(layout.fields))
    ]
    places = [pa.array([row.line for row, _ in rows], pa.int64())]
    if layout.keeps_bytes:
        places.append(pa.array([text for _, text in rows], pa.binary()))
    slow = pa.RecordBatch.from_arrays([*arrays, *places], schema=layout.schema)
    if not batch.num_rows:
        return slow
    both = pa.concat_batches([batch, slow])
    return both.take(pc.sort_indices(both, sort_keys=[(LINE_COLUMN, "ascending")]))
