"""Splitting of a file into objects one behind the other, each over any number of lines."""

from collections.abc import Iterable, Iterator

from tributary.kernels.formats.json.elements import broken_rest
from tributary.kernels.formats.json.records import Record
from tributary.kernels.formats.json.window import BLANKS, ENCODING, Window
from tributary.kernels.formats.ndjson.plain import next_record
from tributary.kernels.record_limits import RecordLimits


def documents(chunks: Iterable[bytes], limits: RecordLimits) -> Iterator[Record]:
    """The objects of a file, streamed; they are told apart as those on one line are.

    From where that cannot be, the file is one record to its end: so a broken object never gives rows out of
    its inside. Memory holds a window that grows to the longest, of at most `line_bytes`.
    """
    window = Window(chunks, limits.line_bytes)
    window.skip_mark()
    window.skip_space()
    while (end := next_object(window)) is not None:
        yield Record(window.offset, window.text[window.at : end].rstrip(BLANKS).encode(ENCODING))
        window.at = end
    if window.peek():
        record = broken_rest(window, limits, ("line-too-long", None))
        yield record if record.length > limits.line_bytes else Record(record.offset, record.text)


def next_object(window: Window) -> int | None:
    """Return where the object behind the one at the window's place begins; None where there is none."""
    while True:
        end = next_record(window.text, window.at)
        if end is not None or window.is_full() or not window.grow():
            return end
