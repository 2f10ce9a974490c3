"""One task in a process of its own, so that a file that kills its process falls alone."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from threading import Event

from tributary.outcomes import KILLED_WORKER, Failed, Outcome, Task

_POLL_SECONDS = 0.2


def run_alone(task: Task, stopping: Event | None = None) -> Outcome | None:
    """Run a task in a child process; None when `stopping` was set before it ended.

    The child's temporary files live in a folder that is removed even when the child was killed.
    """
    with tempfile.TemporaryDirectory(prefix="tributary-alone-") as folder:
        (Path(folder) / "task").write_bytes(pickle.dumps(task))
        # The package may be inside a zip that only this process has on its path.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TMPDIR": folder}
        command = [sys.executable, "-m", __name__, folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as child:  # noqa: S603 our own module
            try:
                if not _wait(child, stopping):
                    return None
            finally:
                child.kill()
        return _outcome(Path(folder), child.returncode)


def _wait(child: subprocess.Popen[bytes], stopping: Event | None) -> bool:
    while stopping is None or not stopping.is_set():
        try:
            child.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return True
    return False


def _outcome(folder: Path, code: int) -> Outcome:
    answer = folder / "outcome"
    if code == 0 and answer.exists():
        outcome: Outcome = pickle.loads(answer.read_bytes())  # noqa: S301 written by our own child
        return outcome
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return Failed(KILLED_WORKER, f"the process that worked on this file alone was ended {how}")


def _end_with_parent() -> None:
    # Not through sys.stdin: at its end Python aborts when a thread holds that buffer's lock.
    os.read(0, 1)
    os._exit(1)


def _child(folder: Path) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Here, because the parent may be a driver that never processes a file itself.
    from tributary.task import run_task  # noqa: PLC0415

    outcome = run_task(pickle.loads((folder / "task").read_bytes()))  # noqa: S301 written by our own parent
    partial = folder / "outcome.part"
    partial.write_bytes(pickle.dumps(outcome))
    partial.replace(folder / "outcome")
    # Python's own way out, with the thread above still reading, leaves half of the modules alive, and DuckDB
    # reports leaks on stderr.
    os._exit(0)


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
