"""Records inside objects: CloudTrail's `Records`, the `logEvents` of CloudWatch, DynamoDB's `Item`."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import JsonFormat
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.json.documents import next_object
from tributary.kernels.formats.json.elements import broken_rest, elements_here
from tributary.kernels.formats.json.records import Record, Why
from tributary.kernels.formats.json.window import BLANKS, ENCODING, Window
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.formats.ndjson.reasons import shown
from tributary.kernels.record_limits import RecordLimits

_BLANKS = BLANKS.encode()

NO_RECORDS = "no-records"
BROKEN_ENVELOPE = "broken-envelope"


def records_in_envelopes(
    chunks: Iterable[bytes], how: JsonFormat, limits: RecordLimits, *, is_lines: bool
) -> Iterator[Record]:
    """The records of all envelopes of a file, and as rejects those envelopes, or parts, that give none.

    Envelopes stand one behind the other, on lines of their own or not, or are the elements of an array. They
    are streamed: memory holds the longest record, of at most `line_bytes`; where something `around` comes
    behind the records, it holds the envelope, which must be no longer than that.
    """
    if is_lines:
        yield from _of_lines(chunks, how, limits)
    else:
        yield from _Envelopes(Window(chunks, limits.line_bytes), how, limits).records()


def _of_lines(chunks: Iterable[bytes], how: JsonFormat, limits: RecordLimits) -> Iterator[Record]:
    """The same of lines, each by itself; the kernel tells at once where an object is all that one holds."""
    inside = how.records[0] if len(how.records) == 1 and not how.around else None
    key = json.dumps(inside, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for batch in parse(chunks, limits, keep_lines=True):
        for offset, line, text, length in _lines(batch, inside):
            if length > len(line):
                yield Record(offset, line, length=length, why=("line-too-long", None))
            elif text.startswith(b"{") and (at := _place_behind(key, line, text)) is not None:
                yield Record(offset + at, text)
            else:
                yield from _Envelopes(Window([line], limits.line_bytes, offset), how, limits).records()


def _place_behind(key: bytes, line: bytes, text: bytes) -> int | None:
    """Return where the text stands in the line behind the key; None where it may stand for another value.

    A string that reads like the text is written with quotes or escapes, so without either it is no such one.
    """
    before, _, behind = line.partition(text)
    is_only = text not in behind and key not in behind and b"\\" not in before and b"\\" not in behind
    if is_only and behind and before.count(key) == 1:
        own = before.rstrip(_BLANKS).removesuffix(b":").rstrip(_BLANKS)
        return len(before) if own.endswith(key) else None
    return None


def _lines(batch: FormatBatch, inside: str | None) -> list[tuple[int, bytes, bytes, int]]:
    """Offset, bytes, text of the value at a key, and length of each line of a batch, in their order."""
    nothing = pa.repeat(b"", batch.rows.num_rows)
    texts = batch.rows[inside].cast(pa.binary()) if inside in batch.rows.schema.names else nothing
    rows = zip(
        *(batch.positions[name].to_pylist() for name in ("offset", "bytes")),
        pc.fill_null(texts, b"").to_pylist(),
        batch.positions["length"].to_pylist(),
        strict=True,
    )
    rejects = zip(*(batch.rejects[name].to_pylist() for name in ("offset", "bytes", "length")), strict=True)
    return sorted([*rows, *((offset, line, b"", length) for offset, line, length in rejects)])


class _BrokenError(Exception):
    """What is here is no envelope."""


@dataclass(slots=True)
class _Envelope:
    """What is known of an envelope: what stands around its records, and records that wait for that."""

    around: dict[str, str] = field(default_factory=dict)
    waiting: list[Record] = field(default_factory=list)
    has_records: bool = False


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class _Envelopes:
    def __init__(self, window: Window, how: JsonFormat, limits: RecordLimits) -> None:
        self._window = window
        self._path = how.records
        self._asked = how.around
        self._limits = limits
        self._is_given_up = False
        self._shown = " > ".join(map(shown, how.records))

    def records(self) -> Iterator[Record]:
        window = self._window
        window.skip_mark()
        window.skip_space()
        is_array = window.skip("[")
        while (mark := window.skip_space()) and not (is_array and mark == "]"):
            yield from self._envelope()
            if is_array and window.skip_space() == ",":
                window.skip(",")
        if is_array and not self._is_given_up and not (window.skip("]") and not window.skip_space()):
            yield broken_rest(
                window, self._limits, self._broken("the array of envelopes is not closed, or goes on")
            )

    def _envelope(self) -> Iterator[Record]:
        window = self._window
        window.anchor = window.at
        envelope = _Envelope()
        try:
            if not window.skip("{"):
                raise _BrokenError("it does not begin with a bracket")
            yield from self._members(envelope, self._path, is_outermost=True)
            around = self._around(envelope) if envelope.waiting else b""
        except _BrokenError as error:
            yield self._rejected(self._broken(f"the envelope is broken: {error}"))
            return
        if envelope.has_records:
            window.anchor = None
            yield from (Record(record.offset, record.text, around) for record in envelope.waiting)
        else:
            yield self._cut(window.at, (NO_RECORDS, f"the envelope has no {self._shown}"))

    def _members(self, envelope: _Envelope, path: tuple[str, ...], *, is_outermost: bool) -> Iterator[Record]:
        """Go through the members of an object, whose bracket stands before the window's place."""
        window = self._window
        seen: set[str] = set()
        if window.skip_space() == "}":
            window.skip("}")
            return
        while True:
            key = self._key()
            if key in seen:
                raise _BrokenError(f"the key {shown(key)} stands twice")
            if key == path[0]:
                yield from self._found(envelope, path[1:])
            else:
                text = self._value()
                if is_outermost and key in self._asked:
                    envelope.around[key] = text
            if key == path[0] or key in self._asked:
                seen.add(key)
            if window.skip_space() == "}":
                window.skip("}")
                return
            if not window.skip(","):
                raise _BrokenError("a comma or a bracket is missing")
            window.skip_space()

    def _found(self, envelope: _Envelope, path: tuple[str, ...]) -> Iterator[Record]:
        """What a key of the path leads to: an object on the way, or the records."""
        window = self._window
        mark = window.peek()
        if path:
            if mark != "{":
                self._value()
                return
            window.skip("{")
            yield from self._members(envelope, path, is_outermost=False)
            return
        if mark == "n":
            self._value()
            return
        envelope.has_records = True
        around = self._around(envelope)
        is_known = len(envelope.around) == len(self._asked)
        if is_known:
            window.anchor = None
        for record in self._here(mark):
            if is_known:
                yield Record(record.offset, record.text, around)
            else:
                envelope.waiting.append(record)
                self._must_fit()

    def _here(self, mark: str) -> Iterator[Record]:
        window = self._window
        if mark == "[":
            window.skip("[")
            is_whole = yield from elements_here(window)
            if not is_whole:
                raise _BrokenError("its array cannot be split from here on")
        else:
            offset = window.offset
            yield Record(offset, self._value().encode(ENCODING))

    def _key(self) -> str:
        """Take a key and its colon."""
        window = self._window
        end = window.string_end() if window.peek() == '"' else None
        if end is None:
            raise _BrokenError("a key is missing")
        try:
            key = json.loads(window.text[window.at : end].encode(ENCODING))
        except ValueError as error:
            raise _BrokenError("a key is not JSON") from error
        window.at = end
        window.skip_space()
        if not window.skip(":"):
            raise _BrokenError("a colon is missing")
        window.skip_space()
        return str(key)

    def _value(self) -> str:
        """Take a value; it is not validated."""
        window = self._window
        end = window.value_end("}")
        if end is None:
            raise _BrokenError("a value has no end, or the envelope is too long")
        text = window.text[window.at : end].rstrip(BLANKS)
        window.at = end
        self._must_fit()
        return text

    def _must_fit(self) -> None:
        """Refuse an envelope that is held for what stands around its records, and grows too long."""
        window = self._window
        if window.anchor is not None and window.at - window.anchor > self._limits.line_bytes:
            raise _BrokenError(
                f"it has more than {self._limits.line_bytes} bytes, and not all that is kept of it stands"
                " before its records"
            )

    def _around(self, envelope: _Envelope) -> bytes:
        """What is known to stand around the records, as members of an object."""
        members = ",".join(f"{json.dumps(key)}:{text}" for key, text in envelope.around.items())
        around = members.encode(ENCODING)
        try:
            json.loads(b"{%s}" % around, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise _BrokenError("what stands around its records is not JSON") from error
        return around

    def _broken(self, message: str) -> Why:
        return BROKEN_ENVELOPE, message

    def _rejected(self, why: Why) -> Record:
        """The envelope as a reject; where records of it were given, what is left, and all behind it."""
        window = self._window
        if window.anchor is not None:
            window.at = window.anchor
            if (end := next_object(window)) is not None:
                return self._cut(end, why)
        self._is_given_up = True
        return broken_rest(window, self._limits, why)

    def _cut(self, end: int, why: Why) -> Record:
        """The envelope from its anchor to an end, as a reject."""
        window = self._window
        offset = window.begin_offset
        text = window.text[window.anchor : end].rstrip(BLANKS).encode(ENCODING)
        window.at, window.anchor = end, None
        return Record(offset, text, length=len(text), why=why)
