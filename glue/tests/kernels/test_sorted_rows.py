"""Rows in any order to rows in order, by runs on disk."""

import math
import random
from pathlib import Path

import pyarrow as pa

from tributary.kernels.output.sorted_rows import SortedRows

NUMBERS = (math.nan, None, -1.0, 1.0, 2.0, math.inf)


def test_merges_nan_behind_all_numbers_and_before_nulls(tmp_path: Path) -> None:
    chance = random.Random(1)
    given = [(chance.choice("ab"), chance.choice(NUMBERS), serial) for serial in range(300)]
    with SortedRows(tmp_path, ("part", "value", "serial"), collected_bytes=1) as rows:
        for start in range(0, len(given), 5):
            parts, values, serials = zip(*given[start : start + 5], strict=True)
            columns = {
                "part": pa.array(parts),
                "value": pa.array(values, pa.float64()),
                "serial": pa.array(serials),
            }
            rows.add(columns, 5, 80)
        merged = [serial for batch in rows.merged() for serial in batch["serial"].to_pylist()]
    order = (*NUMBERS[2:], *NUMBERS[:2])
    assert merged == [row[2] for row in sorted(given, key=lambda row: (row[0], order.index(row[1]), row[2]))]
