"""Search for poison files of a manifest, which kill their reader, in child processes with a memory limit."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tributary.distribution.alone import run_alone
from tributary.errors import NoAnswerError, TransientError, WorkerKilledError
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

    entries: tuple[Entry, ...]
    done: Path
    limits: FileLimits


def poison_files(entries: Sequence[Entry], work: Path, limits: FileLimits) -> dict[Entry, Unreadable]:
    """Return the files under which a child process died twice, the second time with the file alone.

    It dies, too, of a file that takes more than its time. Raises what a child raised, and `NoAnswerError`
    where a child could not report: no file is to blame.
    """
    found: dict[Entry, Unreadable] = {}
    left = tuple(entries)
    while left:
        done = work / "tried"
        done.write_bytes(b"")
        try:
            run_alone(try_files, Trial(left, done, limits), MEMORY_BYTES)
            return found
        except NoAnswerError:
            raise
        except WorkerKilledError:
            count = len(done.read_bytes().splitlines())
            if count == len(left):
                raise TransientError("the child process died after its last file") from None
            suspect, left = left[count], left[count + 1 :]
            try:
                run_alone(try_files, Trial((suspect,), done, limits), MEMORY_BYTES)
            except NoAnswerError:
                raise
            except WorkerKilledError as error:
                found[suspect] = Unreadable(error.reason, cause_of(error, limits.seconds))
    return found


def try_files(trial: Trial) -> None:
    """Process each file as for its manifest, and keep nothing."""
    with trial.done.open("ab", buffering=0) as done:
        for entry in trial.entries:
            with tempfile.TemporaryDirectory(prefix="tributary-trial-") as folder:
                work = Path(folder)
                file = fetch(entry, work, trial.limits)
                columns, limits = LocalColumns(), trial.limits
                convert([file], work, "snappy", {}, Seconds(), registry=columns, file_limits=limits)
            done.write(b"done\n")
