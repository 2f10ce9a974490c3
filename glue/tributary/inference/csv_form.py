"""The options of CSV that a file's own bytes show: encoding, line ends, delimiter, header and the rest."""

import codecs
import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

_DELIMITERS: Final = ",;\t|"
_MOST_LINES: Final = 1000
_MOST_SKIPPED: Final = 50
_NUMBER: Final = re.compile(r"[-+]?[\d.,]*\d[\d.,]*%?(?:[eE][-+]?\d+)?")
_DATE: Final = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_UNDEFINED_IN_1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_AT_THE_ENDS: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_SEPARATOR: Final = re.compile(r"sep=([^\"\r\n])\r?$", re.IGNORECASE)


def encoding_of(chunks: Iterable[bytes]) -> str:
    """The encoding that all bytes fit, in which a declaration may say it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf_8, is_1252 = True, True
    for chunk in chunks:
        if is_utf_8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf_8 = False
        is_1252 = is_1252 and not _UNDEFINED_IN_1252.search(chunk)
    if is_utf_8 and not decoder.getstate()[0]:
        return "utf-8"
    return "windows-1252" if is_1252 else "latin-1"


def csv_form(head: bytes, encoding: str) -> tuple[dict[str, Any], list[str], tuple[str, ...]]:
    """The format that the first bytes of a file show, but for an escape character; notes on it; the header.

    The names of the header are as the reader compares them.
    """
    form: dict[str, Any] = {"kind": "csv"}
    if encoding != "utf-8":
        form["encoding"] = encoding
    text = head.removeprefix(codecs.BOM_UTF8).decode(
        {"windows-1252": "cp1252"}.get(encoding, encoding), "replace"
    )
    if text.count("\r") - text.count("\r\n") > text.count("\n"):
        form["lineEnd"] = "cr"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:_MOST_LINES]
    notes = []
    separator = _SEPARATOR.match(lines[0])
    if separator:
        lines = lines[1:]
        form["delimiter"] = separator[1]
        notes.append(f"the line sep={separator[1]} is Excel's, and no row")
    delimiter = form.setdefault("delimiter", _delimiter(lines))
    if delimiter == ",":
        del form["delimiter"]
    rows = [row for row in _rows(lines, delimiter) if row]
    width = _width(rows)
    before = _before_header(rows, width)
    if before and all(row[0].startswith("#") for row in before):
        form["comment"] = "#"
    elif before:
        form["skipLines"] = _lines_before(lines, delimiter, width)
        notes.append(f"{form['skipLines']} lines before the header are skipped: they have other fields")
    rows = rows[len(before) :]
    if rows and not _has_header(rows[0], [row for row in rows[1:] if len(row) == width and row != rows[0]]):
        form["header"] = False
        notes.append("the first line is taken for a row: where it names the columns, format.header is true")
        return form, notes, ()
    return form, notes, tuple(map(compared, rows[0] if rows else ()))


def compared(name: str) -> str:
    """The name of a field without what nobody sees at its ends, in one spelling of case and accents."""
    seen = [index for index, each in enumerate(name) if unicodedata.category(each) not in _AT_THE_ENDS]
    return unicodedata.normalize("NFC", name[seen[0] : seen[-1] + 1] if seen else "").casefold()


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return [line.split(delimiter) for line in lines]


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter by which most rows have the same number of fields, two at least."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows = [row for row in _rows(lines, delimiter) if row]
        width = _width(rows)
        alike = sum(len(row) == width for row in rows)
        return (round(alike / len(rows), 1) if width > 1 else 0, width) if rows else (0, 0)

    return max(_DELIMITERS, key=fit)


def _width(rows: Sequence[Sequence[str]]) -> int:
    """The number of fields that most rows have."""
    counts = Counter(map(len, rows))
    return counts.most_common(1)[0][0] if counts else 0


def _before_header(rows: Sequence[Sequence[str]], width: int) -> Sequence[Sequence[str]]:
    """The first rows, where they have other fields than nearly all behind them."""
    count = next((index for index, row in enumerate(rows) if len(row) == width), 0)
    return rows[:count] if width > 1 and count <= _MOST_SKIPPED else []


def _lines_before(lines: Sequence[str], delimiter: str, width: int) -> int:
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    for row in reader:
        if len(row) == width:
            return before
        before = reader.line_num
    return 0


def _has_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Judge by each column: a header's name differs in kind from the values below it."""
    cells = [cell.strip() for cell in first]
    years = [cell for cell in cells if _YEAR.fullmatch(cell)]
    is_of_years = (
        len(years) > 2 and len(set(years)) == len(years) and years in (sorted(years), sorted(years)[::-1])
    )
    votes = 0
    for index, cell in enumerate(cells):
        below = [text for row in rows if (text := row[index].strip())]
        if not below or not cell or (is_of_years and cell in years):
            continue
        is_value = bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))
        are_values = sum(bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text)) for text in below)
        if is_value:
            votes -= 1
        elif are_values > 0.8 * len(below):
            votes += 1
        elif cell in below:
            votes -= 1
    if votes == 0:
        return len({cell for cell in cells if cell}) == sum(map(bool, cells)) and any(cells)
    return votes > 0
