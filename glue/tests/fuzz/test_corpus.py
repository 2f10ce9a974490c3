"""Every case that was ever of interest, read by every engine from memory that ends at a forbidden page."""

import ctypes
import faulthandler
import os
import signal
from pathlib import Path

import pytest

from tests.fuzz.cases import CORPUS, Case, failure, read, written
from tests.support.guarded import Arena, Side, guarded
from tests.support.ndjson import difference, parse

FILES = sorted(CORPUS.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_reads_a_case_of_the_corpus_alike_by_every_engine_and_however_cut(file: Path) -> None:
    case = read(file.read_text())
    data = case.data
    arena = Arena(len(data))
    chunkings = [case.chunks, (data,), tuple(data[at : at + 1] for at in range(len(data)))]
    for chunks in chunkings:
        for side in ("end", "begin"):
            cut = Case(chunks, case.limits, case.keep_lines)
            assert failure(cut, arena, side=side) is None  # type: ignore[arg-type]
        plain = parse("plain", chunks, case.limits, keep_lines=case.keep_lines)
        assert difference(plain, parse("plain", [data], case.limits, keep_lines=case.keep_lines)) is None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_writes_a_case_as_it_was_read(file: Path) -> None:
    assert written(read(file.read_text())) == file.read_text()


def test_holds_a_corpus() -> None:
    assert len(FILES) > 40


@pytest.mark.parametrize(("side", "step"), [("end", 0), ("begin", -1)])
def test_guards_memory_to_the_byte(side: Side, step: int) -> None:
    arena = Arena(10)
    place = arena.place(b"abc", side)
    assert bytes(place) == b"abc"
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        ctypes.string_at(place.address + step, len(place) + 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (-signal.SIGSEGV, -signal.SIGBUS)


def test_takes_a_chunk_away_before_the_next() -> None:
    arena = Arena(10)
    chunks = guarded([b"abc", b"", b"d"], arena)
    first = next(chunks)
    assert bytes(first) == b"abc"
    assert len(next(chunks)) == 0
    assert bytes(first) == bytes([0xA5] * 3)
    with pytest.raises(ValueError, match="do not fit"):
        arena.place(bytes(1 << 20), "end")
