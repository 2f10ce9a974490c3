"""Which files of a manifest kill their reader: each is tried in a child process, under a memory limit."""

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
"""What one file may take: twice what a whole manifest is measured to take."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Files to be read one after the other; each that was is a line of `done`."""

    entries: tuple[Entry, ...]
    done: Path


def killers(entries: Sequence[Entry], work: Path) -> dict[Entry, Unreadable]:
    """The files under which a child process died twice, once of them alone.

    Raises what a child raised, and `NoAnswerError` where that cannot be told: no file is to blame for it.
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
    """Do all with each file that is done for its manifest, and keep nothing."""
    with trial.done.open("ab", buffering=0) as done:
        for entry in trial.entries:
            with tempfile.TemporaryDirectory(prefix="tributary-trial-") as folder:
                work = Path(folder)
                convert([fetch(entry, work)], work, "snappy", {}, Seconds())
            done.write(b"done\n")
