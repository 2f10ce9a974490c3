"""Sentences that say where and why a record is no row; made after the kernel, for rejected records alone."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Final
from unicodedata import name

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.batch import REJECTS, FormatBatch
from tributary.kernels.formats.ndjson.batch import MESSAGES, Reason
from tributary.kernels.formats.ndjson.plain import RecordReader, RejectedError
from tributary.kernels.record_limits import RecordLimits
from tributary.terminal import visible, visible_json

_FILE_BYTES = 256 << 10
_RECORD_COST = 64
_KEY_SHOWN = 100
_SEEN = 200

_WORD = re.compile(r"-?[A-Za-z_$][A-Za-z0-9_$]*")
_NUMBER = re.compile(r"[-+]?[0-9.][0-9A-Za-z.+_-]*|[-+]")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,4}|.)?", re.DOTALL)
_COMMENT = re.compile(r"//|/\*|#|--|<!--")
_TWICE = "the key {} stands twice: around the records, in the envelope, and in the record itself"
_TWICE_SOMEWHERE = "a key stands twice in the record, or around it in the envelope and in the record"
_KINDS: Final = {"[": "an array", "t": "true", "f": "false", "n": "null"}
_QUOTES = "'`‘’“”„«»"


class Explanations:
    """Reasons of one file's rejects, in words; beyond a quarter megabyte the general sentence is left."""

    def __init__(self, limits: RecordLimits, around: Collection[str]) -> None:
        self._limits = limits
        self._around = around
        self._left = _FILE_BYTES

    def added(self, batch: FormatBatch) -> FormatBatch:
        """The batch, whose rejects have a message where they had none and one can be told."""
        if not batch.rejects.num_rows:
            return batch
        told = self._told(batch.rejects)
        if self._around:
            # what is generally said of a key that is there twice is not so of one that its envelope has, too
            is_twice = pc.equal(batch.rejects["reason"], "duplicate-key")
            told = pc.if_else(pc.and_(is_twice, pc.is_null(told)), _TWICE_SOMEWHERE, told)
        rejects = pa.RecordBatch.from_arrays([*batch.rejects.columns[:-1], told], schema=REJECTS)
        return FormatBatch(batch.rows, batch.positions, rejects)

    def _told(self, rejects: pa.RecordBatch) -> pa.Array:
        """The messages, of as many rejects as the share that is left may be enough for."""
        most = self._left // _RECORD_COST + 1 if self._left > 0 else 0
        messages = [
            reject["message"] or self._message(reject["bytes"], reject["reason"])
            for reject in rejects.slice(0, most).select(["bytes", "reason", "message"]).to_pylist()
        ]
        return pa.concat_arrays([pa.array(messages, pa.string()), rejects["message"].slice(most)])

    def _message(self, record: bytes, reason: str) -> str | None:
        if self._left <= 0 or reason not in MESSAGES:
            return None
        explained, characters = explain(record, reason, self._limits, self._around, self._left)
        self._left -= characters + _RECORD_COST
        return explained


def explained(
    batches: Iterator[FormatBatch], limits: RecordLimits, around: Collection[str] = ()
) -> Iterator[FormatBatch]:
    """The batches of one file with their reasons in words; each record has the keys `around` it, too."""
    explanations = Explanations(limits, around)
    for batch in batches:
        yield explanations.added(batch)


def explain(
    record: bytes, reason: str, limits: RecordLimits, around: Collection[str] = (), most: int = _FILE_BYTES
) -> tuple[str | None, int]:
    """A sentence on a record that was rejected so, and how many characters were looked at for it.

    Of a longer record the first `most` bytes are looked at. None where the sentence of `MESSAGES` is all that
    can be said. The keys `around` are its envelope's.
    """
    if reason == "line-too-long":
        return None, 0
    if reason == "invalid-utf8":
        return _wrong_bytes(record), 0
    # the cut may go through a character
    text = record[:most].decode("utf-8", "ignore")
    if reason == "not-an-object":
        return f"the record is {_kind(text.lstrip())}, not an object", len(text)
    # A line feed is white space or, in a text, an error: the same as a CR, which the reader of lines knows.
    reader = RecordReader(text.replace("\n", "\r"), limits)
    try:
        row = reader.read()
    except RejectedError as rejected:
        if rejected.reason == reason:
            return _sentence(reader, text, rejected.reason, is_cut=most < len(record)), reader.at
        return None, reader.at
    twice = next((key for key in row if key in around), None) if reason == "duplicate-key" else None
    return None if twice is None else _TWICE.format(shown(twice)), reader.at


def _wrong_bytes(record: bytes) -> str | None:
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = record[error.start : error.end].hex(" ").upper()
        return f"not UTF-8: byte {error.start + 1} of the record is {wrong}"
    return None


def _sentence(reader: RecordReader, text: str, reason: Reason, *, is_cut: bool) -> str:
    if reason == "not-json":
        if is_cut and reader.at == len(text):
            return f"not JSON, somewhere behind its first {len(text)} characters"
        return f"not JSON at {_place(text, reader.at)}: {_cause(reader, text)}"
    return _of_token(reader, _place(text, reader.token), reason)


def _of_token(reader: RecordReader, where: str, reason: Reason) -> str:
    if reason == "duplicate-key":
        return f"the key {shown(reader.key)} stands twice, the second time at {where}"
    if reason == "lone-surrogate":
        return f"the text at {where} has a \\u escape for half of a surrogate pair"
    if reason == "too-deep":
        return f"the bracket at {where} opens level {reader.limits.depth + 1}, one more than is read"
    return f"the key {shown(reader.key)} at {where} is one more than is read"


def shown(key: str) -> str:
    """A key in quotes, shortened, with what cannot be seen by code point."""
    return visible_json(key if len(key) <= _KEY_SHOWN else f"{key[:_KEY_SHOWN]}…")


def _place(text: str, at: int) -> str:
    """The column, from 1; of a record over several lines with the line in it."""
    column = at - text.rfind("\n", 0, at)
    if "\n" not in text:
        return f"column {column}"
    return f"line {text.count(chr(10), 0, at) + 1}, column {column} of the record"


def _kind(text: str) -> str:
    if not text.startswith('"'):
        return _KINDS.get(text[:1], "a number")
    try:
        inner = json.loads(text)
        is_encoded_twice = isinstance(json.loads(inner), dict)
    except (ValueError, RecursionError):
        is_encoded_twice = False
    return "a text that holds JSON (encoded twice)" if is_encoded_twice else "a text"


def _cause(reader: RecordReader, text: str) -> str:
    """What stands in the way at `reader.at`."""
    if reader.in_text:
        return _cause_in_text(text, reader.at, reader.token)
    rest = text[reader.at : reader.at + _SEEN]
    if not rest:
        return _cause_at_end(reader)
    wanted = _wanted(reader)
    return (
        _cause_anywhere(rest, wanted)
        or _comma_too_many(rest, text[: reader.at].rstrip()[-1:])
        or _cause_by_place(reader, text, rest, wanted)
        or f"{_character(rest[0])} where {wanted} is expected"
    )


def _cause_anywhere(rest: str, wanted: str) -> str | None:
    if _COMMENT.match(rest):
        return "a comment, which JSON does not have"
    if rest[0] in _QUOTES:
        return f"{_character(rest[0])} where {wanted} is expected: texts stand in double quotes"
    return None


def _comma_too_many(rest: str, before: str) -> str | None:
    if before == "," and rest[0] in "}],":
        return "a comma too many" + (f' before "{rest[0]}"' if rest[0] != "," else "")
    return None


def _cause_by_place(reader: RecordReader, text: str, rest: str, wanted: str) -> str | None:
    word = _WORD.match(rest)
    if wanted == "the end":
        return _cause_behind(rest)
    if wanted == "a key":
        return f"the key {shown(word.group())} without quotes" if word else None
    if wanted == "a value":
        number = _NUMBER.match(rest)
        return _no_word(word.group()) if word else _no_number(number.group()) if number else None
    return _cause_behind_member(reader, text, rest) if reader.allowed[0] == "," else None


def _cause_behind_member(reader: RecordReader, text: str, rest: str) -> str | None:
    if (rest[0].isalnum() or rest[0] in "._-+") and (number := _NUMBER.match(text, reader.before)):
        return _no_number(number.group())
    if text[reader.at - 1] == '"' and rest[0] not in "}]":
        return f'{_character(rest[0])} behind the end of a text: a quote in a text is written \\"'
    return f"a comma is missing before {_character(rest[0])}" if rest[0] in '"{[' else None


def _cause_in_text(text: str, at: int, begin: int) -> str:
    where = f"the text that begins at {_place(text, begin)}"
    if at >= len(text):
        return f"{where} is not closed"
    if text[at] == "\\":
        escape = _ESCAPE.match(text, at)
        return f"the escape {visible(escape.group() if escape else '')}, which JSON does not have, in {where}"
    if text[at] in "\n\r":
        return f"{where} is not closed on its line (a line break in a text is written \\n)"
    return f"{_character(text[at])} in {where}: it is written \\u{ord(text[at]):04x}"


def _cause_at_end(reader: RecordReader) -> str:
    left = f"with {len(reader.open)} brackets open" if len(reader.open) > 1 else "with a bracket open"
    return f"it ends {left if reader.open else 'where a value is expected'}, as if cut off"


def _cause_behind(rest: str) -> str:
    if rest[0] == ",":
        return "a comma behind the value, which is all of the record"
    if rest[0] in "}]":
        return f'a closing "{rest[0]}" too many'
    return f"{_character(rest[0])} behind the value, which is all of the record"


def _wanted(reader: RecordReader) -> str:
    if not reader.allowed:
        return "the end"
    if reader.allowed in ('"}', '"'):
        return "a key"
    if reader.allowed == ":":
        return "a colon"
    if reader.allowed[:1] == ",":
        return f'a comma or "{reader.allowed[-1]}"'
    return "a value"


def _no_number(number: str) -> str:
    return f"the number {shown(number)} is not written as in JSON{_why_no_number(number)}"


def _why_no_number(number: str) -> str:
    digits = number.lstrip("+-")
    if number.startswith("+"):
        return ": it has a plus sign"
    if digits.startswith("."):
        return ": a digit is missing before the point"
    if re.match(r"0[0-9]", digits):
        return ": it begins with 0"
    if re.match(r"0[xXoObB]", digits):
        return ": it is not decimal"
    if re.search(r"\.(?![0-9])", digits):
        return ": a digit is missing behind the point"
    return ""


def _no_word(word: str) -> str:
    return f"the word {shown(word)}, which JSON does not have{_instead(word)}"


def _instead(word: str) -> str:
    known = {"True": "true", "False": "false", "None": "null", "undefined": "null", "nil": "null"}
    known |= {"TRUE": "true", "FALSE": "false", "NULL": "null", "Null": "null"}
    if word in known:
        return f": it has {known[word]}"
    if word.lstrip("-").lower() in ("nan", "infinity", "inf"):
        return ": write null, or a text"
    return ""


def _character(character: str) -> str:
    """A character in quotes, or by its code point where it cannot be seen or is easily taken for another."""
    if character.isascii() and character.isprintable() and character != " ":
        return f"'{character}'" if character == '"' else f'"{character}"'
    return f"U+{ord(character):04X} ({name(character, 'a control character').lower()})"
