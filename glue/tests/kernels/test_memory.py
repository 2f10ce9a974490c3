"""Peak memory of a process that handles one file, by the file's size."""

import pytest

from tests.support.memory import numbers_of

PROGRAM = """
import sys, tempfile
from datetime import UTC, datetime
from pathlib import Path
from tests.support.memory import peak_mebibytes
from tributary.datasets import load_dataset
from tributary.conversion.upload import process_file
from tributary.kernels.source import Source

# Long rows: they tell whether memory follows bytes; the bench has short ones, in a file of this size, too.
ROWS = b"".join(
    b"%d%s,john doe,john.doe@example.com,%02d-04-2025,%d.5,status %d\\n"
    % (i, b"x" * 1000, i % 28 + 1, i, i % 5)
    for i in range(1000)
)

def chunks(megabytes):
    yield b"id,name,email,date,amount,status\\n"
    for n in range(megabytes):
        yield ROWS if sys.argv[2] == "rows" else b"x" * (1 << 20)

with tempfile.TemporaryDirectory() as work:
    result = process_file(
        load_dataset("customers"), Source("b", "input/customers/a.csv", "v"), chunks(int(sys.argv[1])),
        processing_date=datetime.now(UTC), date_formats=["%d-%m-%Y"], work=Path(work),
    )
print(peak_mebibytes())
"""


@pytest.mark.slow
def test_holds_a_file_of_a_gigabyte_in_the_memory_of_a_smaller_one() -> None:
    assert numbers_of(PROGRAM, 1100, "rows")[0] < 500


@pytest.mark.slow
def test_holds_a_single_line_of_a_gigabyte() -> None:
    assert numbers_of(PROGRAM, 1100, "one line")[0] < 350
