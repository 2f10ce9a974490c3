"""Compressed streams: cut anywhere, broken in every way."""

import gzip
import os
from collections.abc import Iterator

import pyarrow as pa
import pytest

from tests.support.memory import numbers_of
from tributary.errors import BrokenGzipError, BrokenZstdError, TransientError
from tributary.kernels.compression.streams import uncompressed

LINE = b'{"a":1}\n'
LINE_CHECKSUM = bytes.fromhex("e2efece0")  # low half of its XXH64
SKIPPABLE = b"\x50\x2a\x4d\x18\x05\0\0\0notes"


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def checked(checksum: bytes = LINE_CHECKSUM, window_log: int = 10) -> bytes:
    """A zstd frame of `LINE` in one raw block, after RFC 8878."""
    block = (1 | len(LINE) << 3).to_bytes(3, "little")
    return b"\x28\xb5\x2f\xfd\x04" + bytes([window_log - 10 << 3]) + block + LINE + checksum


NOISE = os.urandom(70_000)
WHOLE = {
    ".gz": [
        (gzip.compress(NOISE), NOISE),
        (gzip.compress(bytes(3 << 20)), bytes(3 << 20)),
        (gzip.compress(NOISE) + gzip.compress(b"") + gzip.compress(LINE) + bytes(9), NOISE + LINE),
    ],
    ".zst": [
        (zstd(NOISE), NOISE),
        (zstd(bytes(3 << 20)), bytes(3 << 20)),
        (zstd(NOISE) + SKIPPABLE + checked() + zstd(b"") + SKIPPABLE, NOISE + LINE),
        (checked(window_log=27), LINE),
    ],
    "": [(NOISE, NOISE), (b"", b"")],
}
BROKEN = {
    ".gz": {
        "empty": b"",
        "neither compressed nor text": b"\0" + LINE,
        "cut in the magic": b"\x1f",
        "cut in the header": gzip.compress(LINE)[:5],
        "cut in the content": gzip.compress(LINE)[:15],
        "cut in the checksum": gzip.compress(LINE)[:-1],
        "second member cut": gzip.compress(LINE) + gzip.compress(LINE)[:-1],
        "wrong checksum": gzip.compress(LINE)[:-8] + b"\1\2\3\4" + gzip.compress(LINE)[-4:],
        "wrong length": gzip.compress(LINE)[:-1] + b"\1",
        "text behind": gzip.compress(LINE) + LINE,
    },
    ".zst": {
        "empty": b"",
        "neither compressed nor text": b"\0" + LINE,
        "cut in the magic": b"(",
        "cut in the header": checked()[:5],
        "cut in the content": checked()[:12],
        "cut before the checksum": checked(checksum=b""),
        "cut in the checksum": checked()[:-1],
        "second frame cut": checked() + checked()[:-1],
        "cut in a skippable frame": checked() + SKIPPABLE[:-1],
        "wrong checksum": checked(checksum=b"\1\2\3\4"),
        "zeros behind": checked() + bytes(9),
        "text behind": checked() + LINE,
        "window of 256 MiB": checked(window_log=28),
    },
}


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("size", [5, 65_537, 1 << 22])
@pytest.mark.parametrize(
    ("suffix", "number"), [(s, n) for s, cases in WHOLE.items() for n in range(len(cases))]
)
def test_gives_the_content_in_small_pieces(suffix: str, number: int, size: int) -> None:
    data, content = WHOLE[suffix][number]
    given = list(uncompressed(f"a{suffix}", pieces(data, size)))
    assert b"".join(given) == content
    assert suffix == "" or max(map(len, given)) <= 1 << 20


@pytest.mark.parametrize("size", [1, 65_537])
@pytest.mark.parametrize("name", ["a", "a.csv", "a.gz", "a.zst"])
@pytest.mark.parametrize(
    "stored",
    [gzip.compress(LINE), zstd(LINE), SKIPPABLE + checked(), LINE],
    ids=["gzip", "zstd", "skippable", "plain"],
)
def test_goes_by_the_bytes_whatever_the_name(name: str, stored: bytes, size: int) -> None:
    assert b"".join(uncompressed(name, pieces(stored, size))) == LINE


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize(("suffix", "case"), [(s, c) for s, cases in BROKEN.items() for c in cases])
def test_rejects_the_whole_of_a_broken_stream(suffix: str, case: str, size: int) -> None:
    with pytest.raises({".gz": BrokenGzipError, ".zst": BrokenZstdError}[suffix]):
        list(uncompressed(f"a{suffix}", pieces(BROKEN[suffix][case], size)))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_tells_every_cut_from_the_whole(suffix: str) -> None:
    one = {".gz": gzip.compress(NOISE[:300]), ".zst": zstd(NOISE[:300])}[suffix]
    for end in {*range(2 * len(one))} - {len(one)}:
        with pytest.raises((BrokenGzipError, BrokenZstdError)):
            list(uncompressed(f"a{suffix}", [(one + one)[:end]]))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_tells_every_flipped_byte_of_the_content(suffix: str) -> None:
    """Of the checksum, too; in a header some bits say nothing about the content."""
    data = {".gz": gzip.compress(NOISE[:300]), ".zst": checked()}[suffix]
    for at in range(10, len(data)):
        flipped = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        with pytest.raises((BrokenGzipError, BrokenZstdError)):
            list(uncompressed(f"a{suffix}", [flipped]))


@pytest.mark.parametrize("failure", [TransientError("lost"), ConnectionError("lost"), KeyError("lost")])
@pytest.mark.parametrize("suffix", [".gz", ".zst", ""])
def test_passes_on_what_the_source_raises(suffix: str, failure: Exception) -> None:
    def chunks() -> Iterator[bytes]:
        yield {".gz": gzip.compress(NOISE), ".zst": zstd(NOISE), "": NOISE}[suffix][:1000]
        raise failure

    with pytest.raises(type(failure)) as caught:
        list(uncompressed(f"a{suffix}", chunks()))
    assert caught.value is failure


PROGRAM = """
import sys
import pyarrow as pa
from tests.support.memory import peak_mebibytes
from tributary.kernels.compression.streams import uncompressed

suffix, megabytes = sys.argv[1], int(sys.argv[2])
sink = pa.BufferOutputStream()
with pa.CompressedOutputStream(sink, "gzip" if suffix == ".gz" else "zstd") as stream:
    for _ in range(megabytes):
        stream.write(bytes(1 << 20))
data = sink.getvalue().to_pybytes()
before = peak_mebibytes()
assert sum(map(len, uncompressed("a" + suffix, [data]))) == megabytes << 20
print(peak_mebibytes() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_holds_little_of_what_was_compressed_a_thousandfold(suffix: str) -> None:
    (more,) = numbers_of(PROGRAM, suffix, 200)
    assert more < 30
