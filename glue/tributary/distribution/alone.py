"""Child process for one task, so that a poison file kills no other task."""

import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from tributary.errors import NoAnswerError, TooSlowError, WorkerKilledError
from tributary.running.temporary import temporary_folder

T = TypeVar("T")
R = TypeVar("R")


def run_alone(work: Callable[[T], R], task: T, memory_bytes: int = 0) -> R:
    """Run `work(task)` in a child process that may take so much memory (0: any); raises what it raised.

    Raises `WorkerKilledError` when the child died, also for want of memory, `TooSlowError` when its
    `TimeLimit` ended it, and `NoAnswerError` when it did not die, but its answer cannot be written, as on a
    full disk. Its temporary files live in a folder that is removed even then, and it ends with this process.
    """
    with temporary_folder("alone") as folder:
        (folder / "task").write_bytes(pickle.dumps((work, task)))
        # The package may be inside a zip that only this process has on its path.
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TMPDIR": str(folder),
        }
        command = [sys.executable, "-m", __name__, str(folder), str(memory_bytes)]
        began = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as child:  # noqa: S603 our own module
            try:
                child.wait()
            finally:
                child.kill()
        return cast(R, _answer(folder, child.returncode, time.monotonic() - began))


def _answer(folder: Path, code: int, seconds: float) -> object:
    answer = folder / "answer"
    if code == 0 and answer.exists():
        returned, raised = pickle.loads(answer.read_bytes())  # noqa: S301 written by our own child
        if raised is not None:
            raise raised
        return returned
    if code == _NO_ANSWER:
        raise NoAnswerError("the process that worked on this alone could not write its answer")
    if code == -signal.SIGALRM:
        raise TooSlowError(
            f"the process that worked on this alone was ended by its time limit after {seconds:.0f} s"
        )
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    raise WorkerKilledError(f"the process that worked on this alone was ended {how}")


def _end_with_parent() -> None:
    # Not through sys.stdin: at its end Python aborts when a thread holds that buffer's lock.
    os.read(0, 1)
    os._exit(1)


def _child(folder: Path, memory_bytes: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if memory_bytes:
        # Of private memory alone: address space that is reserved and never touched costs nothing.
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    work, task = pickle.loads((folder / "task").read_bytes())  # noqa: S301 written by our own parent
    answer = _tried(work, task)
    try:
        partial = folder / "answer.part"
        partial.write_bytes(pickle.dumps(answer))
        partial.replace(folder / "answer")
    except Exception:  # noqa: BLE001 said here, and known by the code
        traceback.print_exc()
        os._exit(_NO_ANSWER)
    # Python's own way out, with the thread above still reading, leaves half of the modules alive, and DuckDB
    # reports leaks on stderr.
    os._exit(0)


def _tried(work: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Return the result of the work or its error; too little memory ends this process, like any death."""
    try:
        return work(task), None
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 the parent raises it
        return None, error


_OUT_OF_MEMORY = 137
"""Exit code for want of memory: that of a process which the kernel killed for it."""
_NO_ANSWER = 75
"""Exit code of what may pass, after sysexits.h."""

if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
