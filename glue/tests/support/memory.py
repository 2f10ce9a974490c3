"""How much memory a process took, and programs run in one of their own to be asked so."""

import os
import resource
import subprocess
import sys
from pathlib import Path

GLUE = Path(__file__).resolve().parents[2]

# Allocators keep what was freed for a while, Arrow's for milliseconds and DuckDB's for seconds, so a peak
# would tell how fast the machine was. So they give it back at once: the peak is what was in use together.
_PROMPT_ALLOCATORS = {
    "MIMALLOC_PURGE_DELAY": "0",
    "DUCKDB_JE_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


def peak_mebibytes() -> int:
    """Of this process so far."""
    # Not ru_maxrss on Linux: it begins with the peak of the process that started this one.
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20


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
