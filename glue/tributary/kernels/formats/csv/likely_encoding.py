"""Hint at the encoding of a file whose records are not UTF-8, by what else it has."""

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.csv.records import Reject

_NOT_UTF_8 = "invalid-utf8"
# No characters of windows-1252.
_UNDEFINED_IN_1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
# Hiragana, katakana, or two of the commonest kanji beside each other; in windows-1252 quotes and dashes would
# stand amid letters. One pair alone is an apostrophe's, too: its byte and the t of "don't" are a kanji.
_SHIFT_JIS: Final = re.compile(
    rb"\x82[\x9f-\xf1]|\x83[\x40-\x7e\x80-\x96]|(?:[\x88-\x9f][\x40-\x7e\x80-\xfc]){2}"
)


@dataclass(slots=True)
class LikelyEncoding:
    """What is known of a file: whether it `is_utf8`, by its mark or by a character beyond ASCII that is.

    Text of windows-1252 has hardly ever two bytes beside each other that are one character of UTF-8. So where
    one stands, another byte that is none was damaged or cut off, and the file is not of another encoding. Nor
    is it windows-1252 once a record of it `is_other`: has bytes that this lacks, or looks like Shift-JIS.
    """

    is_utf8: bool
    is_other: bool = False

    def of_rejects(self, rejects: Sequence[Reject], rows: Iterable[pa.Array]) -> list[Reject]:
        """The rejects of a block, those that are not UTF-8 with a hint; `rows` are the texts of its rows."""
        odd = [reject.raw for reject in rejects if reject.reason == _NOT_UTF_8]
        if odd and not self.is_utf8:
            self.is_utf8 = any(map(_has_utf8, odd)) or not all(map(_is_ascii, rows))
        self.is_other = self.is_other or any(map(_is_other, odd))
        if not odd or self.is_utf8 or self.is_other:
            return list(rejects)
        return [
            replace(reject, message=reject.message + hint(reject.raw))
            if reject.reason == _NOT_UTF_8
            else reject
            for reject in rejects
        ]

    def of_header(self, reject: Reject) -> str:
        """The message of a header that cannot be read, with a hint where it is not UTF-8."""
        [found] = self.of_rejects([reject], ())
        return found.message


def hint(raw: bytes) -> str:
    """What to add to the message of a record of windows-1252 that is not UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        text = raw[error.start : error.start + 1].decode("cp1252")
        return f'; the file is likely windows-1252, where it is "{text}" (declare "encoding")'
    return ""


def _is_other(raw: bytes) -> bool:
    """Whether a record is of neither UTF-8 nor windows-1252; Shift-JIS where all of it is, and typical."""
    if _UNDEFINED_IN_1252.search(raw):
        return True
    try:
        # a record that is cut may end amid a character
        codecs.getincrementaldecoder("cp932")().decode(raw)
    except UnicodeDecodeError:
        return False
    return _SHIFT_JIS.search(raw) is not None


def _has_utf8(raw: bytes) -> bool:
    return not raw.decode("utf-8", "ignore").isascii()


def _is_ascii(texts: pa.Array) -> bool:
    return pc.all(pc.string_is_ascii(texts)).as_py() is not False
