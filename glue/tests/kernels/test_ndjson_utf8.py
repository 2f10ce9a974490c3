"""UTF-8 in lines, judged as Python's own decoder does."""

from itertools import product

import pytest

from tests.support.ndjson import parse
from tributary.kernels.formats.ndjson.native import variants
from tributary.kernels.record_limits import RecordLimits

# Both sides of every bound in RFC 3629, section 4, and what JSON has a meaning for.
EDGES = bytes.fromhex("00 22 41 5c 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff")

SEQUENCES = [
    bytes(sequence)
    for length, choices in [(1, range(256)), (2, range(256)), (3, EDGES), (4, EDGES)]
    for sequence in product(choices, repeat=length)
    if ord("\n") not in sequence
]


def is_utf8(sequence: bytes) -> bool:
    try:
        sequence.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("variant", variants())
@pytest.mark.parametrize("before", [0, 29, 31])
def test_takes_the_sequences_of_bytes_that_python_takes(variant: str, before: int) -> None:
    data = b"".join(b'["%s%s"]\n' % (b"x" * before, sequence) for sequence in SEQUENCES)
    reasons = [
        reason
        for batch in parse(variant, [data], RecordLimits())
        for reason in batch.rejects["reason"].to_pylist()
    ]
    judged = [reason != "invalid-utf8" for reason in reasons]
    assert judged == [is_utf8(sequence) for sequence in SEQUENCES]
