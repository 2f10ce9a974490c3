"""Which files of a batch kill their reader: halves are tried in child processes, under a memory limit."""

from collections.abc import Callable, Sequence

from tributary.distribution.alone import run_alone
from tributary.errors import NoAnswerError, WorkerKilledError
from tributary.ledger.claims import BatchFile
from tributary.objects.fetching import Unreadable
from tributary.running.tasks import KILLED_WORKER


def killers(
    files: Sequence[BatchFile], memory_bytes: int, attempt: Callable[[tuple[BatchFile, ...]], object]
) -> dict[BatchFile, Unreadable]:
    """The files under which a child process died, once among others and once alone.

    `attempt` is what a child does with some of them. Of 10,000 files one killer is found after 15 deaths, and
    all files are read about three times. Raises what a child raised, and `NoAnswerError` where a child could
    not tell what became of it: no file is to blame for that.
    """
    try:
        run_alone(attempt, tuple(files), memory_bytes)
        return {}
    except NoAnswerError:
        raise
    except WorkerKilledError as error:
        if len(files) == 1:
            return {files[0]: Unreadable(KILLED_WORKER, str(error))}
    middle = len(files) // 2
    return {
        **killers(files[:middle], memory_bytes, attempt),
        **killers(files[middle:], memory_bytes, attempt),
    }
