"""Peak memory of a batch of JSON files, by its size and shape."""

import pytest

from tests.support.memory import numbers_of

PROGRAM = r"""
import json, sys, tempfile
from pathlib import Path
from tests.support.memory import give_back, peak_mebibytes
from tributary.datasets import load_dataset
from tributary.conversion.batch import transform_batch
from tributary.conversion.chain import InputFile
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges

shape, megabytes = sys.argv[1], int(sys.argv[2])
TEXT = "0123456789abcdef" * {
    "documents": 600, "long documents": 60_000, "long documents behind short ones": 12_000
}.get(shape, 4)
SHORT = 20_000 if "short" in shape else 0

def event(n):
    return json.dumps({
        "id": "e%d" % n, "MODE": ["train", "test"][n % 2] if n % 50 else "x",
        "event_timestamp": 1640995200 + n * (7919 if shape == "partitions" else 1) * 3600 % 31_000_000,
        "payload": {
            "transaction_id": "t%d" % n, "items": [{"sku": "s", "quantity": n}],
            "text": TEXT if n >= SHORT else "",
        },
    }).encode()

def chunks(first, count):
    if first // EACH % 20 == 0:
        give_back()
    between = b",\n" if shape == "array" else b"\n"
    opening, closing = (b"[", b"]") if shape == "array" else (b"", b"\n")
    for start in range(first, first + count, 500):
        end = min(start + 500, first + count)
        events = between.join(map(event, range(start, end)))
        yield (opening if start == first else between) + events + (closing if end == first + count else b"")

SIZE = len(event(1_000_000)) + 1

COUNT = SHORT + megabytes * 1_000_000 // SIZE
EACH = 1 if "documents" in shape else COUNT if shape == "array" else 2_000

def file(first):
    source = Source("raw", "raw-json-data/%d.json" % first, "v1")
    return InputFile(source, lambda: chunks(first, min(EACH, COUNT - first)))

with tempfile.TemporaryDirectory() as work:
    result = transform_batch(
        load_dataset("ml_events"), map(file, range(0, COUNT, EACH)), batch_id=1,
        ranges=calendar_ranges(2021, 2030), work=Path(work), object_bytes=128 << 20, registry=LocalColumns(),
    )
assert result.rows + result.rejected == COUNT
print(peak_mebibytes())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "megabytes"),
    [
        ("documents", 80),
        ("long documents", 120),
        ("long documents behind short ones", 120),
        ("array", 60),
        ("partitions", 60),
    ],
)
def test_takes_the_same_memory_for_a_larger_batch(shape: str, megabytes: int) -> None:
    # each in a process of its own: a second batch begins with what the first one left
    small, large = (numbers_of(PROGRAM, shape, size)[0] for size in (megabytes, 3 * megabytes))
    assert large < 700
    # The larger batch has 120 MB more at least, a quarter of the smaller one's peak.
    assert large < small * 1.15
