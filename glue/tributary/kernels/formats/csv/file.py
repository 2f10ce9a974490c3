"""A CSV file from its first byte to the last: header, rows and rejects, as batches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import CsvFormat
from tributary.errors import UnreadableHeaderError
from tributary.expected import expected
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.formats.csv.block import BYTES_COLUMN, LINE_COLUMN, Layout, Parsed
from tributary.kernels.formats.csv.coding import coded
from tributary.kernels.formats.csv.header import CsvColumn, match_header
from tributary.kernels.formats.csv.likely_encoding import LikelyEncoding
from tributary.kernels.formats.csv.reader import BLOCK_BYTES, CsvRows, fixed_blocks, read_header
from tributary.kernels.formats.csv.records import MAXIMUM_RECORD_BYTES, Dialect, Limits


class CsvFile:
    """A file as it is read: its layout, and its rows and rejects block by block; iterate once.

    Texts and bytes are those of the file, whatever its encoding. `drift` has what is odd about the file for
    all that it is read, whole once the rows were.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        options: CsvFormat,
        columns: Sequence[CsvColumn],
        limits: Limits,
        *,
        keeps_bytes: bool = False,
    ) -> None:
        """Read as far as the header.

        Raises `EmptyFileError`, `UnreadableHeaderError`, `HeaderMismatchError`, and what the chunks raise.
        """
        self._coding, utf8 = coded(chunks, options)
        blocks = fixed_blocks(utf8, BLOCK_BYTES)
        header = read_header(blocks, options, limits)
        self._encoding = LikelyEncoding(self._coding.is_marked or not "".join(header.fields).isascii())
        dialect = Dialect(options.delimiter, None, options.escape, options.comment)
        match = match_header(header, columns, dialect)
        undeclared = len({*match.fields}.difference(column.key for column in columns))
        if undeclared > limits.fields:
            wanted = f"at most {limits.fields} fields that no column declares"
            raise UnreadableHeaderError(expected(wanted, undeclared))
        self._drift = match.drift
        self._names = header.names
        self._headers: list[int] = []
        self.layout = Layout(
            replace(
                dialect,
                fields=len(header.fields),
                nulls=options.nulls or (),
                header=header.lines if options.header else (),
            ),
            match.fields,
            keeps_bytes,
        )
        self._rows = CsvRows(header, blocks, self.layout, limits)

    def __iter__(self) -> Iterator[Parsed]:
        """Raises `TooManyDeadLettersError`, and what the chunks raise."""
        for block in self._rows:
            parsed = self._without_headers(block)
            self._headers += parsed.headers
            told = parsed if self._coding.codec != "utf-8" else self._hinted(parsed)
            yield told if self._coding.is_plain else self._original(told)

    @property
    def drift(self) -> tuple[str, ...]:
        """Readable sentences."""
        if not self._headers:
            return self._drift
        times = "once" if len(self._headers) == 1 else f"{len(self._headers)} times"
        return (
            *self._drift,
            f"the header stands again {times}, first on line {self._headers[0]}, and is no row",
        )

    def _without_headers(self, parsed: Parsed) -> Parsed:
        """The block without rows that are the header again, in other quotes or another case."""
        if not self.layout.dialect.header or len(self._names) < 2:
            return parsed
        first = self.layout.fields[0]
        like = pc.equal(pc.binary_length(parsed.rows[first]), len(self._names[0].encode()))
        again = pc.indices_nonzero(like)
        for field, name in zip(self.layout.fields, self._names, strict=True):
            if not len(again):
                return parsed
            texts = pc.utf8_lower(pc.utf8_trim_whitespace(parsed.rows[field].take(again)))
            again = again.filter(pc.equal(texts, name.strip().lower()))
        if not len(again):
            return parsed
        lines = parsed.rows[LINE_COLUMN].take(again).to_pylist()
        kept = pc.invert(pc.is_in(pa.arange(0, parsed.rows.num_rows), again.cast(pa.int64())))
        headers = tuple(sorted([*parsed.headers, *lines]))
        return replace(parsed, rows=parsed.rows.filter(kept), headers=headers)

    def _hinted(self, parsed: Parsed) -> Parsed:
        if not parsed.rejects:
            return parsed
        texts = (parsed.rows[name] for name in self.layout.fields)
        return replace(parsed, rejects=self._encoding.of_rejects(parsed.rejects, texts))

    def _original(self, parsed: Parsed) -> Parsed:
        columns = {name: parsed.rows[name] for name in parsed.rows.schema.names}
        for name in self.layout.fields:
            columns[name] = self._coding.original_texts(columns[name])
        if self.layout.keeps_bytes:
            columns[BYTES_COLUMN] = self._coding.original_records(columns[BYTES_COLUMN])
        return replace(
            parsed,
            rows=pa.RecordBatch.from_arrays(list(columns.values()), schema=parsed.rows.schema),
            rejects=[self._coding.original_reject(reject) for reject in parsed.rejects],
        )


def read_csv(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The rows, with a column a field of the header, and the rejects.

    A declared column has the key that was asked for; a field that no column declares has its own name,
    trimmed, and a number behind it where another one has the same. Raises `EmptyFileError`,
    `UnreadableHeaderError`, `HeaderMismatchError` and `TooManyDeadLettersError`.
    """
    if not isinstance(asked.format, CsvFormat):
        raise TypeError(asked.format)
    required = {column.key for column in asked.columns if column.required}
    file = CsvFile(
        content.chunks,
        asked.format,
        [CsvColumn(key, key in required) for key in asked.keys],
        Limits(
            record_bytes=min(asked.limits.line_bytes, MAXIMUM_RECORD_BYTES),
            rejects=asked.dead_letters,
            fields=asked.limits.keys,
        ),
        keeps_bytes=asked.keeps_bytes,
    )
    for parsed in file:
        if parsed.rows.num_rows or parsed.rejects:
            yield _batch(parsed, file.layout)
    for sentence in file.drift:
        content.tell(sentence)


def _batch(parsed: Parsed, layout: Layout) -> FormatBatch:
    rows = parsed.rows
    untold = pa.nulls(rows.num_rows, pa.int64())
    places = {"line": rows[LINE_COLUMN], "offset": untold, "length": untold}
    schema = POSITIONS
    if layout.keeps_bytes:
        records = rows[BYTES_COLUMN]
        places |= {"length": pc.binary_length(records).cast(pa.int64()), "bytes": records}
        schema = POSITIONS_WITH_BYTES
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
        rows.select(layout.fields),
        pa.RecordBatch.from_arrays(list(places.values()), schema=schema),
        pa.RecordBatch.from_pylist(rejects, schema=REJECTS),
    )
