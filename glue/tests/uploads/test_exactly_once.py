"""The protocol under kills, stale workers and lost answers, at every one of its steps."""

import multiprocessing
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from tests.support.faults import Send, Steps, actor, intercepted, kill_this_process, lose_answer
from tests.support.waiting import HANG_SECONDS
from tests.support.world import World, customers
from tributary.running import clients
from tributary.running.clients import s3_client

KEY = "input/customers/april.csv"
REUPLOAD = [
    "Query",
    "TransactWriteItems",
    f"GET {KEY}",
    "PUT dead-letters",
    "UpdateItem",
    "PUT csv",
    "PUT tables",
    "PUT stats",
    "BatchGetItem",
    "TransactWriteItems",
    "PutMetricData",
    "BatchGetItem",
    "PUT audit",
    "UpdateItem",
    "UpdateItem",
]


FOLLOWING: dict[str, tuple[bytes, list[str]]] = {
    "newer": (customers("4"), ["4"]),
    "reverted": (customers("1", broken=1), ["1"]),
    "broken": (b"alpha\n1\n", []),
}


def run_as(name: str, world: World, at: int, at_step: Callable[[], None]) -> list[str]:
    """Run the job as `name`, calling `at_step` before its request number `at`; return the names of all."""
    steps = Steps(at, at_step)
    token = actor.set("first")
    try:
        with intercepted(steps):
            world.run(name)
    finally:
        actor.reset(token)
    return steps.names


def reuploaded(world: World) -> tuple[str, str]:
    """A processed version, and a pending one with other rows."""
    first = world.upload(KEY, customers("1", broken=1))
    assert world.run("run-0")
    return first, world.upload(KEY, customers("2", "3", broken=2))


def assert_published(world: World, version: str, *ids: str) -> None:
    assert world.published(KEY) == world.published_parquet(KEY) == list(ids)
    head = world.head(KEY)
    assert head["committed_version"] == version
    assert {"lease_owner", "publishing"} & head.keys() == set()
    world.assert_audited()


def test_goes_through_the_steps_that_the_tests_below_break(world: World) -> None:
    reuploaded(world)
    names = run_as("run-1", world, 0, lambda: None)
    shortened = [name.replace(f"{world.raw}/", "").replace(f"{world.curated}/", "") for name in names]
    shortened = [name.replace(f"{world.quarantine}/", "") for name in shortened]
    shortened = [re.sub("/(customers/april-|incoming/).*", "", name) for name in shortened]
    assert shortened == REUPLOAD


def killed_run(world: World, at: int) -> None:
    # Or two processes would read from the parent's connections.
    for client in (clients.s3_client, clients.dynamodb_client, clients.cloudwatch_client):
        client().close()
    run_as("killed-run", world, at, kill_this_process)


@pytest.mark.slow
@pytest.mark.parametrize("newer", [False, True], ids=["alone", "newer-upload-follows"])
@pytest.mark.parametrize("at", range(1, len(REUPLOAD) + 1))
def test_survives_a_kill_before_any_step(world: World, at: int, newer: bool) -> None:
    first, second = reuploaded(world)
    child = multiprocessing.get_context("fork").Process(target=killed_run, args=(world, at))
    child.start()
    child.join(HANG_SECONDS)
    assert child.exitcode == -signal.SIGKILL
    third = world.upload(KEY, customers("4")) if newer else second
    world.outlast_leases()
    assert world.run("next-run")
    ids = ["4"] if newer else ["2", "3"]
    assert_published(world, third, *ids)
    assert world.status(KEY, first) == "superseded"
    assert world.statuses(KEY, second, third)[1] == "processed"
    assert not newer or world.status(KEY, second) == "superseded"
    if not newer:
        assert [letter["line"] for letter in world.dead_letters(KEY, second)] == [4, 5]


@pytest.mark.slow
@pytest.mark.parametrize("at", range(1, len(REUPLOAD) + 1))
@pytest.mark.parametrize("follow", ["same", "newer", "reverted", "broken"])
def test_fences_a_stale_run_that_wakes_after_a_takeover(world: World, at: int, follow: str) -> None:
    """The stale run sleeps before a step; the next takes over and ends; then the step goes out."""
    _, second = reuploaded(world)
    expected: list[Any] = [second, ["2", "3"]]

    def take_over() -> None:
        world.outlast_leases()
        if follow != "same":
            body, rows = FOLLOWING[follow]
            expected[:] = [world.upload(KEY, body), rows]
        assert world.run("next-run")

    run_as("stale-run", world, at, take_over)
    assert world.run("last-run")
    version, ids = expected
    assert world.published(KEY) == world.published_parquet(KEY)
    if follow == "broken":
        assert world.status(KEY, version) == "quarantined"
        ids = ["2", "3"] if world.head(KEY)["committed_version"] == second else ["1"]
    assert world.published(KEY) == ids
    assert "lease_owner" not in world.head(KEY)


class Turns:
    """Lets two runs go by turns: the first up to a step, the second up to a step, the first to its end."""

    def __init__(self, first: int, second: int) -> None:
        self._stops = {"first": first, "second": second}
        self._counts = {"first": 0, "second": 0}
        self._may_go = {"first": threading.Event(), "second": threading.Event()}
        self._stopped = {"first": threading.Event(), "second": threading.Event()}

    def __call__(self, name: str, request: AWSPreparedRequest, send: Send) -> Any:
        who = actor.get()
        if name != "poll" and who:
            self._counts[who] += 1
            if self._counts[who] == self._stops[who]:
                self._stopped[who].set()
                assert self._may_go[who].wait(HANG_SECONDS)
        return send(request)

    def begin(self, who: str, work: Callable[[], object]) -> threading.Thread:
        """Run `work` as `who` until its step, or to its end."""

        def run() -> None:
            actor.set(who)
            try:
                work()
            finally:
                self._stopped[who].set()

        thread = threading.Thread(target=run)
        thread.start()
        assert self._stopped[who].wait(HANG_SECONDS)
        return thread

    def finish(self, who: str, thread: threading.Thread) -> None:
        self._may_go[who].set()
        thread.join(HANG_SECONDS)
        assert not thread.is_alive()


@pytest.mark.slow
# Steps before the mark, before each guarded PUT, and before the commit.
@pytest.mark.parametrize("second", [5, 6, 7, 9])
@pytest.mark.parametrize("first", [5, 6, 7, 9])
@pytest.mark.parametrize("follow", ["newer", "reverted"])
def test_fences_a_stale_run_that_wakes_amid_the_next(
    world: World, first: int, second: int, follow: str
) -> None:
    """The stale run ends while the holder of the lease stands before one of its own steps."""
    _, processing = reuploaded(world)
    turns = Turns(first, second)
    with intercepted(turns):
        # Ends the stale run after the step it stands at: it would wait for the lease of the holder.
        stopping = threading.Event()
        stale = turns.begin("first", lambda: world.run("stale-run", stopping=stopping))
        world.outlast_leases()
        newest = world.upload(KEY, customers("4") if follow == "newer" else customers("1", broken=1))
        holder = turns.begin("second", lambda: world.run("next-run"))
        stopping.set()
        turns.finish("first", stale)
        turns.finish("second", holder)
    assert world.run("last-run")
    assert_published(world, newest, "4" if follow == "newer" else "1")
    assert world.status(KEY, processing) == "superseded"


@pytest.mark.slow
@pytest.mark.parametrize("request_part", REUPLOAD)
def test_does_a_step_once_though_its_answer_was_lost(world: World, request_part: str) -> None:
    _, second = reuploaded(world)
    with intercepted(lose_answer(request_part.rsplit(" ", maxsplit=1)[-1])):
        assert world.run("run-1")
    assert_published(world, second, "2", "3")
    assert world.item(KEY, second)["attempts"] == 1


@pytest.mark.parametrize("output", ["csv/", "tables/"])
def test_overwrites_an_output_that_something_else_changed_or_removed(world: World, output: str) -> None:
    _, second = reuploaded(world)
    name = next(key for key in world.keys(world.curated) if key.startswith(output))
    s3_client().put_object(Bucket=world.curated, Key=name, Body=b"foreign")
    assert world.run()
    assert_published(world, second, "2", "3")
    s3_client().delete_object(Bucket=world.curated, Key=name)
    third = world.upload(KEY, customers("5"))
    assert world.run()
    assert_published(world, third, "5")


def test_processes_the_newest_version_when_one_arrives_during_processing(world: World) -> None:
    first, second = reuploaded(world)
    uploaded: list[str] = []
    run_as("run-1", world, 6, lambda: uploaded.append(world.upload(KEY, customers("6"))))
    assert world.statuses(KEY, first, second, *uploaded) == ["superseded", "superseded", "processed"]
    assert_published(world, uploaded[0], "6")
