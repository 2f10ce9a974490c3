"""Times that Arrow cannot hold: of ORC's it makes nanoseconds, which reach from 1677 to 2262.

pyorc reads with the same library of ORC, value by value and thus slowly, so it is asked for the columns of
such times alone, and gives microseconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyorc
from pyorc.converters import ORCConverter
from pyorc.enums import StructRepr, TypeKind
from pyorc.errors import ORCError

from tributary.errors import UnreadableOrcError
from tributary.expected import expected
from tributary.kernels.formats.arrow_rows import with_values

_ROWS = 1 << 12
_BILLION = 10**9


class _Microseconds(ORCConverter):
    @staticmethod
    def from_orc(seconds: int, nanoseconds: int, _zone: object) -> int:
        """The microseconds since 1970; raises `UnreadableOrcError` where they are not whole."""
        found = seconds * _BILLION + nanoseconds
        if found % 1000:
            wanted = "times of whole microseconds in a stripe with some before 1677-09-21 or after 2262-04-11"
            raise UnreadableOrcError(expected(wanted, f"{found} nanoseconds since 1970"))
        return found // 1000

    @staticmethod
    def to_orc(*_: object) -> None:
        raise NotImplementedError


class _Days(ORCConverter):
    @staticmethod
    def from_orc(days: int) -> int:
        """The days since 1970, whatever Python's calendar knows."""
        return days

    @staticmethod
    def to_orc(*_: object) -> None:
        raise NotImplementedError


_CONVERTERS: Final[dict[TypeKind, type[ORCConverter]]] = {
    TypeKind.TIMESTAMP: _Microseconds,
    TypeKind.DATE: _Days,
}


def columns_with_times(schema: pa.Schema) -> list[int]:
    """The numbers of the columns that are times, or have some inside."""
    return [number for number, kind in enumerate(schema.types) if _in_microseconds(kind) != kind]


def far_times(path: Path, stripe: int, schema: pa.Schema, columns: Sequence[int]) -> dict[int, pa.Array]:
    """These columns of a stripe, with times in microseconds; raises `UnreadableOrcError`."""
    try:
        return _columns(path, stripe, schema, columns)
    except (ORCError, RuntimeError, ArithmeticError, TypeError, ValueError, pa.ArrowException) as error:
        raise UnreadableOrcError(f"stripe {stripe + 1}: its times cannot be read: {error}") from error


def _columns(path: Path, stripe: int, schema: pa.Schema, columns: Sequence[int]) -> dict[int, pa.Array]:
    kinds = {number: _in_microseconds(schema.field(number).type) for number in columns}
    pieces: dict[int, list[pa.Array]] = {number: [pa.array([], kind)] for number, kind in kinds.items()}
    for rows in _rows(path, stripe, columns):
        for (number, kind), values in zip(kinds.items(), zip(*rows, strict=True), strict=True):
            pieces[number].append(pa.array(values, kind))
    return {number: pa.concat_arrays(arrays) for number, arrays in pieces.items()}


def _rows(path: Path, stripe: int, columns: Iterable[int]) -> Iterator[list[tuple[Any, ...]]]:
    with path.open("rb") as file:
        reader = pyorc.Reader(
            file,
            batch_size=_ROWS,
            column_indices=columns,
            struct_repr=StructRepr.DICT,
            converters=_CONVERTERS,
        )
        found: Any = reader.read_stripe(stripe)
        while rows := found.read(_ROWS):
            yield [tuple(row.values()) for row in rows]


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    return with_values(
        kind, lambda each: pa.timestamp("us", each.tz) if pa.types.is_timestamp(each) else each
    )
