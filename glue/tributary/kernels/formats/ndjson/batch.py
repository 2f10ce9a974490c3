"""Limits and results of the NDJSON kernel, whichever engine reads the lines."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Reason = Literal[
    "line-too-long",
    "invalid-utf8",
    "not-json",
    "not-an-object",
    "too-deep",
    "lone-surrogate",
    "duplicate-key",
    "too-many-keys",
]
"""Why a line is a reject."""

MESSAGES: dict[Reason, str] = {
    "line-too-long": "the line is longer than {limits.line_bytes} bytes",
    "invalid-utf8": "the line is not valid UTF-8",
    "not-json": "the line is not JSON after RFC 8259",
    "not-an-object": "the line is JSON, but not an object",
    "too-deep": "the line nests deeper than {limits.depth} levels",
    "lone-surrogate": "a \\u escape gives half of a surrogate pair",
    "duplicate-key": "a top-level key stands twice in the line",
    "too-many-keys": "the line adds to {limits.keys} top-level keys, or to {limits.key_bytes} bytes of them",
}
"""A sentence for each reason, to be formatted with `limits`."""

_PLACE = [("line", pa.int64()), ("offset", pa.int64()), ("length", pa.int64())]

POSITIONS = pa.schema(_PLACE)
"""Position of a row: line number from 1, byte offset of the line, its length without the line end."""

POSITIONS_WITH_BYTES = pa.schema([*_PLACE, ("bytes", pa.binary())])
"""Position of a row with the line itself."""

REJECTS = pa.schema([*_PLACE, ("reason", pa.string()), ("bytes", pa.binary())])
"""A rejected line; its bytes are fewer than its length only where it is longer than the limit."""


@dataclass(frozen=True, slots=True)
class NdjsonLimits:
    """Bounds of the kernel, in bytes, levels, keys and cells; smaller in tests.

    `keys` and `key_bytes` bound the distinct top-level keys of the whole input, and their names together; the
    `declared` ones are not counted.

    A batch ends after the line with which it has `batch_bytes` of input, `batch_lines` (rows and rejects) or
    `batch_cells` (rows by columns), and before a row whose new columns would bring it above the last.
    """

    line_bytes: int = 16 << 20
    kept_bytes: int = 64 << 10
    depth: int = 128
    keys: int = 10_000
    key_bytes: int = 16 << 20
    batch_bytes: int = 8 << 20
    batch_lines: int = 1 << 17
    batch_cells: int = 1 << 20
    declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NdjsonBatch:
    """Some lines in their order: every non-blank one is either a row or a reject.

    `rows` has one string column a top-level key, named by the key as it is; `positions` (`POSITIONS`) stands
    beside it row by row; `rejects` has the schema `REJECTS`.
    """

    rows: pa.RecordBatch
    positions: pa.RecordBatch
    rejects: pa.RecordBatch
