"""Limits and reasons of the NDJSON kernel, whichever engine reads the lines."""

from dataclasses import dataclass
from typing import Literal

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
