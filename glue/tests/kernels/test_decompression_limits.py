"""Compressed streams that become far more than they are: given up at the limit, not at their end."""

import gzip
import itertools
import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

from tributary.errors import BrokenGzipError, DecompressedTooLargeError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits

MEBIBYTE = 1 << 20
ZEROS = bytes(64 * MEBIBYTE)
LIMITS = FileLimits(decompressed_bytes=8 * MEBIBYTE, ratio=50, ratio_from_bytes=2 * MEBIBYTE)


def packed(suffix: str, content: bytes) -> bytes:
    if suffix == ".gz":
        return gzip.compress(content, 6)
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 5_000] for at in range(0, len(data), 5_000))


def given(suffix: str, data: bytes, limits: FileLimits) -> tuple[int, str]:
    """How many bytes come out, and why there are no more."""
    size = 0
    try:
        for piece in uncompressed(f"a{suffix}", pieces(data), limits):
            size += len(piece)
    except DecompressedTooLargeError as error:
        return size, str(error)
    return size, ""


@pytest.mark.parametrize("suffix", [".zst", ".gz"])
def test_gives_a_bomb_of_two_gibibytes_up_at_the_limit(suffix: str) -> None:
    """32 frames or members of zeros: of zstd 65 KB together, which is where the review began."""
    bomb = packed(suffix, ZEROS) * 32
    assert suffix == ".gz" or len(bomb) < 100_000
    size, why = given(suffix, bomb, DEFAULT_FILE_LIMITS)
    assert size <= DEFAULT_FILE_LIMITS.ratio_from_bytes + MEBIBYTE
    assert re.fullmatch(
        r"expected at most 500 bytes decompressed for each byte stored, from 64000000 on "
        r"\(upload it in parts, or not compressed\), got \d+ of the first \d+ stored",
        why,
    )


def test_reads_no_further_than_to_the_limit() -> None:
    taken = itertools.count()

    def chunks() -> Iterator[bytes]:
        frame = packed(".zst", bytes(MEBIBYTE))
        for _ in taken:
            yield frame

    with pytest.raises(DecompressedTooLargeError):
        for _ in uncompressed("a.zst", chunks(), LIMITS):
            pass
    assert next(taken) < 10_000


@pytest.mark.parametrize("suffix", [".zst", ".gz"])
def test_bounds_bytes_whatever_their_ratio(suffix: str) -> None:
    noise = pa.array(range(3 * MEBIBYTE // 2), pa.int64()).buffers()[1].to_pybytes()
    size, why = given(suffix, packed(suffix, noise), LIMITS)
    assert size <= 8 * MEBIBYTE
    assert why.startswith("expected at most 8388608 bytes decompressed (upload it in parts), got ")


@pytest.mark.parametrize("suffix", [".zst", ".gz"])
@pytest.mark.parametrize("size", [2 * MEBIBYTE, 8 * MEBIBYTE])
def test_takes_what_is_within_the_limits(suffix: str, size: int) -> None:
    """To the very byte; and zeros are small enough up to where the ratio counts."""
    content = bytes(2 * MEBIBYTE) if size == 2 * MEBIBYTE else bytes(range(256)) * (size // 256)
    limits = LIMITS if size == 2 * MEBIBYTE else FileLimits(decompressed_bytes=size)
    assert given(suffix, packed(suffix, content), limits) == (size, "")


def test_bounds_neither_what_is_stored_as_it_is_nor_what_was_checked() -> None:
    assert given("", bytes(16 * MEBIBYTE), LIMITS) == (16 * MEBIBYTE, "")
    checked = uncompressed("a.gz", [packed(".gz", bytes(16 * MEBIBYTE))])
    assert sum(map(len, checked)) == 16 * MEBIBYTE


def test_still_tells_a_broken_stream() -> None:
    with pytest.raises(BrokenGzipError):
        list(uncompressed("a.gz", [packed(".gz", b"x")[:-1]], LIMITS))
