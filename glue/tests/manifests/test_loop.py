"""When the loop takes messages, keeps them out of sight, and ends."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from tests.support.faults import intercepted
from tests.support.manifests import EVEN, ManifestWorld, lines
from tests.support.waiting import HANG_SECONDS
from tests.support.world import InlineEngine
from tributary.errors import WorkerKilledError
from tributary.manifests import completion, stream
from tributary.manifests.control import Control
from tributary.running.clients import sqs_client
from tributary.running.clock import timestamp

T = TypeVar("T")
R = TypeVar("R")


class Threads(InlineEngine):
    """Runs tasks in threads, and counts how many at once; the first wait until all slots are taken."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.most = 0
        self._now = 0
        self._changed = threading.Condition()
        self._threads = ThreadPoolExecutor(slots)

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        return self._threads.submit(self._count, work, task)

    def _count(self, work: Callable[[T], R], task: T) -> R:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.most >= self.slots, HANG_SECONDS)
        try:
            return work(task)
        finally:
            with self._changed:
                self._now -= 1


def send_each(world: ManifestWorld, count: int) -> None:
    """So many manifests of one file."""
    for number in range(count):
        world.upload(f"{number}.ndjson", lines({"id": number}))
        world.send(world.manifest(world.entry(*list(world.uploaded)[-1])))


def test_has_as_many_manifests_in_work_as_there_are_slots(world: ManifestWorld) -> None:
    send_each(world, 7)
    engine = Threads(3)
    world.run(engine)
    assert engine.most == 3
    assert sorted(row["id"] for row in world.rows()) == [str(number) for number in range(7)]
    assert world.waiting() == (0, 0)


def test_tells_of_several_manifests_in_one_event(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long a manifest takes: what gathers is told of at the end.
    monkeypatch.setattr(completion, "_GATHER_SECONDS", HANG_SECONDS)
    send_each(world, 5)
    names: list[str] = []

    def noting(name: str, request: Any, send: Any) -> Any:
        names.append(name)
        return send(request)

    with intercepted(noting):
        world.run()
    assert names.count("PutEvents") == 1
    assert len(world.processed()) == 5


def test_keeps_a_message_out_of_sight_while_it_is_in_work(world: ManifestWorld) -> None:
    world.files(a=lines({"id": "1"}))
    prolonged = threading.Semaphore(0)
    seen: list[tuple[int, int]] = []

    def noting(name: str, request: Any, send: Any) -> Any:
        answer = send(request)
        if name == "ChangeMessageVisibilityBatch":
            assert b'"VisibilityTimeout": 9' in request.body
            prolonged.release()
        return answer

    class Slow(InlineEngine):
        def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
            # The second comes when a third of its time is left of what it was received with.
            for _ in range(2):
                assert prolonged.acquire(timeout=HANG_SECONDS)
            seen.append(world.waiting())
            return super().submit(work, task)

    with intercepted(noting):
        world.run(Slow(), visibility=9)
    assert seen == [(0, 1)]
    assert world.account() == EVEN
    assert len(world.versions(world.curated, "tables/")) == 1
    assert len(world.processed()) == 1


def test_works_again_under_a_killed_worker_and_gives_up_after_the_third(
    world: ManifestWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.files(a=lines({"id": "1"}))
    tasks: list[Any] = []

    class Killing(InlineEngine):
        def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
            tasks.append(task)
            future: Future[R] = Future()
            future.set_exception(WorkerKilledError("the executor was lost"))
            return future

    world.run(Killing())
    assert [task.by_file for task in tasks] == [False, False, True]
    assert world.waiting() == (0, 1)
    assert '"reason": "killed-worker"' in capsys.readouterr().out


@pytest.mark.parametrize(("before", "by_file"), [(1, False), (2, True)])
def test_works_file_by_file_from_the_third_delivery(world: ManifestWorld, before: int, by_file: bool) -> None:
    """A manifest that kills its driver leaves no word but the number of its deliveries."""
    world.files(a=lines({"id": "1"}))
    for _ in range(before):
        sqs_client().receive_message(QueueUrl=world.queue, VisibilityTimeout=0)
    tasks: list[Any] = []

    class Noting(InlineEngine):
        def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
            tasks.append(task)
            return super().submit(work, task)

    world.run(Noting())
    assert [task.by_file for task in tasks] == [by_file]
    assert world.account() == EVEN


def test_lets_a_message_go_whatever_breaks(world: ManifestWorld) -> None:
    world.files(a=lines({"id": "1"}))

    class Broken(InlineEngine):
        def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
            raise RuntimeError("the driver's own fault")

    world.run(Broken())
    assert world.waiting() == (0, 1)
    sqs_client().send_message(QueueUrl=world.queue, MessageBody="no JSON")
    world.run()
    assert world.waiting() == (0, 2)


def test_finishes_what_is_in_work_when_it_is_told_to_stop(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_each(world, 3)
    told = threading.Event()
    stop_wanted = Control.stop_wanted

    def telling(control: Control) -> Any:
        if why := stop_wanted(control):
            told.set()
        return why

    class Stopping(Threads):
        def _count(self, work: Callable[[T], R], task: T) -> R:
            world.order(desired="stopped")
            assert told.wait(HANG_SECONDS)
            return super()._count(work, task)

    monkeypatch.setattr(Control, "stop_wanted", telling)
    world.run(Stopping(1))
    assert len(world.rows()) == 1
    assert world.waiting() == (2, 0)


def test_ends_though_a_task_never_does(world: ManifestWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_DRAIN_SECONDS", 0.2)
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.1)
    send_each(world, 1)

    class Stuck(InlineEngine):
        future: Future[Any] = Future()

        def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
            world.order(desired="stopped")
            return self.future

        def stop(self) -> None:
            self.future.set_exception(WorkerKilledError("the engine was stopped"))

    world.run(Stuck())
    assert world.waiting() == (1, 0)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({}, None),
        ({"desired": "running"}, None),
        ({"desired": "stopped"}, "stopped"),
        ({"restart_requested_at": timestamp(datetime.now(UTC) + timedelta(hours=1))}, "restart"),
        ({"restart_requested_at": timestamp(datetime.now(UTC) - timedelta(hours=1))}, None),
    ],
)
def test_ends_as_the_control_table_says(world: ManifestWorld, item: dict[str, Any], why: str | None) -> None:
    control = Control(world.control, 3600)
    if item:
        world.order(**item)
    assert control.stop_wanted() == why
    world.order(desired="stopped")
    assert control.stop_wanted() is None, "it is too early to look again"
