"""Search for poison files of a manifest, in child processes with a memory limit.

They kill their reader, or fail in it where others of their manifest pass.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tributary.conversion.faults import FAULTS_OF_A_FILE
from tributary.datasets import Dataset
from tributary.distribution.alone import run_alone
from tributary.errors import NoAnswerError, TransientError, WorkerKilledError, reason_of
from tributary.kernels.file_limits import FileLimits
from tributary.kernels.output.undeclared import LocalColumns
from tributary.manifests.conversion import Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Unreadable, fetch
from tributary.running.time_limit import cause_of

MEMORY_BYTES = 1 << 30
"""Memory limit of one file: twice the measured peak of a whole manifest."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Files to read one after the other; `done` gets a line for each that was read."""

    dataset: Dataset
    entries: tuple[Entry, ...]
    done: Path
    limits: FileLimits


def poison_files(
    dataset: Dataset, entries: Sequence[Entry], work: Path, limits: FileLimits
) -> dict[Entry, Unreadable]:
    """Return the files under which a child process died or failed twice, the second time with the file alone.

    It dies, too, of a file that takes more than its time. Raises what a child raised where no file is to
    blame: an error that none of the files can cause, or one of all of them; and `NoAnswerError` where a child
    could not report.
    """
    found: dict[Entry, Unreadable] = {}
    failed = 0
    left = tuple(entries)
    while left:
        done = work / "tried"
        done.write_bytes(b"")
        try:
            run_alone(try_files, Trial(dataset, left, done, limits), MEMORY_BYTES)
            return found
        except NoAnswerError:
            raise
        except (WorkerKilledError, *FAULTS_OF_A_FILE):
            count = len(done.read_bytes().splitlines())
            if count == len(left):
                raise TransientError("the child process died after its last file") from None
            suspect, left = left[count], left[count + 1 :]
            try:
                run_alone(try_files, Trial(dataset, (suspect,), done, limits), MEMORY_BYTES)
            except NoAnswerError:
                raise
            except (WorkerKilledError, *FAULTS_OF_A_FILE) as error:
                failed += not isinstance(error, WorkerKilledError)
                if failed == len(entries):
                    raise
                found[suspect] = Unreadable(reason_of(error), cause_of(error, limits.seconds))
    return found


def try_files(trial: Trial) -> None:
    """Process each file as for its manifest, and keep nothing."""
    with trial.done.open("ab", buffering=0) as done:
        for entry in trial.entries:
            with tempfile.TemporaryDirectory(prefix="tributary-trial-") as folder:
                work = Path(folder)
                file = fetch(entry, work, trial.limits)
                columns, limits = LocalColumns(), trial.limits
                convert(trial.dataset, [file], work, {}, Seconds(), registry=columns, file_limits=limits)
            done.write(b"done\n")
