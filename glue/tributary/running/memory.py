"""How much memory this process took."""

import resource
from pathlib import Path


def peak_bytes() -> int:
    """The most that this process ever held.

    On Linux not `ru_maxrss`, which begins with the peak of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
