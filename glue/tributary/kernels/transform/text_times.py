"""Dates and times in declared formats: `iso`, or patterns of strptime with English words in any case."""

import re
from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.types import INSTANT, Scalar
from tributary.errors import DeclarationError
from tributary.expected import expected
from tributary.kernels.transform.glue_types import converted, held
from tributary.kernels.transform.nested_types import cast

_ISO: Final = "iso"
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)

_OFFSET: Final = "[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?"

_DIRECTIVES: Final = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "b": f"(?i:{'|'.join(month[:3] for month in _MONTHS)})",
    "B": f"(?i:{'|'.join(_MONTHS)})",
    "H": "[0-9]{1,2}",
    "I": "0?[1-9]|1[0-2]",
    "p": "(?i:am|pm)",
    "M": "[0-9]{2}",
    "S": "[0-9]{2}",
    "f": "[0-9]+",
    "z": _OFFSET,
}
_WHOLE_DAYS: Final = ({"Y", "y"}, {"m", "b", "B"}, {"d"})
_TOKEN = re.compile(r"%(.?)|([^%])", re.DOTALL)

_MICROSECONDS: Final = r"^[0-9]{1,6}0*$"

_LOCAL = pa.timestamp("us")
_MOMENT = pa.timestamp("us", tz="UTC")


def dates_of(texts: pa.Array, formats: Sequence[str]) -> pa.Array:
    """The dates, null where no format fits; a format with a time fits midnight alone."""

    def read(rest: pa.Array, date_format: str) -> pa.Array:
        if date_format == _ISO:
            return cast(rest, Scalar("date")).values
        parts = _Parts(rest, _pattern(date_format))
        return held(converted(parts.midnights(), pa.date32()))

    return _first_that_fits(texts, formats, pa.date32(), read)


def timestamps_of(texts: pa.Array, formats: Sequence[str], zone: str | None) -> pa.Array:
    """The moments, null where no format fits, or a text without offset none or two in the zone."""
    return _moments_of(texts, "timestamp", formats, zone)


def instants_of(texts: pa.Array, formats: Sequence[str], zone: str | None) -> pa.Array:
    """The moments as `timestamps_of` has them, and those of the epoch; finer than microseconds is cut off."""
    return _moments_of(texts, INSTANT, formats, zone)


def _moments_of(texts: pa.Array, kind: str, formats: Sequence[str], zone: str | None) -> pa.Array:
    cuts_off = kind == INSTANT

    def read(rest: pa.Array, date_format: str) -> pa.Array:
        if date_format != _ISO:
            return _Parts(rest, _pattern(date_format), cuts_off=cuts_off).moments(zone)
        found = cast(rest, Scalar(kind)).values
        if zone is None or found.null_count == rest.null_count:
            return found
        local = _local_times(_unread(rest, found), kind)
        return pc.coalesce(found, held(_in_zone(local, zone)))

    return _first_that_fits(texts, formats, _MOMENT, read)


def _local_times(texts: pa.Array, kind: str) -> pa.Array:
    """The times of texts that are a moment with an offset behind them, and none without."""
    as_utc = pc.binary_join_element_wise(texts, "Z", "")
    found = cast(as_utc, Scalar("timestamp")).values
    if kind == INSTANT and found.null_count > texts.null_count:
        found = pc.coalesce(found, cast(_unread(as_utc, found), Scalar(INSTANT)).values)
    return found.cast(_LOCAL)


def _first_that_fits(
    texts: pa.Array, formats: Sequence[str], kind: pa.DataType, read: Callable[[pa.Array, str], pa.Array]
) -> pa.Array:
    values = pa.nulls(len(texts), kind)
    for date_format in formats:
        found = read(_unread(texts, values), date_format)
        values = found if values.null_count == len(values) else pc.coalesce(values, found)
        if values.null_count == texts.null_count:
            break
    return values


def _unread(texts: pa.Array, values: pa.Array) -> pa.Array:
    return texts if values.null_count == len(values) else pc.if_else(pc.is_null(values), texts, None)


@cache
def _pattern(date_format: str) -> str:
    """The pattern (RE2) of a format, a group a directive; raises `DeclarationError` where it tells no day."""
    tokens = [(found.group(1), found.group(2)) for found in _TOKEN.finditer(date_format)]
    names = [name for name, _ in tokens if name in _DIRECTIVES]
    unknown = [name for name, text in tokens if text is None and name not in {*_DIRECTIVES, "%"}]
    is_whole = all(len(wanted.intersection(names)) == 1 for wanted in _WHOLE_DAYS)
    if unknown or not is_whole or len(set(names)) < len(names) or ("I" in names) != ("p" in names):
        known = " ".join(f"%{name}" for name in _DIRECTIVES)
        wanted = f'"iso", or a day, month and year among {known}, each once, and %I with %p'
        raise DeclarationError(expected(wanted, date_format))
    pieces = []
    for index, (name, text) in enumerate(tokens):
        if name in _DIRECTIVES:
            # Without a sign between them, nothing but their width tells two numbers apart.
            is_tight = any(
                0 <= other < len(tokens) and tokens[other][0] in _DIRECTIVES
                for other in (index - 1, index + 1)
            )
            digits = _DIRECTIVES[name].replace("{1,2}", "{2}") if is_tight else _DIRECTIVES[name]
            pieces.append(f"(?P<{name}>{digits})")
        else:
            pieces.append(re.escape(text or "%"))
    return f"^{''.join(pieces)}$"


class _Parts:
    """The parts of the texts that a pattern of days and times fits, each an array of digits."""

    def __init__(self, texts: pa.Array, pattern: str, *, cuts_off: bool = False) -> None:
        found = pc.extract_regex(texts, pattern)
        self._fits = pc.is_valid(found)
        self._names = {field.name for field in found.type}
        self._found = found
        self._cuts_off = cuts_off

    def midnights(self) -> pa.Array:
        """Days as ISO writes them; null where a time is not midnight."""
        is_midnight = [pc.match_substring_regex(part, "^0*$") for part in self._time()]
        return pc.if_else(reduce(pc.and_, is_midnight, self._fits), self._days(), None)

    def moments(self, zone: str | None) -> pa.Array:
        """The moments that exist, of times without offset those of the zone."""
        hour, minute, second, fraction = self._time()
        micros = pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 6, "0"), 0, 6)
        time = pc.binary_join_element_wise(hour, minute, second, ":")
        whole = pc.binary_join_element_wise(self._days(), time, "T")
        fits = self._fits
        if not self._cuts_off:
            fits = pc.and_(fits, pc.match_substring_regex(fraction, _MICROSECONDS))
        local = converted(pc.if_else(fits, pc.binary_join_element_wise(whole, micros, "."), None), _LOCAL)
        if "z" not in self._names:
            return held(_in_zone(local, zone))
        offset = self._part("z")
        has_offset = pc.greater(pc.binary_length(offset), 0)
        seconds = pc.if_else(has_offset, _offset_seconds(offset), 0)
        shifted = pc.subtract(local, seconds.cast(pa.duration("s")))
        exact = pc.if_else(has_offset, shifted, None).cast(_MOMENT)
        return held(pc.coalesce(exact, _in_zone(pc.if_else(has_offset, None, local), zone)))

    def _part(self, name: str, otherwise: str = "") -> pa.Array:
        """The part of that name, the other text where the format has none or it is left out."""
        if name not in self._names:
            return pc.if_else(self._fits, otherwise, None)
        part = pc.struct_field(self._found, name)
        return pc.if_else(pc.equal(part, ""), otherwise, part)

    def _days(self) -> pa.Array:
        year = self._part("Y") if "Y" in self._names else _years(self._part("y"))
        month = self._part("m") if "m" in self._names else self._month()
        return pc.binary_join_element_wise(year, _two(month), _two(self._part("d")), "-")

    def _month(self) -> pa.Array:
        name = pc.utf8_slice_codeunits(pc.utf8_lower(self._part("b" if "b" in self._names else "B")), 0, 3)
        shorts = pa.array([month[:3] for month in _MONTHS])
        return pc.add(pc.index_in(name, shorts), 1).cast(pa.string())

    def _time(self) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
        """Hour, minute, second and the decimals of the second."""
        hour = self._part("H", "00")
        if "I" in self._names:
            twelve = pc.if_else(pc.equal(_two(self._part("I")), "12"), "0", self._part("I")).cast(pa.int32())
            is_afternoon = pc.equal(pc.utf8_lower(self._part("p")), "pm")
            hour = pc.add(twelve, pc.if_else(is_afternoon, 12, 0)).cast(pa.string())
        return _two(hour), self._part("M", "00"), self._part("S", "00"), self._part("f", "0")


def _two(digits: pa.Array) -> pa.Array:
    return pc.utf8_lpad(digits, 2, "0")


def _years(last_digits: pa.Array) -> pa.Array:
    """The years from 1969 to 2068, as POSIX takes two digits."""
    century = pc.if_else(pc.greater_equal(last_digits, "69"), "19", "20")
    return pc.binary_join_element_wise(century, last_digits, "")


def _offset_seconds(offset: pa.Array) -> pa.Array:
    """The seconds of `Z`, `+02`, `+0200` or `+02:00`."""
    digits = pc.replace_substring_regex(offset, "[^0-9]", "")
    padded = pc.utf8_rpad(digits, 4, "0")
    hours, minutes = (pc.utf8_slice_codeunits(padded, at, at + 2).cast(pa.int64()) for at in (0, 2))
    seconds = pc.add(pc.multiply(hours, 3600), pc.multiply(minutes, 60))
    return pc.if_else(pc.starts_with(offset, "-"), pc.negate(seconds), seconds)


def _in_zone(local: pa.Array, zone: str | None) -> pa.Array:
    """The moments of times on clocks of the zone; null where a clock skips a time, or shows it twice."""
    if zone is None:
        return pa.nulls(len(local), _MOMENT)
    try:
        first, last = (
            pc.assume_timezone(local, zone, ambiguous=side, nonexistent=side).cast(_MOMENT)
            for side in ("earliest", "latest")
        )
    except pa.ArrowInvalid as error:
        raise DeclarationError(
            expected("a zone of the IANA database, such as Europe/Berlin", zone)
        ) from error
    return pc.if_else(pc.equal(first, last), first, None)
