"""Moments by ISO 8601 and RFC 3339 in the forms that clocks and libraries print, as one form."""

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_BASIC = r"[0-9]{8}[Tt][0-9]{4}(?:[0-9]{2}(?:[.,][0-9]+)?)?"
_OFFSET = r"(?:[Zz]| ?(?:UTC|[+-][0-9]{2}(?::?[0-9]{2})?))"
_FORMS = rf"^(?:{_DAY}[Tt ]{_TIME}|{_BASIC}){_OFFSET}$"
_PARTS = (
    r"^(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})[Tt ]"
    r"(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})"
    r"(?::?(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]+))?)?"
    r"(?:[Zz]| ?UTC| ?(?P<ahead>[+-][0-9]{2}):?(?P<and>[0-9]{2})?)$"
)

_LOCAL = rf"(?:{_DAY}[Tt ]{_TIME}|{_BASIC})"

_WHY_NOT: Final = {
    r"[+-][0-9]{5,}-.*": "a year has four digits",
    r"[0-9]{4}-?W[0-9]{2}.*": "a date by week is not read: write month and day",
    r"[0-9]{4}-[0-9]{3}(?![0-9-]).*": "a date by the day of the year is not read: write month and day",
    rf"{_DAY}|[0-9]{{8}}": "a date alone is no moment",
    _LOCAL: "it lacks an offset, such as Z or +02:00",
    rf"{_DAY}[Tt ]24:.*": "the hour 24 is not read: write 00 of the next day",
    rf"{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}:60.*": "the second 60 is not read: no table has leap seconds",
    _FORMS[1:-1]: "there is no such moment from the year 1 to 9999, or it is finer than a microsecond",
    rf"{_DAY}[Tt ]{_TIME}[ \[]?[A-Za-z]{{2,}}.*": "a zone by name is not read but for UTC: write an offset",
}


def canonical(texts: pa.Array) -> pa.Array:
    """The moments as `2026-01-31T08:15:00.5+02:00`, with whatever fits the form; null for other texts."""
    fits = pc.match_substring_regex(texts, _FORMS)
    if not pc.any(fits).as_py():
        return pa.nulls(len(texts), pa.string())
    parts = pc.extract_regex(pc.if_else(fits, texts, None), _PARTS)
    part = {name: pc.struct_field(parts, name) for name in ("year", "month", "day", "hour", "minute")}
    day = pc.binary_join_element_wise(part["year"], part["month"], part["day"], "-")
    second = _or(pc.struct_field(parts, "second"), "00")
    time = pc.binary_join_element_wise(part["hour"], part["minute"], second, ":")
    digits = pc.struct_field(parts, "part")
    point = pc.if_else(pc.equal(digits, ""), "", ".")
    ahead = pc.struct_field(parts, "ahead")
    offset = pc.binary_join_element_wise(ahead, _or(pc.struct_field(parts, "and"), "00"), ":")
    zone = pc.if_else(pc.equal(ahead, ""), "Z", offset)
    return pc.binary_join_element_wise(day, "T", time, point, digits, zone, "")


def _or(texts: pa.Array, instead: str) -> pa.Array:
    """The texts, another one where they are empty."""
    return pc.if_else(pc.equal(texts, ""), instead, texts)


def why_not(text: str, zone: str | None = None) -> str | None:
    """Return what is wrong with a text that looks like a moment and is none; None for any other text.

    Without an offset it is read by the clocks of the zone, where there is one.
    """
    if zone is not None and re.fullmatch(_LOCAL, text):
        return f"clocks in {zone} skip it or show it twice, or it is finer than a microsecond"
    return next((why for pattern, why in _WHY_NOT.items() if re.fullmatch(pattern, text)), None)
