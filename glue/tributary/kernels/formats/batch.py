"""Batch that the readers of all formats give: rows by the file's own field names, places, and rejects."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tributary.kernels.formats.exact_text import json_of

_PLACE = [("line", pa.int64()), ("offset", pa.int64()), ("length", pa.int64())]

POSITIONS = pa.schema(_PLACE)
"""Position of a row: the number of its line, element or row from 1; the byte offset of its record, and the
length without the line end, both null where the format does not tell them."""

POSITIONS_WITH_BYTES = pa.schema([*_PLACE, ("bytes", pa.binary())])
"""Position of a row with its record. A binary format gives the row itself, a struct, in place of the bytes:
few rows are rejected, and `told` makes JSON of these alone."""

REJECTS = pa.schema([*_PLACE, ("reason", pa.string()), ("bytes", pa.binary()), ("message", pa.string())])
"""A rejected record; its bytes are fewer than its length only where it is longer than the limit.

A null message stands for the sentence that the reason has in `ndjson.batch.MESSAGES`.
"""


@dataclass(frozen=True, slots=True)
class FormatBatch:
    """Some records in their order: every one that is not blank is either a row or a reject.

    `rows` has a column a field, named as in the file: of text for csv, json and ndjson, of Arrow's own types
    for binary formats. `positions` (`POSITIONS`, or those with bytes where they were asked for) stands beside
    it row by row; `rejects` has the schema `REJECTS`.
    """

    rows: pa.RecordBatch
    positions: pa.RecordBatch
    rejects: pa.RecordBatch


def told(places: pa.RecordBatch) -> list[dict[str, Any]]:
    """Positions with their records, row by row, those of a binary format as JSON."""
    if pa.types.is_struct(places["bytes"].type):
        at = places.schema.get_field_index("bytes")
        places = places.set_column(at, "bytes", json_of(places["bytes"]).cast(pa.binary()))
    found: list[dict[str, Any]] = places.to_pylist()
    return found
