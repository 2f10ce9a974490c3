"""Rows in any order to rows in order, by runs on disk."""

from pathlib import Path

import pyarrow as pa

from tributary.kernels.output.sorted_rows import SortedRows


def test_merges_numbers_that_are_none_behind_all_others_and_before_nulls(tmp_path: Path) -> None:
    numbers = [float("nan"), 2.0, None, float("inf"), 1.0, float("nan"), -1.0, None, 3.0]
    with SortedRows(tmp_path, ("value", "serial"), collected_bytes=1) as rows:
        for start in range(0, len(numbers), 3):
            columns = {
                "value": pa.array(numbers[start : start + 3]),
                "serial": pa.array(range(start, start + 3)),
            }
            rows.add(columns, 3, 48)
        assert [serial for batch in rows.merged() for serial in batch["serial"].to_pylist()] == [
            *(6, 4, 1, 8, 3),
            *(0, 5),
            *(2, 7),
        ]
