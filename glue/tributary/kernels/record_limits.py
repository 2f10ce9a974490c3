"""Bounds of the records of every format, and of the batches that readers make of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordLimits:
    """Bounds of records and batches, in bytes, levels, keys and cells; smaller in tests.

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
