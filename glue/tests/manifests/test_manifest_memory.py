"""Peak memory of a worker that has a manifest of a gigabyte in work; only the network is left out."""

import pytest

from tests.support.memory import numbers_of

PROGRAM = r"""
import gzip, json, sys, tempfile
from datetime import UTC, datetime
from pathlib import Path
from tests.support.memory import peak_mebibytes
from tributary.datasets import load_dataset
from tributary.objects import fetching
from tributary.running.clients import s3_client
from tributary.kernels.output.undeclared import LocalColumns
from tributary.manifests.conversion import Seconds, convert
from tributary.manifests.manifest import Entry

files = int(sys.argv[1])
lines = []
size = number = 0
while size < 3_490_000:
    lines.append(json.dumps({
        "id": number, "at": "2026-02-03T00:00:00Z", "amount": number / 100, "mode": "m%d" % (number % 12),
        "message": ("%08x" % (number * number)) * 12, "tags": ["a", "b", {"n": number}],
        "device": {"os": "android", "screen": {"width": number % 2000, "height": 1080}, "n": number * number},
    }).encode() + b"\n")
    size += len(lines[-1])
    number += 1
LINES = b"".join(lines)
PACKED = gzip.compress(LINES, 1)

def read_version(bucket, key, version):
    late = b'{"id":1,"late%s":1}\n' % version.encode()
    body = PACKED + gzip.compress(late) if key.endswith(".gz") else LINES + late
    for start in range(0, len(body), 256 << 10):
        yield body[start : start + (256 << 10)]

fetching.read_version = read_version
s3_client()
uploaded = datetime.now(UTC)
entries = [
    Entry("raw", "input/clicks/%d.ndjson%s" % (n, ".gz" * (n % 10 == 0)), str(n), len(LINES), 1, uploaded)
    for n in range(files)
]
with tempfile.TemporaryDirectory() as folder:
    with fetching.ReadAhead(entries, Path(folder), fetching.fetch) as ahead:
        result = convert(load_dataset("clicks"), ahead, Path(folder), {}, Seconds(), registry=LocalColumns())
assert result.rows == files * (len(lines) + 1)
print(peak_mebibytes())
"""


@pytest.mark.slow
def test_has_a_gigabyte_in_work_within_512_mebibytes() -> None:
    """The dearest case: each file brings a key of its own in its last line."""
    [peak] = numbers_of(PROGRAM, 286)
    assert peak <= 512
