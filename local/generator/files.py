"""Plan of the files to generate, and the writing of one."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.generator.clicks import blocks

#: gzip's own frame around a deflate stream.
_GZIP_WINDOW_BITS = 31
#: Compressed as fast as zlib can: the files are input of a test, not of an archive.
_GZIP_LEVEL = 1
#: Lines that are compressed at once: how exactly a compressed file meets its size.
_LINES_AT_ONCE = 64
#: Files whose size is wrong are that much of the right one, in turn.
_WRONG_SIZES = (0.5, 1.5)


@dataclass(frozen=True)
class Order:
    """Order of generated files; sizes are bytes, `dirty` and `gzip` shares from 0 to 1."""

    count: int
    size: int
    seed: int
    dirty: float
    dates: Sequence[str]
    gzip: float = 0
    wrong_names: int = 0
    wrong_sizes: int = 0
    corrupt: int = 0


@dataclass(frozen=True)
class File:
    """One file to be written: `size` bytes or a line less; of a corrupt one, the stream is cut there."""

    number: int
    name: str
    size: int
    gzip: bool = False
    corrupt: bool = False


@dataclass(frozen=True)
class Written:
    """Counts of one written file."""

    bytes: int
    lines: int
    dirty: int


def files(order: Order) -> Iterator[File]:
    """Give the files of an order; those with something wrong are the last ones."""
    good = order.count - order.wrong_names - order.wrong_sizes - order.corrupt
    for number in range(order.count):
        date = order.dates[number % len(order.dates)]
        # As evenly over all files as the share allows.
        gzip = int((number + 1) * order.gzip) > int(number * order.gzip)
        name = f"{date}-clicks-{number:06}.ndjson"
        place = number - good
        if place < 0:
            yield File(number, name + gzip * ".gz", order.size, gzip)
        elif place < order.wrong_names:
            yield File(number, _wrong_name(number, place), order.size)
        elif place < order.wrong_names + order.wrong_sizes:
            share = _WRONG_SIZES[(place - order.wrong_names) % len(_WRONG_SIZES)]
            yield File(number, name, int(order.size * share))
        else:
            yield File(number, f"{name}.gz", order.size, gzip=True, corrupt=True)


def _wrong_name(number: int, place: int) -> str:
    """A name without a date, with one that does not exist, that is too old, or that is written otherwise."""
    start = ("", "2026-02-30-", "1999-12-31-", "31-01-2026-")[place % 4]
    return f"{start}clicks-{number:06}.ndjson"


def write(path: Path, file: File, order: Order) -> Written:
    """Write one file and say what it came to."""
    if file.gzip:
        return _write_compressed(path, file, order)
    size = lines = dirty = 0
    with path.open("wb") as out:
        for block, broken in blocks(order.seed, file.number, order.dirty):
            room = file.size - size
            chunk = b"".join(block)
            if len(chunk) <= room:
                fit = len(block)
            else:
                fit = _fitting(block, room)
                chunk = b"".join(block[:fit])
            out.write(chunk)
            size += len(chunk)
            lines += fit
            dirty += sum(index < fit for index in broken)
            if fit < len(block):
                return Written(size, lines, dirty)
    raise AssertionError  # blocks never end


def _fitting(block: Sequence[bytes], room: int) -> int:
    for index, line in enumerate(block):
        room -= len(line)
        if room < 0:
            return index
    return len(block)


def _write_compressed(path: Path, file: File, order: Order) -> Written:
    """Compress lines until the file has its size; a corrupt one is cut there, without an end."""
    squeeze = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    data = bytearray()
    lines = dirty = 0
    for block, broken in blocks(order.seed, file.number, order.dirty):
        for start in range(0, len(block), _LINES_AT_ONCE):
            end = min(start + _LINES_AT_ONCE, len(block))
            data += squeeze.compress(b"".join(block[start:end]))
            lines += end - start
            dirty += sum(start <= index < end for index in broken)
            if len(data) >= file.size:
                data += squeeze.flush()
                path.write_bytes(data[: file.size] if file.corrupt else data)
                return Written(path.stat().st_size, lines, dirty)
    raise AssertionError  # blocks never end
