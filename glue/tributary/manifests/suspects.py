"""Search for poison files of a manifest, which kill their reader, in child processes with a memory limit."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tributary.distribution.alone import run_alone
from tributary.errors import NoAnswerError, TransientError, WorkerKilledError
from tributary.manifests.conversion import Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Unreadable, fetch
from tributary.running.tasks import KILLED_WORKER

MEMORY_BYTES = 1 << 30
"""Memory limit of one file: twice the measured peak of a whole manifest."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Files to read one after the other; `done` gets a line for each that was read."""

    entries: tuple[Entry, ...]
    done: Path


def poison_files(entries: Sequence[Entry], work: Path) -> dict[Entry, Unreadable]:
    """Return the files under which a child process died twice, the second time with the file alone.

    Raises what a child raised, and `NoAnswerError` where a child could not report: no file is to blame.
    """
    found: dict[Entry, Unreadable] = {}
    left = tuple(entries)
    while left:
        done = work / "tried"
        done.write_bytes(b"")
        try:
            run_alone(try_files, Trial(left, done), MEMORY_BYTES)
            return found
        except NoAnswerError:
            raise
        except WorkerKilledError:
            count = len(done.read_bytes().splitlines())
            if count == len(left):
                raise TransientError("the child process died after its last file") from None
            suspect, left = left[count], left[count + 1 :]
            if (message := _kills(suspect, done)) is not None:
                found[suspect] = Unreadable(KILLED_WORKER, message)
    return found


def _kills(suspect: Entry, done: Path) -> str | None:
    try:
        run_alone(try_files, Trial((suspect,), done), MEMORY_BYTES)
    except NoAnswerError:
        raise
    except WorkerKilledError as error:
        return str(error)
    return None


def try_files(trial: Trial) -> None:
    """Process each file as for its manifest, and keep nothing."""
    with trial.done.open("ab", buffering=0) as done:
        for entry in trial.entries:
            with tempfile.TemporaryDirectory(prefix="tributary-trial-") as folder:
                work = Path(folder)
                convert([fetch(entry, work)], work, "snappy", {}, Seconds())
            done.write(b"done\n")
