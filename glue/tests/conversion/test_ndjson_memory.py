"""Peak memory of NDJSON to Parquet, by the size of the input: many files of 3.5 MB into one output."""

import pytest

from tests.support.memory import numbers_of

PROGRAM = r"""
import json, sys, tempfile
from datetime import UTC, datetime
from pathlib import Path
from tests.support.memory import peak_mebibytes
from tests.conversion.test_ndjson_processing import dataset
from tributary.conversion.batch import transform_batch
from tributary.conversion.chain import InputFile, Way, convert
from tributary.conversion.sinks import DatedObject
from tributary.datasets import load_dataset
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.source import Source

kind, files = sys.argv[1], int(sys.argv[2])
ROWS, MESSAGE = (15, 20_000) if "long values" in kind else (15_000, 12)
MODES = 500 if kind == "typed, many partitions" else 12
LINES = b"".join(
    json.dumps({
        "Id": n, "at": "2026-%02d-01T00:00:00Z" % (n % 12 + 1), "amount": n / 100, "active": n % 2 == 0,
        "mode": "m%d" % (n % MODES), "message": ("%08x" % (n * n)) * MESSAGE, "tags": ["a", "b", {"n": n}],
        "device": {"os": "android", "screen": {"width": n % 2000, "height": 1080}},
    }).encode() + b"\n"
    for n in range(ROWS)
)

def contents():
    for number in range(files):
        late = b'{"Id":1,"at":"2026-01-01T00:00:00Z","mode":"m1","late%d":1}\n' % number
        source = Source("raw", "input/events/%d.ndjson" % number, "v1")
        content = [LINES, late if "late" in kind else b""]
        yield InputFile(source, lambda content=content: content)

with tempfile.TemporaryDirectory() as work:
    if kind.startswith("text"):
        clicks = load_dataset("clicks")
        sink = DatedObject(clicks, Path(work, "rows.parquet"), {}, [("a", "v1", 1)] * files)
        rows = convert(clicks, contents(), sink, Way(Path(work), LocalColumns())).rows
    else:
        rows = transform_batch(
            dataset(), contents(), batch_id=1, ranges={}, work=Path(work), object_bytes=128 << 20,
            registry=LocalColumns(),
        ).rows
assert rows == files * (ROWS + ("late" in kind))
print(peak_mebibytes())
"""


def peak(kind: str, files: int) -> float:
    [mebibytes] = numbers_of(PROGRAM, kind, files)
    return mebibytes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("text", 512),
        ("text, late columns", 512),
        ("typed", 1024),
        ("typed, many partitions", 1024),
        ("typed, long values", 1024),
    ],
)
def test_takes_the_same_memory_for_more_files(kind: str, most: int) -> None:
    small, large = peak(kind, 40), peak(kind, 120)
    assert large < most
    assert large < small * 1.3
