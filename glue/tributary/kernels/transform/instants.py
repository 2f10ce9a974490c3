"""Moments as clocks write them: seconds or milliseconds of the epoch, or ISO 8601 with an offset."""

from decimal import ROUND_DOWN, Context

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.transform.glue_types import converted, held
from tributary.kernels.transform.iso import canonical

MILLISECONDS_FROM = 10**11
"""A number of at least that is one of milliseconds: as seconds it would lie in the year 5138, and as
milliseconds it lies in 1973."""

_EPOCH = r"^(?P<sign>-?)(?P<whole>0|[1-9][0-9]{0,14})(?:\.(?P<part>[0-9]+))?$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_ISO = r"^(?P<whole>[^.]*?)(?:\.(?P<part>[0-9]+))?(?P<offset>Z|[+-][0-9:]+)$"
_KIND = pa.timestamp("us", tz="UTC")
_DIGITS = 6
# Cuts off, and takes exponents of any size for the nearest that it has.
_CUT_OFF = Context(prec=40, rounding=ROUND_DOWN, traps=[])


def instants(texts: pa.Array) -> pa.Array:
    """The moments to the microsecond, what is finer cut off; null where the text was null or is none."""
    found = _of_epoch(texts)
    if found.null_count > texts.null_count:
        found = pc.coalesce(found, _of_iso(texts))
    if found.null_count > texts.null_count:
        found = pc.coalesce(found, _of_numbers(texts, pc.is_null(found)))
    return held(found)


def _of_epoch(texts: pa.Array) -> pa.Array:
    """Return the instants of numbers of up to 15 digits before the point, without exponent."""
    parts = pc.extract_regex(texts, _EPOCH)
    fits = pc.is_valid(parts)
    whole = _numbers(parts, "whole", fits)
    micros = _micros(parts, fits)
    is_milliseconds = pc.greater_equal(whole, MILLISECONDS_FROM)
    # 15 digits of milliseconds, or 11 of seconds, are below 2^63 microseconds.
    value = pc.if_else(
        is_milliseconds,
        pc.add(pc.multiply(pc.if_else(is_milliseconds, whole, 0), 1_000), pc.divide(micros, 1_000)),
        pc.add(pc.multiply(pc.if_else(is_milliseconds, 0, whole), 1_000_000), micros),
    )
    is_negative = pc.equal(pc.struct_field(parts, "sign"), "-")
    return pc.if_else(is_negative, pc.negate(value), value).cast(_KIND)


def _of_iso(texts: pa.Array) -> pa.Array:
    parts = pc.extract_regex(canonical(texts), _ISO)
    fits = pc.is_valid(parts)
    whole, offset = (pc.struct_field(parts, name) for name in ("whole", "offset"))
    seconds = converted(pc.binary_join_element_wise(whole, offset, ""), _KIND)
    return pc.add(seconds.cast(pa.int64()), _micros(parts, fits)).cast(_KIND)


def _of_numbers(texts: pa.Array, mask: pa.Array) -> pa.Array:
    """Return the instants of numbers with exponents, one by one."""
    asked = pc.and_(mask, pc.match_substring_regex(texts, _NUMBER)).fill_null(False)
    values: list[int | None] = [None] * len(texts)
    for row in pc.indices_nonzero(asked).to_pylist():
        values[row] = _micros_of(texts[row].as_py())
    return pa.array(values, pa.int64()).cast(_KIND)


def _micros_of(text: str) -> int | None:
    """The microseconds that a number stands for; None beyond the calendar."""
    number = _CUT_OFF.create_decimal(text)
    if number.is_zero():
        return 0
    if number.adjusted() > 17:
        return None
    scale = 3 if number.copy_abs() >= MILLISECONDS_FROM else 6
    micros = int(_CUT_OFF.scaleb(number, scale)) if number.adjusted() >= -_DIGITS else 0
    return micros if abs(micros) < 1 << 62 else None


def _numbers(parts: pa.Array, name: str, fits: pa.Array) -> pa.Array:
    return pc.if_else(fits, pc.struct_field(parts, name), None).cast(pa.int64())


def _micros(parts: pa.Array, fits: pa.Array) -> pa.Array:
    """The first six digits behind the point as a number."""
    digits = pc.utf8_rpad(pc.struct_field(parts, "part"), _DIGITS, "0")
    return pc.if_else(fits, pc.utf8_slice_codeunits(digits, 0, _DIGITS), None).cast(pa.int64())
