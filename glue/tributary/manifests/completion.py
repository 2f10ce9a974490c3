"""Completion after the commit: announces manifests in one event, then deletes their messages."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from tributary.manifests.queue import ManifestQueue, Message
from tributary.manifests.receipt import Receipt, other_rows
from tributary.manifests.task import Committed
from tributary.running.announcing import Announcer
from tributary.running.log import log

_MAXIMUM_MANIFESTS = 20
_GATHER_SECONDS = 0.5
DETAIL_TYPE = "ManifestProcessed"


@dataclass(frozen=True, slots=True)
class Done:
    """Message with all manifests committed or skipped."""

    message: Message
    committed: tuple[tuple[str, Committed], ...]
    """Keys of manifests with their commits."""


class Completion:
    """Thread that announces and acknowledges messages; leaving the context waits for the rest."""

    def __init__(
        self, queue: ManifestQueue, announcer: Announcer, settled: Callable[[Message], None]
    ) -> None:
        self._queue = queue
        self._announcer = announcer
        self._settled = settled
        self._done: SimpleQueue[Done | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="completion")

    def __enter__(self) -> "Completion":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.put(None)
        self._thread.join()

    def add(self, done: Done) -> None:
        """Announce and acknowledge a message soon."""
        self._done.put(done)

    def _run(self) -> None:
        while (first := self._done.get()) is not None:
            batch, is_last = self._gather(first)
            self._settle(batch)
            if is_last:
                return

    def _gather(self, first: Done) -> tuple[list[Done], bool]:
        batch = [first]
        while sum(len(done.committed) for done in batch) < _MAXIMUM_MANIFESTS:
            try:
                following = self._done.get(timeout=_GATHER_SECONDS)
            except Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
        return batch, False

    def _settle(self, batch: Sequence[Done]) -> None:
        """Announce and acknowledge; after a failure the messages come back, and are announced again."""
        try:
            manifests = [
                _summary(key, committed.receipt) for done in batch for key, committed in done.committed
            ]
            for start in range(0, len(manifests), _MAXIMUM_MANIFESTS):
                self._announcer.announce(
                    DETAIL_TYPE, {"manifests": manifests[start : start + _MAXIMUM_MANIFESTS]}
                )
            self._queue.delete(done.message for done in batch)
        except Exception as error:  # noqa: BLE001 whatever it is, the messages come back
            log("acknowledgement failed", messages=[done.message.id for done in batch], cause=repr(error))
        finally:
            for done in batch:
                self._settled(done.message)


def _summary(manifest: str, receipt: Receipt) -> dict[str, Any]:
    names = ("id", "dataset", "date", "generation")
    counts = ("rows", "dead_letters", "input_bytes", "output_bytes", "files")
    return {
        **{name: receipt[name] for name in names},
        "manifest": manifest,
        "receipt": f"receipts/{manifest.removeprefix('manifests/')}",
        **{name: receipt[name] for name in counts},
        "other_rows": other_rows(receipt),
        "quarantined": len(receipt["quarantined"]),
        "gone": len(receipt["gone"]),
        "seconds": receipt["seconds"],
    }
