"""Attempts, pauses and their end: what may pass is tried again, what kills its worker falls alone."""

import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError

from tests.support.faults import Send, intercepted
from tests.support.job import finish_job, start_job
from tests.support.waiting import wait_for
from tests.support.world import InlineEngine, World, customers
from tributary.datasets import NdjsonFormat, load_dataset
from tributary.errors import TooSlowError
from tributary.kernels.file_limits import FileLimits
from tributary.running.clock import timestamp
from tributary.uploads import work as task

KEY = "input/customers/april.csv"


def refusing(of: str) -> Callable[[str, AWSPreparedRequest, Send], Any]:
    """Never let a request through whose label contains `of`."""

    def interceptor(name: str, request: AWSPreparedRequest, send: Send) -> Any:
        if of in name:
            raise ConnectionClosedError(endpoint_url=request.url)
        return send(request)

    return interceptor


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses out of the SDK's retries and of ours."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


def test_gives_a_failed_file_back_with_a_growing_pause(world: World) -> None:
    world.stop_clock()
    version = world.upload(KEY, customers("1"))
    with intercepted(refusing(f"GET {world.raw}")):
        for attempt, pause in [(1, 5), (2, 10)]:
            before = timestamp(world.now())
            assert not world.run(), "a failed file fails the job"
            item = world.item(KEY, version)
            assert (item["status"], item["attempts"]) == ("pending", attempt)
            assert "Connection was closed" in item["last_error"]
            assert item["available_at"] > before
            assert world.run(), "a file in its pause holds no run open"
            world.pass_time(seconds=pause - 1)
            assert list(world.ledger("any").pending().look()) == []
            world.pass_time(seconds=2)
    assert world.run()
    assert world.published(KEY) == ["1"]
    assert world.item(KEY, version)["attempts"] == 3
    assert "last_error" not in world.item(KEY, version)


def test_quarantines_a_file_whose_attempts_are_used_up(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    with intercepted(refusing(f"GET {world.raw}")):
        for _ in range(3):
            world.run(maximum_attempts=3)
            world.pass_time(seconds=60)
    assert world.status(KEY, version) == "quarantined"
    assert world.reason(KEY, version)["reason"] == "attempts-exhausted"


def test_quarantines_a_file_with_more_dead_letters_than_one_may_have(world: World) -> None:
    few = FileLimits(dead_letters=5)
    versions = {
        number: world.upload(f"{KEY}-{number}.csv", customers("1", broken=number)) for number in (5, 6)
    }
    assert world.run(file_limits=few)
    assert [world.status(f"{KEY}-{number}.csv", versions[number]) for number in (5, 6)] == [
        "processed",
        "quarantined",
    ]
    reason = world.reason(f"{KEY}-6.csv", versions[6])
    assert (reason["reason"], reason["message"][:66]) == (
        "too-many-dead-letters",
        "expected at most 5 dead letters of one file (correct it, or the de",
    )
    assert not [key for key in world.keys(world.quarantine) if "dead-letters" in key and "csv-6-" in key]


def test_quarantines_a_file_whose_work_never_ends_for_that(world: World) -> None:
    """As the engine tells it after a child alone; the child is in tests/running."""

    class Endless(InlineEngine):
        def submit(self, work: Any, task: Any) -> Any:
            future: Any = Future()
            future.set_exception(TooSlowError("ended by its time limit"))
            return future

    version = world.upload(KEY, customers("1"))
    for _ in range(2):
        world.run(engine=Endless(), maximum_attempts=2)
        world.pass_time(seconds=60)
    reason = world.reason(KEY, version)
    assert (reason["reason"], reason["message"][:48]) == (
        "too-slow",
        "ended by its time limit; a file has 120 s, and o",
    )


def test_ends_when_a_file_can_neither_be_processed_nor_quarantined(world: World) -> None:
    version = world.upload(KEY, b"alpha\n1\n")
    with intercepted(refusing(f"PUT {world.quarantine}")):
        assert not world.run(maximum_attempts=1)
    item = world.item(KEY, version)
    assert (item["status"], item["last_error"][:14]) == ("pending", "commit-failed:")
    assert item["available_at"] > timestamp(world.now())
    world.pass_time(seconds=6)
    assert world.run(maximum_attempts=1)
    assert world.status(KEY, version) == "quarantined"


def test_never_quarantines_a_file_whose_rows_may_be_visible(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    with intercepted(refusing("PUT stats")), intercepted(refusing(f"PUT {world.curated}/tables")):
        for _ in range(4):
            assert not world.run(maximum_attempts=2)
            world.pass_time(seconds=120)
    assert world.status(KEY, version) == "pending"
    assert world.run(maximum_attempts=2)
    assert world.published(KEY) == world.published_parquet(KEY) == ["1"]


def test_fails_the_run_and_not_the_file_for_a_wrong_declaration(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.upload(KEY, customers("1"))
    wrong = replace(load_dataset("customers"), transform="SELECT 1; SELECT 2; SELECT 3")
    monkeypatch.setattr(task, "dataset_for_key", lambda *_: wrong)
    assert not world.run()
    assert world.status(KEY, version) == "pending"
    assert "DeclarationError" in world.item(KEY, version)["last_error"]


def test_quarantines_a_file_whose_error_quotes_a_value_larger_than_an_item(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.upload(KEY, customers("1").replace(b"ann lee", b"x" * 500_000))
    sql = "SELECT line, id, CAST(name AS INTEGER) AS name FROM input"
    wrong = replace(load_dataset("customers"), transform=sql)
    monkeypatch.setattr(task, "dataset_for_key", lambda *_: wrong)
    assert world.run()
    assert world.status(KEY, version) == "quarantined"
    assert world.reason(KEY, version)["reason"] == "transform-failed"


def test_quarantines_a_file_of_another_format_than_its_dataset_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.upload(KEY, customers("1"))
    other = replace(load_dataset("customers"), format=NdjsonFormat())
    monkeypatch.setattr(task, "dataset_for_key", lambda *_: other)
    assert world.run()
    assert world.status(KEY, version) == "quarantined"
    assert world.reason(KEY, version)["reason"] == "too-many-rejected"


def test_quarantines_a_file_whose_key_is_as_long_as_keys_get(world: World) -> None:
    key = "input/customers/" + "x" * 1004 + ".csv"
    version = world.upload(key, b"alpha\n1\n")
    assert world.run()
    assert world.status(key, version) == "quarantined"
    assert world.reason(key, version)["reason"] == "header-mismatch"


def test_finishes_a_begun_publication_before_a_newer_version(world: World) -> None:
    begun = world.upload(KEY, customers("1"))
    with intercepted(refusing(f"PUT {world.curated}/tables")):
        assert not world.run()
    world.pass_time(seconds=60)
    broken = world.upload(KEY, b"alpha\n1\n")
    assert world.run()
    assert world.statuses(KEY, begun, broken) == ["processed", "quarantined"]
    assert world.published(KEY) == world.published_parquet(KEY) == ["1"]


def test_quarantines_a_file_whose_claims_all_ended_without_an_answer(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    for number in range(2):
        world.ledger(f"dead-run-{number}").claim(world.waiting(KEY))
        world.outlast_leases()
    assert world.run(maximum_attempts=2)
    assert world.status(KEY, version) == "quarantined"
    assert world.reason(KEY, version)["reason"] == "killed-worker"


@pytest.mark.slow
class TestProcesses:
    """The job in processes of its own, as Glue runs it."""

    @pytest.fixture(autouse=True)
    def hasty(self) -> None:
        """Leave time as it is."""

    def test_runs_from_its_script_and_its_arguments(self, world: World) -> None:
        version = world.upload(KEY, customers("1"))
        code, lines = finish_job(start_job(world))
        assert code == 0
        assert [line["event"] for line in lines] == ["started", "claimed", "processed", "finished", "used"]
        assert world.item(KEY, version)["run_id"] == "jr_1"

    def test_names_all_wrong_arguments(self, world: World) -> None:
        code, lines = finish_job(start_job(world, engine="magic", parallelism="-1", raw_bucket=""))
        assert code == 2
        assert all(name in lines[-1]["cause"] for name in ("--engine", "--parallelism", "--raw_bucket"))

    def test_claims_nothing_when_a_declaration_is_wrong(self, world: World) -> None:
        version = world.upload(KEY, customers("1"))
        code, lines = finish_job(start_job(world, date_formats="%d-%m"))
        assert (code, [line["event"] for line in lines]) == (1, ["started"])
        assert "attempts" not in world.item(KEY, version)

    def test_lets_a_file_that_kills_its_worker_fall_alone(self, world: World) -> None:
        good = [f"input/customers/good-{number}.csv" for number in range(6)]
        versions = [world.upload(key, customers("1")) for key in good]
        poison = "input/customers/kill.csv"
        poisoned = world.upload(poison, customers("1"))
        code, lines = finish_job(start_job(world, faults="kill", maximum_attempts=2))
        assert code == 1
        assert [world.status(key, version) for key, version in zip(good, versions, strict=True)] == [
            "processed"
        ] * 6
        assert {
            world.item(key, version)["attempts"] for key, version in zip(good, versions, strict=True)
        } == {1}
        failure = next(line for line in lines if line["event"] == "failed")
        assert (failure["key"], failure["reason"]) == (poison, "killed-worker")
        assert world.item(poison, poisoned)["attempts"] == 1
        code, _ = finish_job(start_job(world, faults="kill", maximum_attempts=2, settle_seconds=6))
        assert code == 0, "a quarantined file is no failure"
        assert world.reason(poison, poisoned)["reason"] == "killed-worker"

    def test_stops_on_sigterm_and_gives_its_leases_back(self, world: World, tmp_path: Path) -> None:
        version = world.upload("input/customers/hang.csv", customers("1"))
        job = start_job(world, faults=f"hang:{tmp_path / 'hangs'}")
        wait_for((tmp_path / "hangs").exists)
        children = children_of(job.pid)
        job.send_signal(signal.SIGTERM)
        code, lines = finish_job(job)
        assert code == 1
        assert [line["event"] for line in lines][-3:] == ["released", "finished", "used"]
        assert "lease_owner" not in world.head("input/customers/hang.csv")
        assert world.item("input/customers/hang.csv", version)["attempts"] == 0
        wait_for(lambda: not any(alive(child) for child in children))

    def test_leaves_no_process_when_it_is_killed(self, world: World, tmp_path: Path) -> None:
        world.upload("input/customers/hang.csv", customers("1"))
        job = start_job(world, faults=f"hang:{tmp_path / 'hangs'}")
        wait_for((tmp_path / "hangs").exists)
        children = children_of(job.pid)
        job.kill()
        job.wait()
        wait_for(lambda: not any(alive(child) for child in children))


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()
