"""Running the kernel and its oracle on bytes."""

from collections.abc import Iterable
from typing import Any

from tributary.kernels.formats.csv.block import LINE_COLUMN, Layout
from tributary.kernels.formats.csv.header import Header
from tributary.kernels.formats.csv.reader import CsvRows, fixed_blocks
from tributary.kernels.formats.csv.records import BYTE_ORDER_MARK, Dialect, Limits, Reject, Row, read_document

Records = tuple[list[Row], list[Reject]]


def layout(delimiter: str, fields: int, **more: Any) -> Layout:
    names = tuple(f"c{index}" for index in range(fields))
    return Layout(Dialect(delimiter, fields, **more), names)


def by_kernel(chunks: Iterable[bytes], shape: Layout, limits: Limits, block: int) -> Records:
    blocks = fixed_blocks(chunks, block)
    first = next(blocks, b"").removeprefix(BYTE_ORDER_MARK)
    rows: list[Row] = []
    rejects: list[Reject] = []
    for parsed in CsvRows(Header((), (), True, b"", 1, None), iter([first, *blocks]), shape, limits):
        for row in parsed.rows.to_pylist():
            line = row.pop(LINE_COLUMN)
            rows.append(Row(line, tuple(row.values())))
        rejects.extend(parsed.rejects)
    return rows, rejects


def by_oracle(data: bytes, shape: Layout, limits: Limits) -> Records:
    records = list(read_document(data, shape.dialect, limits))
    return [r for r in records if isinstance(r, Row)], [r for r in records if isinstance(r, Reject)]
