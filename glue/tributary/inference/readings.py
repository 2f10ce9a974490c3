"""Ways to read the texts of a column as values, of which each gives every text back as it stood."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import InputColumn
from tributary.kernels.transform.column_values import column_values

_WHOLE: Final = "(?:0|[1-9][0-9]*)"
_NUMBER: Final = rf"^-?{_WHOLE}(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?$"
_BOOLEANS: Final = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"))
_SPELLINGS: Final = (("Y", "N"), ("yes", "no"), ("t", "f"), ("1", "0"))
_STYLES: Final = ((".", None), (",", None), (".", ","), (",", "."))
"""Decimal signs, and those between thousands."""

_DAYS: Final = (
    *(sign.join(parts) for sign in "/-." for parts in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))),
    *(sign.join(parts) for sign in "/-." for parts in (("%d", "%m", "%y"), ("%m", "%d", "%y"))),
    *("%Y/%m/%d", "%Y.%m.%d", "%y-%m-%d", "%y/%m/%d"),
    *("%d-%b-%Y", "%d %b %Y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%d %B %Y"),
)
_TIMES: Final = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_PARTS: Final = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%b": "[A-Z][a-z]{2}",
    "%B": "[A-Z][a-z]+",
    "%M": "[0-9]{2}",
    "%S": "[0-9]{2}",
    "%p": "(?:AM|PM)",
}
_ISO_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ISO_TIME: Final = "[0-9]{2}:[0-9]{2}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A type and its options, as a declaration has them.

    The pattern (RE2) is that of the texts that the values give back. Of a reading with `proof` one text at
    least has to match it, for else another reading is as likely. `rule` is what no pattern can say.
    """

    type: str
    pattern: str
    options: Mapping[str, Any] = field(default_factory=dict)
    proof: str | None = None
    rule: Callable[[str], bool] | None = None

    @property
    def column(self) -> InputColumn:
        """A column that is read so."""
        options = self.options
        return InputColumn(
            name="value",
            type=self.type,
            path=("value",),
            dates=tuple(options.get("dates", ("iso",))),
            zone=options.get("zone"),
            decimal=options.get("decimal", "."),
            grouping=options.get("grouping"),
            true_words=tuple(options["true"]) if "true" in options else None,
            false_words=tuple(options["false"]) if "false" in options else None,
        )

    def misfit(self, texts: pa.Array) -> str | None:
        """The first of the texts, none null, that its value would not give back; None where all are."""
        fits = pc.match_substring_regex(texts, self.pattern)
        if self.rule is not None:
            fits = pc.and_(fits, pa.array(map(self.rule, texts.to_pylist()), pa.bool_()))
        return _first(texts, pc.invert(fits)) or self.unreadable(texts)

    def unreadable(self, texts: pa.Array) -> str | None:
        """The first of the texts that is no value of the type; None where all are."""
        bad = column_values(texts, self.column, empty_is_null=False).bad
        return None if bad is None else _first(texts, bad)

    def proves(self, texts: pa.Array) -> bool:
        """Return True where no other reading is as likely, once this one has read all."""
        return self.proof is None or bool(pc.any(pc.match_substring_regex(texts, self.proof)).as_py())


def _first(texts: pa.Array, mask: pa.Array) -> str | None:
    found = texts.filter(mask)
    text: str | None = found[0].as_py() if len(found) else None
    return text


def readings_of(text: str) -> list[Reading]:
    """The readings that give a first text back, the likeliest first; more texts tell which are left."""
    texts = pa.array([text])
    return [each for each in _every(text) if re.search(each.pattern, text) and each.misfit(texts) is None]


def hinted(kind: str, date_format: str | None, text: str) -> list[Reading]:
    """The readings of a type that somebody asks for, whether they give back a text or only read it."""
    if date_format is not None:
        zone = {} if kind == "date" else {"zone": "UTC"}
        return [Reading(kind, "", {"dates": [date_format], **zone})]
    if kind == "boolean":
        words = [Reading(kind, "", _words(*pair)) for pair in (*_BOOLEANS[1:], *_SPELLINGS)]
        return [Reading(kind, ""), *words]
    if kind in ("date", "timestamp", "instant"):
        zone = {} if kind == "date" else {"zone": "UTC"}
        found = [each for each in _every(text) if each.type == ("date" if kind == "date" else "timestamp")]
        return [Reading(kind, "", zone), *(Reading(kind, "", each.options) for each in found)]
    if kind == "double" or kind.startswith("decimal"):
        return [Reading(kind, "", _signs(*style)) for style in _STYLES]
    return [Reading(kind, "")]


def _every(text: str) -> Iterator[Reading]:
    for yes, no in _BOOLEANS:
        yield Reading("boolean", f"^(?:{yes}|{no})$", {} if yes == "true" else _words(yes, no))
    yield Reading("bigint", "^(?:0|-?[1-9][0-9]{0,18})$")
    yield from _decimals(text)
    yield Reading("double", _NUMBER, rule=_is_shortest)
    yield from _grouped()
    yield Reading("date", f"^{_ISO_DAY}$")
    yield from _iso_times(text)
    for day in _DAYS:
        yield from _patterned("date", [day], {})
        for time in _TIMES:
            yield from _patterned("timestamp", [f"{day} {time}"], {"zone": "UTC"})


def _words(yes: str, no: str) -> dict[str, list[str]]:
    return {"true": [yes], "false": [no]}


def _signs(decimal: str, grouping: str | None) -> dict[str, str]:
    signs = {} if decimal == "." else {"decimal": decimal}
    return signs if grouping is None else {**signs, "grouping": grouping}


def _is_shortest(text: str) -> bool:
    """Return True for the number that a double is written as, the digits behind the point left out of 1.0."""
    try:
        shortest = repr(float(text))
    except ValueError:
        return False
    return not text.endswith(".0") and shortest in (text, f"{text}.0") and text != "-0"


def _decimals(text: str) -> Iterator[Reading]:
    """Numbers that all have as many digits behind the point as the text, two or more of them, or no zero."""
    for decimal, grouping in _STYLES:
        _, found, digits = text.rpartition(decimal)
        if not found or not digits.isdecimal():
            continue
        scale = len(digits)
        whole = _WHOLE if grouping is None else rf"(?:0|[1-9][0-9]{{0,2}}(?:\{grouping}[0-9]{{3}})*)"
        fraction = f"[0-9]{{{scale}}}" if scale > 1 else "[1-9]"
        proof = None if grouping is None else rf"\{grouping}[0-9]{{3}}\{decimal}"
        if (decimal, grouping, scale) == (",", None, 3):
            proof = r"^-?[0-9]{4,},"
        pattern = rf"^(?:{whole}|-{whole})\{decimal}{fraction}$"
        for precision in (18, 38):
            if scale <= precision:
                yield Reading(
                    f"decimal({precision},{scale})",
                    pattern,
                    _signs(decimal, grouping),
                    proof,
                    _is_no_negative_zero,
                )


def _is_no_negative_zero(text: str) -> bool:
    return not text.startswith("-") or any(digit in text for digit in "123456789")


def _grouped() -> Iterator[Reading]:
    for sign in ",.":
        groups = rf"\{sign}[0-9]{{3}}"
        options = {"grouping": sign} if sign == "," else {"decimal": ",", "grouping": sign}
        yield Reading("bigint", rf"^(?:0|-?[1-9][0-9]{{0,2}}(?:{groups})*)$", options, groups * 2)


def _iso_times(text: str) -> Iterator[Reading]:
    """Times whose seconds have as many digits as those of the text, in UTC or without an offset."""
    fraction = re.search(r":[0-9]{2}:[0-9]{2}\.([0-9]+)", text)
    seconds = rf":[0-9]{{2}}\.[0-9]{{{len(fraction[1])}}}" if fraction else ":[0-9]{2}"
    for between, ending, options in product(("T", " "), ("Z", ""), ({}, {"zone": "UTC"})):
        if bool(options) == (not ending):
            yield Reading("timestamp", f"^{_ISO_DAY}{between}{_ISO_TIME}{seconds}{ending}$", options)


def _patterned(kind: str, formats: list[str], options: Mapping[str, str]) -> Iterator[Reading]:
    """The readings by a pattern of strptime: numbers that all have two digits, or none a zero in front."""
    for two_digits in ("[0-9]{2}", "[1-9][0-9]?"):
        hours = "(?:0|[1-9][0-9]?)" if two_digits.startswith("[1") else two_digits
        parts = {**_PARTS, "%d": two_digits, "%m": two_digits, "%H": hours, "%I": two_digits}
        pieces = re.split("(%.)", formats[0])
        pattern = "".join(parts.get(piece, re.escape(piece)) for piece in pieces)
        yield Reading(kind, f"^{pattern}$", {"dates": formats, **options})
