"""Search for poison files, which kill their reader, by halves, in child processes with a memory limit."""

from collections.abc import Callable, Sequence

from tributary.distribution.alone import run_alone
from tributary.errors import NoAnswerError, WorkerKilledError
from tributary.ledger.claims import BatchFile
from tributary.objects.fetching import Unreadable
from tributary.running.time_limit import cause_of


def poison_files(
    files: Sequence[BatchFile],
    memory_bytes: int,
    seconds: float,
    attempt: Callable[[tuple[BatchFile, ...]], object],
) -> dict[BatchFile, Unreadable]:
    """Return the files under which a child process died, once among others and once alone.

    A child runs `attempt` with some of them. Among 10,000 files one poison file is found after 15 deaths, and
    all files are read about three times. `seconds` are what `attempt` has for a file. Raises what a child
    raised, and `NoAnswerError` where a child could not report: no file is to blame.
    """
    try:
        run_alone(attempt, tuple(files), memory_bytes)
        return {}
    except NoAnswerError:
        raise
    except WorkerKilledError as error:
        if len(files) == 1:
            return {files[0]: Unreadable(error.reason, cause_of(error, seconds))}
    middle = len(files) // 2
    return {
        **poison_files(files[:middle], memory_bytes, seconds, attempt),
        **poison_files(files[middle:], memory_bytes, seconds, attempt),
    }
