"""Splitting of a JSON array into elements, without validation: the NDJSON kernel validates them."""

from collections.abc import Generator, Iterable, Iterator

from tributary.kernels.formats.json.records import Record, Why
from tributary.kernels.formats.json.window import BLANKS, ENCODING, Window
from tributary.kernels.record_limits import RecordLimits

BROKEN_ARRAY: Why = "broken-array", "the array cannot be split from here on"


def elements(chunks: Iterable[bytes], limits: RecordLimits) -> Iterator[Record]:
    """The elements of one array, streamed, and what could not be split as the last one.

    An element that is no JSON is one as long as its brackets and quotes match, and so harms none of the
    others. Memory holds a window that grows to the longest element, of at most `line_bytes`: with a longer
    one the array breaks.
    """
    window = Window(chunks, limits.line_bytes)
    window.skip_mark()
    if not window.skip_space():
        return
    window.skip("[")
    is_whole = yield from elements_here(window)
    if not is_whole or window.skip_space():
        yield broken_rest(window, limits, BROKEN_ARRAY)


def elements_here(window: Window) -> Generator[Record, None, bool]:
    """The elements of the array whose bracket stands before the place; returns whether it is whole."""
    if window.skip_space() == "]":
        return window.skip("]")
    while (end := window.value_end("]")) is not None:
        yield Record(window.offset, window.text[window.at : end].rstrip(BLANKS).encode(ENCODING))
        window.at = end
        if window.skip_space() == "]":
            return window.skip("]")
        window.skip(",")
        window.skip_space()
    return False


def broken_rest(window: Window, limits: RecordLimits, why: Why) -> Record:
    """What comes from the window's place or anchor on, as a reject."""
    offset = window.begin_offset
    text, length = window.rest(limits.kept_bytes)
    return Record(offset, text, length=length, why=why)
