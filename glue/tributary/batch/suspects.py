"""Search for poison files by halves, in child processes with a memory limit.

They kill their reader, or fail in it where others of their batch pass.
"""

from collections.abc import Callable, Iterator, Sequence

from tributary.conversion.faults import FAULTS_OF_A_FILE
from tributary.distribution.alone import run_alone
from tributary.errors import NoAnswerError, WorkerKilledError, reason_of
from tributary.ledger.claims import BatchFile
from tributary.objects.fetching import Unreadable
from tributary.running.time_limit import cause_of

_MOST_FAILED = 100
"""Files that fail; where more do, the fault is rather in the SQL, or in this package."""

Attempt = Callable[[tuple[BatchFile, ...]], object]


def poison_files(
    files: Sequence[BatchFile], memory_bytes: int, seconds: float, attempt: Attempt
) -> dict[BatchFile, Unreadable]:
    """Return the files under which a child process died or failed, once among others and once alone.

    A child runs `attempt` with some of them. Among 10,000 files one poison file is found after 15 deaths, and
    all files are read about three times. `seconds` are what `attempt` has for a file. Raises what a child
    raised where no file is to blame: an error that none of the files can cause, or one of all of them, or of
    more than a hundred; and `NoAnswerError` where a child could not report.
    """
    found: dict[BatchFile, Unreadable] = {}
    failed = 0
    for file, error in _poisonous(files, memory_bytes, attempt):
        failed += not isinstance(error, WorkerKilledError)
        if failed > _MOST_FAILED or failed == len(files):
            raise error
        found[file] = Unreadable(reason_of(error), cause_of(error, seconds))
    return found


def _poisonous(
    files: Sequence[BatchFile], memory_bytes: int, attempt: Attempt
) -> Iterator[tuple[BatchFile, Exception]]:
    try:
        run_alone(attempt, tuple(files), memory_bytes)
    except NoAnswerError:
        raise
    except (WorkerKilledError, *FAULTS_OF_A_FILE) as error:
        if len(files) == 1:
            yield files[0], error
            return
        middle = len(files) // 2
        yield from _poisonous(files[:middle], memory_bytes, attempt)
        yield from _poisonous(files[middle:], memory_bytes, attempt)
