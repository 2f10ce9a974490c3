"""NDJSON through every engine there is, in a form that can be compared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, zip_longest

import pyarrow as pa

from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson.native import parse_native, variants
from tributary.kernels.formats.ndjson.plain import parse_plain
from tributary.kernels.record_limits import RecordLimits

NATIVE = variants()
"""One engine a kind of CPU, those of them that this machine can run."""

ENGINES = ("plain", *NATIVE)

Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A record: a row's own members or the reason why it is none, and where it stood."""

    number: int
    offset: int
    length: int
    kept: bytes
    found: Row | str


def parse(
    engine: str,
    chunks: Iterable[bytes],
    limits: RecordLimits,
    *,
    keep_lines: bool = True,
    several: bool = True,
) -> Iterator[FormatBatch]:
    if engine == "plain":
        return parse_plain(chunks, limits, keep_lines=keep_lines, several=several)
    return parse_native(chunks, limits, keep_lines=keep_lines, several=several, variant=engine)


def lines(batches: Iterable[FormatBatch]) -> list[Line]:
    """Rows and rejects in their order in the input; a row has all columns of its batch."""
    found: list[Line] = []
    for batch in batches:
        for row, place in zip(batch.rows.to_pylist(), batch.positions.to_pylist(), strict=True):
            found.append(_line(place, row))
        found.extend(_line(place, place["reason"]) for place in batch.rejects.to_pylist())
    return sorted(found, key=lambda line: line.offset)


def _line(place: dict[str, object], found: Row | str) -> Line:
    return Line(place["line"], place["offset"], place["length"], place["bytes"], found)  # type: ignore[arg-type]


def read(engine: str, data: bytes, **limits: int) -> list[Line]:
    """All lines of the data, given in one piece."""
    return lines(parse(engine, [data], RecordLimits(**limits)))


def judge(engine: str, line: bytes, **limits: int) -> Row | str:
    """What becomes of one line: its row or its reason."""
    (found,) = read(engine, line, **limits)
    return found.found


def difference(one: Iterable[FormatBatch], other: Iterable[FormatBatch]) -> str | None:
    """What is not the same in two results, batch by batch; None where they are the same to the last null."""
    ones, others = list(one), list(other)
    for number, (left, right) in enumerate(zip(ones, others, strict=False)):
        for name in ("rows", "positions", "rejects"):
            a, b = getattr(left, name), getattr(right, name)
            a.validate(full=True)
            b.validate(full=True)
            if not (a.schema.equals(b.schema) and a.num_rows == b.num_rows and a.equals(b)):
                return f"{name} of batch {number}: {_first_difference(a, b)}"
    return None if len(ones) == len(others) else f"number of batches: {len(ones)}, not {len(others)}"


def _first_difference(one: pa.RecordBatch, other: pa.RecordBatch) -> str:
    if not one.schema.equals(other.schema):
        return f"{one.schema.names}, not {other.schema.names}"
    pairs = zip_longest(one.to_pylist(), other.to_pylist())
    return next(f"{number}: {a}, not {b}" for number, (a, b) in enumerate(pairs) if a != b)


def split(data: bytes, *cuts: int) -> list[bytes]:
    """The data cut at these offsets."""
    edges = [0, *sorted(cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]
