"""Time and memory of the native kernel on the worst input, each in a process of its own.

The bounds are stated in docs/ndjson.md. Time is that of the CPU, so that other work on the machine matters
little; memory is the peak above what the process had before it began to read.
"""

from dataclasses import dataclass

import pytest

from tests.support.memory import numbers_of
from tests.support.ndjson import NATIVE

PROGRAM = r'''
import sys, time
from tests.support.memory import peak_mebibytes
from tests.support.ndjson import parse
from tributary.kernels.formats.asked import DEFAULT_LIMITS

MIB = 1 << 20
SHORT_OF_LIMIT = 15
TEN_THOUSAND = b"{" + b",".join(b'"%d":%d' % (n, n) for n in range(10_000)) + b"}\n"

def repeated(unit):
    chunk = unit * (MIB // len(unit))
    return lambda mebibytes: (chunk for _ in range(mebibytes))

def in_lines(unit, begin=b""):
    """Lines a little shorter than the limit, so that they are read whole."""
    chunk = unit * (MIB // len(unit))
    def chunks(mebibytes):
        for _ in range(mebibytes // SHORT_OF_LIMIT):
            yield begin
            yield from [chunk] * SHORT_OF_LIMIT
            yield b"\n"
    return chunks

def unclosed(mebibytes):
    yield b'{"a":"'
    yield from repeated(b"x")(mebibytes)

def long_keys(mebibytes):
    """Each line has another key, a little shorter than the limit of lines."""
    for number in range(mebibytes // SHORT_OF_LIMIT):
        yield b'{"%d' % number
        yield from [b"k" * MIB] * SHORT_OF_LIMIT
        yield b'":1}\n'

INPUTS = {
    "brackets": repeated(b"["),
    "brackets in lines": in_lines(b"["),
    "nested objects in lines": in_lines(b'{"a":'),
    "escaped quotes": repeated(b'"\\'),
    "escaped quotes in lines": in_lines(b'"\\'),
    "escapes in a string": in_lines(b"\\\\", b'{"a":"'),
    "one unclosed string": unclosed,
    "unclosed strings in lines": in_lines(b"x", b'{"a":"'),
    "one line": repeated(b"x"),
    "spaces": repeated(b" "),
    "blank lines": repeated(b"\n"),
    "bytes that are not UTF-8": in_lines(b"\xff"),
    "ten thousand keys a line": repeated(TEN_THOUSAND),
    "long keys": long_keys,
    "empty objects": repeated(b"{}\n"),
    "short rejects": repeated(b"x\n"),
    "objects on one line": repeated(b'{"a":"xyz"}'),
    "broken objects on one line": repeated(b'{"a":xyz}'),
    "objects on one line that are not closed": in_lines(b'{"a":[]} ', b'{"a":['),
    "digits": in_lines(b"7", b'{"a":'),
}

engine, name, *sizes = sys.argv[1:]
for batch in parse(engine, [b'{"a":"1"}\nx\n'], DEFAULT_LIMITS):
    pass
before = peak_mebibytes()
for mebibytes in map(int, sizes):
    began = time.process_time()
    for batch in parse(engine, INPUTS[name](mebibytes), DEFAULT_LIMITS, keep_lines=False):
        pass
    print(time.process_time() - began)
print(peak_mebibytes() - before)
'''


@dataclass(frozen=True, slots=True)
class Bound:
    """For an input of so many MiB: CPU seconds, and MiB of memory; ten times and twice what was measured."""

    mebibytes: int
    seconds: float
    memory: int


GIB = 1024
BOUNDS = {
    "brackets": Bound(GIB, 5, 64),
    "brackets in lines": Bound(GIB, 10, 160),
    "nested objects in lines": Bound(256, 7.5, 160),
    "escaped quotes": Bound(GIB, 5, 64),
    "escaped quotes in lines": Bound(512, 15, 160),
    "escapes in a string": Bound(256, 10, 160),
    "one unclosed string": Bound(GIB, 5, 64),
    "unclosed strings in lines": Bound(GIB, 10, 160),
    "one line": Bound(GIB, 5, 64),
    "spaces": Bound(GIB, 10, 64),
    "blank lines": Bound(128, 10, 64),
    "bytes that are not UTF-8": Bound(GIB, 10, 160),
    "ten thousand keys a line": Bound(256, 20, 160),
    "long keys": Bound(GIB, 15, 200),
    "empty objects": Bound(64, 10, 64),
    "short rejects": Bound(64, 15, 64),
    "objects on one line": Bound(256, 15, 64),
    "broken objects on one line": Bound(128, 30, 64),
    "objects on one line that are not closed": Bound(256, 3.75, 160),
    "digits": Bound(256, 10, 160),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDS)
def test_stays_within_bounds_on_the_worst_input(name: str) -> None:
    bound = BOUNDS[name]
    quarter, whole, memory = numbers_of(PROGRAM, NATIVE[0], name, bound.mebibytes // 4, bound.mebibytes)
    print(f"{name}: {bound.mebibytes} MiB in {whole:.2f} s and {memory:.0f} MiB")
    assert whole < bound.seconds
    assert memory < bound.memory
    # Four times as long, and sixteen times if time grew with the square; what is short is noise.
    assert whole < 8 * quarter + 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one line", "spaces", "one unclosed string"])
def test_passes_over_an_endless_line_in_plain_python_too(name: str) -> None:
    _, memory = numbers_of(PROGRAM, "plain", name, 256)
    assert memory < 64


LEAVING = r"""
import sys
from tests.support.memory import peak_mebibytes
from tests.support.ndjson import parse
from tributary.kernels.record_limits import RecordLimits

LINES = b'{"a":"' + b"x" * 500 + b'","b":[1,2,3]}\nx\n'
DATA = LINES * 4000 + b'{"cut off":"' + b"y" * 500_000

def read(times):
    for _ in range(times):
        whole = list(parse(sys.argv[1], [DATA], RecordLimits(batch_bytes=500_000), keep_lines=True))
        left = parse(sys.argv[1], [DATA], RecordLimits(batch_bytes=500_000), keep_lines=True)
        next(left)
        del left

read(20)
before = peak_mebibytes()
read(100)
print(peak_mebibytes() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", NATIVE)
def test_frees_what_it_took(engine: str) -> None:
    """Two megabytes are read a hundred times, and left in the middle as often: a leak shows as hundreds."""
    (more,) = numbers_of(LEAVING, engine)
    assert more < 30
