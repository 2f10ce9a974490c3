"""Numbers of rows over several files: each greater than the one before, a line's own where that will do."""

from collections.abc import Iterable

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from tributary.kernels.formats.batch import POSITIONS, REJECTS, FormatBatch
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source
from tributary.kernels.transform.sourced import Sources


def placed(*files: Iterable[list[int]]) -> list[int]:
    """The serial numbers of the rows of some files, whose batches have rows on these lines."""
    sources = Sources(RecordLimits())
    serials: list[int] = []
    for number, batches in enumerate(files):
        sources.begin(Source("raw", f"{number}.ndjson", "v"))
        for lines in batches:
            positions = [{"line": line, "offset": 0, "length": 2} for line in lines]
            batch = FormatBatch(
                pa.RecordBatch.from_struct_array(pa.array([{}] * len(lines), pa.struct([]))),
                pa.RecordBatch.from_pylist(positions, schema=POSITIONS),
                pa.RecordBatch.from_pylist([], schema=REJECTS),
            )
            serials += sources.placed(batch).places["serial"].to_pylist()
    return serials


def test_counts_lines_on_from_file_to_file() -> None:
    assert placed([[1, 3], [4]], [[1, 2]], [], [[2]]) == [1, 3, 4, 5, 6, 8]


def test_counts_rows_of_one_line_on() -> None:
    assert placed([[1, 1, 1]]) == [1, 2, 3]
    assert placed([[1, 1, 2, 9]], [[1, 1]]) == [1, 2, 3, 9, 10, 11]
    assert placed([[1, 1], [1, 1], [2]]) == [1, 2, 3, 4, 5]


@given(st.lists(st.lists(st.lists(st.integers(1, 9), max_size=5), max_size=4), max_size=4))
@example([[[2, 2], [2]]])
def test_rises_whatever_lines_there_are(files: list[list[list[int]]]) -> None:
    sorted_files = []
    for batches in files:
        lines = sorted(line for batch in batches for line in batch)
        sorted_files.append([[lines.pop(0) for _ in batch] for batch in batches])
    serials = placed(*sorted_files)
    assert serials == sorted(set(serials))
