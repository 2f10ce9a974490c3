"""What the tail of an ORC file says of its size: the rows of stripes, and by statistics the bytes of values.

The tail is a message of orc_proto.proto, https://orc.apache.org/specification/ORCv1/: of `FileTail` the field
2 is the footer, of `Footer` 3 are the stripes and 7 the statistics of the columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_FOOTER = 2
_STRIPES, _STATISTICS = 3, 7
_ROWS_OF_STRIPE = 5
_VALUES, _STRINGS, _BYTES = 1, 4, 8
_SUM_OF_STRINGS, _SUM_OF_BYTES = 3, 1
_VALUE_BYTES = 8

_VARINT, _FIXED_64, _LENGTH, _FIXED_32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Tail:
    """Rows of each stripe, and about how many bytes all values have in memory."""

    stripe_rows: tuple[int, ...]
    decoded_bytes: int


def tail_of(data: bytes) -> Tail:
    """Read the serialized tail; raises `ValueError` for a broken one."""
    rows: list[int] = []
    size = 0
    for footer in _messages(data, _FOOTER):
        rows += [_number(stripe, _ROWS_OF_STRIPE) for stripe in _messages(footer, _STRIPES)]
        size += sum(_bytes_of(statistics) for statistics in _messages(footer, _STATISTICS))
    return Tail(tuple(rows), size)


def _bytes_of(statistics: bytes) -> int:
    texts = sum(_signed(_number(found, _SUM_OF_STRINGS)) for found in _messages(statistics, _STRINGS))
    texts += sum(_signed(_number(found, _SUM_OF_BYTES)) for found in _messages(statistics, _BYTES))
    return _number(statistics, _VALUES) * _VALUE_BYTES + texts


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _messages(data: bytes, field: int) -> Iterator[bytes]:
    return (value for number, value in _fields(data) if number == field and isinstance(value, bytes))


def _number(data: bytes, field: int) -> int:
    return next((value for number, value in _fields(data) if number == field and isinstance(value, int)), 0)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            length, at = _varint(data, at)
        elif kind in (_FIXED_64, _FIXED_32):
            length = 8 if kind == _FIXED_64 else 4
        else:
            raise ValueError(f"a field of the unknown kind {kind} in the tail")
        if at + length > len(data):
            raise ValueError("a field that is cut off in the tail")
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number that is cut off in the tail")
