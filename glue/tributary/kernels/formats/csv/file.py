"""A CSV file from its first byte to the last: header, rows and rejects, as batches."""

from collections.abc import Iterator

import pyarrow as pa

from tributary.datasets.declaration import CsvFormat
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.formats.csv.block import BYTES_COLUMN, LINE_COLUMN, Layout, Parsed
from tributary.kernels.formats.csv.header import match_header
from tributary.kernels.formats.csv.reader import BLOCK_BYTES, CsvRows, fixed_blocks, read_header
from tributary.kernels.formats.csv.records import MAXIMUM_RECORD_BYTES, Dialect, Limits


def read_csv(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The rows, with a column a field of the header, and the rejects.

    A declared column has the name that was asked for; a field that no column declares has its own, trimmed,
    and a number behind it where another one has the same. Raises `EmptyFileError`, `UnreadableHeaderError`,
    `HeaderMismatchError` and `TooManyDeadLettersError`.
    """
    if not isinstance(asked.format, CsvFormat):
        raise TypeError(asked.format)
    delimiter = asked.format.delimiter
    limits = Limits(
        record_bytes=min(asked.limits.line_bytes, MAXIMUM_RECORD_BYTES), rejects=asked.dead_letters
    )
    blocks = fixed_blocks(content.chunks, BLOCK_BYTES)
    header = read_header(blocks, delimiter, limits)
    match = match_header(
        header.fields, asked.keys, [column.key for column in asked.columns if column.required]
    )
    for sentence in match.drift:
        content.tell(sentence)
    layout = Layout(Dialect(delimiter, len(header.fields)), match.fields, match.fields, asked.keeps_bytes)
    for parsed in CsvRows(header, blocks, layout, limits):
        if parsed.rows.num_rows or parsed.rejects:
            yield _batch(parsed, layout)


def _batch(parsed: Parsed, layout: Layout) -> FormatBatch:
    rows = parsed.rows
    untold = pa.nulls(rows.num_rows, pa.int64())
    places = {"line": rows[LINE_COLUMN], "offset": untold, "length": untold}
    schema = POSITIONS
    if layout.keeps_bytes:
        places["bytes"], schema = rows[BYTES_COLUMN], POSITIONS_WITH_BYTES
    rejects = [
        {
            "line": reject.line,
            "length": reject.length,
            "reason": reject.reason,
            "bytes": reject.raw,
            "message": reject.message,
        }
        for reject in parsed.rejects
    ]
    return FormatBatch(
        rows.select(layout.columns),
        pa.RecordBatch.from_arrays(list(places.values()), schema=schema),
        pa.RecordBatch.from_pylist(rejects, schema=REJECTS),
    )
