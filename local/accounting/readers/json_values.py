"""Values of JSON with the characters of their numbers."""

import json
from typing import NoReturn

from tributary.kernels.formats.asked import DEFAULT_LIMITS

BROKEN = object()
"""In place of the value of what is no JSON."""


class Number(str):
    """The characters of a number."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse)


def parsed(raw: bytes) -> object:
    """Return the value of a text, `BROKEN` where it is no JSON."""
    try:
        return DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        return BROKEN


def parsed_object(raw: bytes) -> dict[str, object] | None:
    """Return the members of an object; None where a text is none."""
    value = parsed(raw)
    return value if isinstance(value, dict) else None


def has_bytes(record: bytes, raw: bytes) -> bool:
    """Return True where a dead letter has the bytes of a record, of an overlong one the first ones."""
    limits = DEFAULT_LIMITS
    whole = record if len(record) <= limits.line_bytes else record[: limits.kept_bytes]
    return raw == whole
