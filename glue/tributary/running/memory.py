"""Memory that a process took."""

import resource
from pathlib import Path


def peak_bytes(process: int | str = "self") -> int:
    """Return the peak memory of a process, by its id; only of this one where the system has no /proc.

    On Linux not `ru_maxrss`, which begins with the peak of the process that started this one.
    """
    status = Path(f"/proc/{process}/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
