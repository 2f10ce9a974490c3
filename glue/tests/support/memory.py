"""How much memory a process took, and programs run in one of their own to be asked so."""

import os
import resource
import subprocess
import sys
from pathlib import Path

GLUE = Path(__file__).resolve().parents[2]


def peak_mebibytes() -> int:
    """Of this process so far."""
    # Not ru_maxrss on Linux: it begins with the peak of the process that started this one.
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20


def numbers_of(program: str, *words: object) -> list[float]:
    """What the program prints, run by itself."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(GLUE)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line) for line in done.stdout.split()]


def hoard(mebibytes: int) -> int:
    """Take so much memory, as the work of a process alone: here, for few modules are imported with it."""
    return len(bytearray(mebibytes << 20))
