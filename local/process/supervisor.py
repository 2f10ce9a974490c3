"""Runs a program that must not outlive the process that started it.

Standard input is a pipe that the starter holds. At its end, however the starter ended, the program is killed
with all its descendants, those in sessions of their own included. SIGINT goes on to the program; others
come to the whole process group anyway. The program's end, code or signal, becomes this one's.
"""

import os
import signal
import subprocess
import sys
import threading
from collections import defaultdict


def main() -> None:
    """Run the command line given as arguments to its end."""
    for ignored in (signal.SIGTERM, signal.SIGHUP):
        # A handler, for what is ignored would stay ignored in the program.
        signal.signal(ignored, lambda *_: None)
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603
    signal.signal(signal.SIGINT, lambda *_: child.send_signal(signal.SIGINT))
    threading.Thread(target=end_with_starter, daemon=True).start()
    code = child.wait()
    if code < 0:
        if -code in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def end_with_starter() -> None:
    """Wait for the end of standard input, then kill every descendant and this process."""
    while os.read(0, 1):
        pass
    for pid in [*descendants(os.getpid()), os.getpid()]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def descendants(root: int) -> list[int]:
    """Return the processes below `root`, parents first."""
    rows = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="], text=True)  # noqa: S607
    children: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows.splitlines():
        pid, parent = map(int, row.split())
        children[parent].append(pid)
    found = [root]
    for pid in found:
        found.extend(children[pid])
    return found[1:]


if __name__ == "__main__":
    main()
