"""Peak memory of a process, and programs run in one of their own to measure it."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from tributary.running.memory import peak_bytes

GLUE = Path(__file__).resolve().parents[2]

# Allocators keep what was freed for a while, Arrow's for milliseconds and DuckDB's for seconds, so a peak
# would tell how fast the machine was. So they give it back at once: the peak is what was in use together.
# Arrow's own one copies a growing text of 100 MB where it finds no room behind it; the system's moves pages.
_PROMPT_ALLOCATORS = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "DUCKDB_JE_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


def peak_mebibytes() -> int:
    """Return the peak of this process so far."""
    return peak_bytes() >> 20


def give_back() -> None:
    """Give back what lies free between blocks in use, which glibc keeps: how much is chance."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def numbers_of(program: str, *words: object) -> list[float]:
    """What the program prints, run by itself; its peaks depend on no moment."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        env={**os.environ, **_PROMPT_ALLOCATORS, "PYTHONPATH": str(GLUE)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line) for line in done.stdout.split()]


def hoard(mebibytes: int) -> int:
    """Take so much memory, as the work of a process alone: here, for few modules are imported with it."""
    return len(bytearray(mebibytes << 20))
