"""NDJSON files of the shapes that the bench measures: the same bytes for the same shape and size.

Each line is an object with a unique `id` of 26 letters and digits first, by which rows are found again.
Values are random (seeded by shape and file), so that they compress about as logs and events do.
"""

# ruff: noqa: S311 (sample data)

import gzip
import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

FILE_BYTES = 3_350_000
"""Bytes of a file before compression: the reference's files have 3.5 MB."""

WIDE_COLUMNS = 1_000
DIRTY_SHARE = 0.01
BAD_LINES = "bad-lines.json"
"""Beside the files of a shape: file name → line number → reason code."""

_ID_AT = slice(len('{"id":"'), len('{"id":"') + 26)
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_DAYS = 4
_FIRST_LINES = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of lines; `megabytes` (10^6 bytes before compression) is its size by default."""

    description: str
    line: Callable[[Random, int], str]
    megabytes: int = 201
    suffix: str = ".ndjson"
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """The files of a shape on disk, in their order, the bytes of JSON in each, and their broken lines."""

    files: tuple[Path, ...]
    json_bytes: tuple[int, ...]
    bad_lines: dict[str, dict[int, str]]


def generate(name: str, folder: Path, megabytes: int | None, count: int | None = None) -> Sample:
    """Write the files of a shape into a new folder, so many or as many as have about the usual size."""
    folder.mkdir(parents=True)
    count = count or max(2, round((megabytes or SHAPES[name].megabytes) * 1_000_000 / FILE_BYTES))
    file_bytes = FILE_BYTES if megabytes is None else megabytes * 1_000_000 // count
    write = partial(_write_file, name, folder, count, file_bytes)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        written = list(pool.map(write, range(count)))
    bad_lines = {path.name: bad for path, _, bad in written if bad}
    (folder / BAD_LINES).write_text(json.dumps(bad_lines))
    files, sizes, _ = zip(*written, strict=True)
    return Sample(files, sizes, bad_lines)


def row_id(line: bytes) -> str:
    """The `id` of a generated line that is not broken."""
    return line[_ID_AT].decode()


def content(file: Path) -> bytes:
    """The JSON lines of a generated file."""
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data


def first_lines(file: Path) -> list[bytes]:
    """Some lines of a generated file, broken ones among them."""
    return content(file).split(b"\n", _FIRST_LINES)[:-1]


def _write_file(
    name: str, folder: Path, count: int, file_bytes: int, index: int
) -> tuple[Path, int, dict[int, str]]:
    shape = SHAPES[name]
    chance = Random(f"{name} {index}")
    day = index * _DAYS // count
    lines, bad = _lines(shape, chance, day, file_bytes)
    data = b"".join(lines)
    path = folder / f"{name}-{index:04d}{shape.suffix}"
    path.write_bytes(gzip.compress(data, 6, mtime=0) if path.suffix == ".gz" else data)
    return path, len(data), bad


def _lines(shape: Shape, chance: Random, day: int, file_bytes: int) -> tuple[list[bytes], dict[int, str]]:
    lines: list[bytes] = []
    bad: dict[int, str] = {}
    size = 0
    while size < file_bytes:
        line = shape.line(chance, day).encode()
        if shape.dirty and chance.random() < DIRTY_SHARE:
            reason, spoil = chance.choice(SPOILERS)
            line = spoil(line)
            bad[len(lines) + 1] = reason
        lines.append(line + b"\n")
        size += len(line) + 1
    return lines, bad


SPOILERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("not-json", lambda line: line[: len(line) * 2 // 3]),
    ("not-json", lambda line: line[:-1] + b",}"),
    ("not-json", lambda line: line.replace(b'"amount":', b'"amount":NaN,"was":', 1)),
    ("not-json", lambda line: line + b"]"),
    ("not-json", lambda line: b"Connection reset by peer"),
    ("not-an-object", lambda line: b"[" + line + b"]"),
    ("invalid-utf8", lambda line: line.replace(b'"note":', b'"memo":"caf\xe9","note":', 1)),
    ("lone-surrogate", lambda line: line.replace(b'"note":', b'"memo":"\\ud83d","note":', 1)),
    ("duplicate-key", lambda line: line[:-1] + b',"amount":0.00}'),
]
"""Ways to break a line of the nested shape, each with the reason that it is to be rejected for."""


def _row_id(chance: Random) -> str:
    bits = chance.getrandbits(130)
    return "".join([_BASE32[bits >> shift & 31] for shift in range(0, 130, 5)])


def _timestamp(chance: Random, day: int) -> str:
    """A moment of the day; of the day before in 2 % of the cases."""
    if chance.random() < 0.02:
        day -= 1
    second, micro = divmod(chance.getrandbits(36) % 86_400_000_000, 1_000_000)
    minute, second = divmod(second, 60)
    return f"2026-03-{day + 10:02d}T{minute // 60:02d}:{minute % 60:02d}:{second:02d}.{micro:06d}Z"


def _decimal(chance: Random) -> str:
    """An amount with two places, a third of them ending in a zero."""
    cents = int(chance.expovariate(1 / 5_000))
    if chance.getrandbits(2) == 0:
        cents = cents // 10 * 10
    return f"{cents // 100}.{cents % 100:02d}"


def _words(seed: str, alphabet: list[str], count: int, longest: int) -> list[str]:
    chance = Random(seed)
    return ["".join(chance.choices(alphabet, k=chance.randint(2, longest))) for _ in range(count)]


_WORDS = _words("words", list("eeeeaaaaooiiinnrrsstttllddmmuuhhgcpbvkfwyz"), 8192, 11)
_CITIES = [word.capitalize() for word in _WORDS[:500]]
_SCRIPTS = [
    *_words("cyrillic", [chr(code) for code in range(0x430, 0x450)], 2048, 10),
    *_words("greek", [chr(code) for code in range(0x3B1, 0x3CA)], 1024, 10),
    *_words("arabic", [chr(code) for code in range(0x627, 0x64B)], 1024, 8),
    *_words("han", [chr(code) for code in range(0x4E00, 0x5E00)], 4096, 4),
    *_words("latin", list("aeionrstäöüßéèñçåø"), 2048, 10),
    *_words("emoji", [chr(code) for code in range(0x1F600, 0x1F640)], 256, 3),
]
_ESCAPES = ["\\n", '\\"', "\\\\", "\\t", "\\/", "\\u00e9", "\\u4e16", "\\ud83d\\ude00"]
_ESCAPED = [*_words("escapes", [*_ESCAPES, "a", "o", "s"], 4096, 5), *_WORDS[:2048]]
_EVENTS = ["order.created", "order.updated", "order.paid", "order.shipped", "cart.abandoned", "refund.issued"]
_CURRENCIES = ["EUR", "USD", "GBP", "CHF", "SEK", "PLN"]
_CHANNELS = ["web", "ios", "android", "store", "partner-api"]


def _short(chance: Random, _day: int) -> str:
    bits = chance.getrandbits(64)
    price, ok = _decimal(chance), _boolean(bits & 1)
    return f'{{"id":"{_row_id(chance)}","n":{bits >> 44},"price":{price},"ok":{ok}}}'


def _nested(chance: Random, day: int) -> str:
    bits = chance.getrandbits(128)
    words = chance.choices(_WORDS, k=7)
    note = "null" if bits & 0x30 else f'"{" ".join(words[:4])}"'
    sequence = 10**18 + (bits >> 66) % (8 * 10**18)
    return (
        f'{{"id":"{_row_id(chance)}","account":"{bits >> 80:012x}","sequence":{sequence}'
        f',"event":"{_EVENTS[bits % 6]}","occurred_at":"{_timestamp(chance, day)}"'
        f',"amount":{_decimal(chance)},"currency":"{_CURRENCIES[bits % 5]}"'
        f',"retry":{_boolean(bits & 0x700 == 0)},"note":{note},"customer":{_customer(bits, words[4:6])}'
        f',"items":{_items(chance, 1 + bits % 2)},"tags":["{words[5]}","{words[6]}"]'
        f',"channel":"{_CHANNELS[bits % 5]}"}}'
    )


def _boolean(value: int) -> str:
    return "true" if value else "false"


def _customer(bits: int, names: list[str]) -> str:
    name = f"{names[0].capitalize()} {names[1].capitalize()}"
    address = f'{{"city":"{_CITIES[bits % 499]}","zip":"{(bits >> 9) % 100_000:05d}"}}'
    return f'{{"name":"{name}","address":{address},"vip":{_boolean(bits & 0xF000 == 0)}}}'


def _items(chance: Random, count: int) -> str:
    items = []
    for _ in range(count):
        bits = chance.getrandbits(48)
        items.append(f'{{"sku":"{bits >> 8:010x}","quantity":{1 + bits % 4},"price":{_decimal(chance)}}}')
    return f"[{','.join(items)}]"


def _wide(chance: Random, _day: int) -> str:
    words = chance.choices(_WORDS, k=WIDE_COLUMNS // 4)
    cells = [f'{{"id":"{_row_id(chance)}"']
    for column in range(1, WIDE_COLUMNS):
        bits = chance.getrandbits(32)
        if bits % 10 == 0:
            value = "null"
        elif column % 4 == 0:
            value = f'"{words[column // 4]}"'
        elif column % 4 == 1:
            value = f"{(bits >> 8) % 10_000 / 100:.2f}"
        else:
            value = str(bits >> 12)
        cells.append(f'"c{column:03d}":{value}')
    return ",".join(cells) + "}"


def _text(words: list[str], low: int, high: int) -> Callable[[Random, int], str]:
    """Lines with a title and a body of that many words."""

    def line(chance: Random, _day: int) -> str:
        body = " ".join(chance.choices(words, k=chance.randint(low, high)))
        title = " ".join(chance.choices(words, k=4))
        return f'{{"id":"{_row_id(chance)}","title":"{title}","score":{_decimal(chance)},"body":"{body}"}}'

    return line


SHAPES: dict[str, Shape] = {
    "short": Shape("rows of four short values", _short),
    "nested": Shape("events with nested values, about 450 bytes", _nested, 241),
    "wide": Shape("1,000 columns", _wide),
    "long": Shape("strings of 1 to 12 KB", _text(_WORDS, 150, 1_700)),
    "escapes": Shape("an escape in every few bytes of the strings", _text(_ESCAPED, 10, 60)),
    "non-ascii": Shape("strings in Cyrillic, Greek, Arabic, Han, Latin and emoji", _text(_SCRIPTS, 10, 60)),
    "gzip": Shape("the nested shape, each file compressed", _nested, 241, ".ndjson.gz"),
    "dirty": Shape("the nested shape, 1 % of its lines broken", _nested, dirty=True),
}
