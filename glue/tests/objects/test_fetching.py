"""Files fetched ahead of their reader: in order, not too many, checked to the end."""

import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tributary.errors import SourceGoneError, TransientError
from tributary.manifests.manifest import Entry
from tributary.objects import fetching
from tributary.objects.fetching import Fetched, ReadAhead, Unreadable, fetch

BODY = b'{"id":1}\n' * 1000


def entry(name: str, size: int = len(BODY)) -> Entry:
    return Entry("raw", name, "v", size, 1, datetime.now(UTC))


@pytest.fixture
def contents(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes | Exception]:
    """What each key holds, or raises."""
    found: dict[str, bytes | Exception] = {}

    def read_version(_: str, key: str, __: str) -> Iterator[bytes]:
        content = found.get(key, BODY)
        if isinstance(content, Exception):
            raise content
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    monkeypatch.setattr(fetching, "read_version", read_version)
    return found


def test_gives_files_in_their_order(contents: dict[str, bytes | Exception], tmp_path: Path) -> None:
    names = [f"{number}.ndjson" for number in range(40)]
    contents.update({name: name.encode() * 10 for name in names})
    with ReadAhead(map(entry, names), tmp_path, fetch) as ahead:
        read = [(file.entry.key, b"".join(file.chunks())) for file in ahead if isinstance(file, Fetched)]
    assert read == [(name, name.encode() * 10) for name in names]


@pytest.mark.parametrize(("size", "most"), [(1, 6), (30 << 20, 2), (1 << 40, 1)])
def test_fetches_a_few_files_and_bytes_ahead(tmp_path: Path, size: int, most: int) -> None:
    waiting: list[str] = []
    lock = threading.Lock()

    def note(one: Entry, _: Path) -> tuple[Entry, Unreadable]:
        with lock:
            waiting.append(one.key)
        return one, Unreadable("noted", "")

    with ReadAhead([entry(str(number), size) for number in range(20)], tmp_path, note) as ahead:
        for count, _ in enumerate(ahead, 1):
            assert len(waiting) <= count + most


BROKEN = {
    "cut.gz": "broken-gzip",
    "more.gz": "broken-gzip",
    "cut.csv": "broken-gzip",
    "noise.zst": "broken-zstd",
}


def test_reads_compressed_files_to_their_end(contents: dict[str, bytes | Exception], tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    contents.update({"good.gz": packed, "cut.gz": packed[:-4], "more.gz": packed + b"x", "plain.zst": BODY})
    contents.update({"named.csv": packed, "cut.csv": packed[:-4], "noise.zst": b"\0" + BODY})
    for name in ("good.gz", "plain.zst", "named.csv"):
        good = fetch(entry(name), tmp_path)
        assert isinstance(good, Fetched)
        assert b"".join(good.chunks()) == b"".join(good.chunks()) == BODY
    for name, reason in BROKEN.items():
        broken = fetch(entry(name), tmp_path)
        assert not isinstance(broken, Fetched)
        assert (broken[1].reason, broken[1].is_gone) == (reason, False)


def test_tells_what_is_gone_from_what_may_come_back(
    contents: dict[str, bytes | Exception], tmp_path: Path
) -> None:
    contents.update({"gone": SourceGoneError("no such version"), "lost": TransientError("no network")})
    gone = fetch(entry("gone"), tmp_path)
    assert not isinstance(gone, Fetched)
    assert gone[1].is_gone
    with ReadAhead([entry("fine"), entry("lost"), entry("never")], tmp_path, fetch) as ahead:
        files = iter(ahead)
        assert isinstance(next(files), Fetched)
        with pytest.raises(TransientError, match="no network"):
            next(files)


def test_keeps_a_large_file_on_disk(contents: dict[str, bytes | Exception], tmp_path: Path) -> None:
    contents["large"] = BODY * 500
    large = fetch(entry("large"), tmp_path)
    assert isinstance(large, Fetched)
    assert large.content.fileno() > 0
    assert b"".join(large.chunks()) == BODY * 500
