"""Keepers of leases of any kind."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from tributary.errors import TransientError
from tributary.manifests.queue import ManifestQueue, Message, VisibilityKeeper
from tributary.running.keeper import LeaseKeeper

ONE, TWO = (Message(name, f"handle of {name}", "", 1) for name in ("one", "two"))


class Queue(ManifestQueue):
    """A queue that notes what is hidden, and rejects the first time."""

    def __init__(self) -> None:
        super().__init__("url", visibility=0)
        self.hidden: SimpleQueue[Sequence[Message]] = SimpleQueue()
        self.is_first = True

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        self.hidden.put(messages)
        if self.is_first:
            self.is_first = False
            raise TransientError("rejected")

    def wait_for(self, messages: Sequence[Message]) -> None:
        deadline = time.monotonic() + 5
        while list(self.hidden.get(timeout=5)) != messages:
            assert time.monotonic() < deadline


@dataclass(frozen=True)
class Lease:
    """A lease that tells of each renewal, and is lost after so many."""

    key: str
    renewals: SimpleQueue[str]
    answers: list[bool | Exception]

    def renew(self) -> bool:
        self.renewals.put(self.key)
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_hides_all_kept_messages_again_after_a_failure_and_dropped_ones_no_longer() -> None:
    queue, errors = Queue(), []
    with VisibilityKeeper(queue, errors.append) as keeper:
        keeper.keep(ONE)
        keeper.keep(TWO)
        queue.wait_for([ONE, TWO])
        keeper.drop(ONE)
        queue.wait_for([TWO])
    assert [str(error) for error in errors] == ["rejected"]


def test_renews_a_lease_again_after_an_error_and_a_lost_one_no_longer() -> None:
    renewals: SimpleQueue[str] = SimpleQueue()
    errors: list[str] = []
    lost = Lease("lost", renewals, [TransientError("connection"), True, False])
    with LeaseKeeper[Lease](0.03, lambda lease, error: errors.append(f"{lease.key}: {error}")) as keeper:
        keeper.keep(lost)
        assert [renewals.get(timeout=5) for _ in range(3)] == ["lost"] * 3
        keeper.keep(Lease("kept", renewals, []))
        assert [renewals.get(timeout=5) for _ in range(3)] == ["kept"] * 3
    assert errors == ["lost: connection"]
