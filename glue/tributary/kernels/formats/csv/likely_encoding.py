"""Hint at the encoding of a file whose records are not UTF-8, by what else it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.csv.records import Reject

_NOT_UTF_8 = "invalid-utf8"


@dataclass(slots=True)
class LikelyEncoding:
    """What is known of a file: whether it `is_utf8`, by its mark or by a character beyond ASCII that is.

    Text of windows-1252 has hardly ever two bytes beside each other that are one character of UTF-8. So where
    one stands, another byte that is none was damaged or cut off, and the file is not of another encoding.
    """

    is_utf8: bool

    def of_rejects(self, rejects: Sequence[Reject], rows: Iterable[pa.Array]) -> list[Reject]:
        """The rejects of a block, those that are not UTF-8 with a hint; `rows` are the texts of its rows."""
        odd = [reject.raw for reject in rejects if reject.reason == _NOT_UTF_8]
        if odd and not self.is_utf8:
            self.is_utf8 = any(map(_has_utf8, odd)) or not all(map(_is_ascii, rows))
        if not odd or self.is_utf8:
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
    """What to add to the message of a record that is not UTF-8: the encoding in which it would be text."""
    try:
        raw.decode("cp1252")
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.encoding != "utf-8":
            return ""
        text = raw[error.start : error.start + 1].decode("cp1252")
        return f'; the file is likely windows-1252, where it is "{text}" (declare "encoding")'
    return ""


def _has_utf8(raw: bytes) -> bool:
    return not raw.decode("utf-8", "ignore").isascii()


def _is_ascii(texts: pa.Array) -> bool:
    return pc.all(pc.string_is_ascii(texts)).as_py() is not False
