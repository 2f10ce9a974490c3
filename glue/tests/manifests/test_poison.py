"""What kills its worker, and how the job ends: the script itself, in processes of its own."""

import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.job import finish_job, start_script
from tests.support.manifests import EVEN, SCRIPT, ManifestWorld, lines
from tests.support.memory import hoard
from tests.support.waiting import wait_for
from tributary.distribution.alone import run_alone
from tributary.errors import WorkerKilledError
from tributary.kernels.file_limits import FileLimits
from tributary.manifests import suspects, work
from tributary.manifests.conversion import Converted, convert
from tributary.manifests.task import Committed, NotDone


def poisoned(world: ManifestWorld) -> str:
    """A manifest with a file that kills its reader among good ones, and a good one beside it."""
    for name in ("a", "kill", "z"):
        world.upload(f"{name}.ndjson", lines({"id": name}, "["))
    return world.manifest()


@pytest.mark.slow
def test_lets_a_file_fall_alone_that_kills_its_worker(world: ManifestWorld) -> None:
    key = poisoned(world)
    world.send(key)
    version = world.upload("beside.ndjson", lines({"id": "beside"}))
    world.send(world.manifest(world.entry(world.key("beside.ndjson"), version)))
    job = start_script(SCRIPT, world.arguments(slots=2), faults="kill")
    wait_for(lambda: len(world.objects(world.curated, "tables/")) == 2)
    world.order(desired="stopped")
    code, log = finish_job(job)
    assert code == 0, log
    kills = [(line["manifest"], line["by_file"]) for line in log if line["event"] == "worker killed"]
    assert kills == [(key, False), (key, False)]
    assert sorted(row["id"] for row in world.rows()) == ["a", "beside", "z"]
    assert {key: reason["reason"] for key, reason in world.reasons().items()} == {
        world.key("kill.ndjson"): "killed-worker"
    }
    [quarantined] = [file for receipt in world.receipts() for file in receipt["quarantined"]]
    assert "SIGKILL" in quarantined["message"]
    assert world.account() == EVEN
    assert world.waiting() == (0, 0)


@pytest.mark.slow
def test_lets_a_file_fall_alone_whose_work_never_ends(world: ManifestWorld) -> None:
    for name in ("a", "stuck", "z"):
        world.upload(f"{name}.ndjson", lines({"id": name}, "["))
    world.send(world.manifest())
    job = start_script(SCRIPT, world.arguments(slots=1), faults="stuck")
    wait_for(lambda: world.objects(world.curated, "tables/"))
    world.order(desired="stopped")
    code, log = finish_job(job)
    assert code == 0, log
    assert [line["by_file"] for line in log if line["event"] == "worker killed"] == [False, False]
    [reason] = world.reasons().values()
    assert (reason["key"], reason["reason"]) == (world.key("stuck.ndjson"), "too-slow")
    assert "a file has 120 s, and one more for each 4000000 bytes" in reason["message"]
    assert sorted(row["id"] for row in world.rows()) == ["a", "z"]
    assert world.account() == EVEN


@pytest.mark.slow
def test_gives_back_at_once_what_is_in_work_at_a_signal(world: ManifestWorld, tmp_path: Path) -> None:
    """Neither the task's end nor the message's own time, an hour, is waited for."""
    world.upload("hang.ndjson", lines({"id": "1"}))
    world.send(world.manifest())
    job = start_script(SCRIPT, world.arguments(slots=1), faults=f"hang:{tmp_path / 'hangs'}")
    wait_for((tmp_path / "hangs").exists)
    job.send_signal(signal.SIGTERM)
    code, log = finish_job(job)
    assert (code, log[-2]["why"], world.waiting()) == (0, "signal", (1, 0))
    assert world.objects(world.curated, "tables/") == {}


def answer_on_a_full_disk(_: suspects.Trial) -> None:
    """What can be read of the file is, and the answer's name is taken by what no file replaces."""
    (Path(tempfile.gettempdir()) / "answer.part").symlink_to("/dev/full")


@pytest.mark.slow
def test_takes_no_file_for_poison_because_the_disk_is_full(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("a.ndjson", lines({"id": "1"}))
    monkeypatch.setattr(suspects, "try_files", answer_on_a_full_disk)
    answer = world.work(world.manifest(), by_file=True)
    assert isinstance(answer, NotDone)
    assert "could not write its answer" in answer.message
    assert world.objects(world.quarantine) == {}


def fail_for(name: str) -> Callable[[suspects.Trial], None]:
    def try_files(trial: suspects.Trial) -> None:
        for entry in trial.entries:
            if name in entry.key:
                raise ValueError(name)
            trial.done.write_bytes(trial.done.read_bytes() + b"done\n")

    return try_files


def test_lets_a_file_fall_alone_that_no_reader_gets_through(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless that is so of all of them."""
    monkeypatch.setattr(suspects, "run_alone", lambda work, trial, _: work(trial))
    for name in ("a", "bad", "z"):
        world.upload(f"{name}.ndjson", lines({"id": name}))
    key = world.manifest()
    monkeypatch.setattr(suspects, "try_files", fail_for("ndjson"))
    assert isinstance(world.work(key, by_file=True), NotDone)
    assert world.objects(world.quarantine) == {}
    monkeypatch.setattr(suspects, "try_files", fail_for("bad"))
    assert isinstance(world.work(key, by_file=True), Committed)
    assert {key: reason["reason"] for key, reason in world.reasons().items()} == {
        world.key("bad.ndjson"): "failed"
    }
    assert sorted(row["id"] for row in world.rows()) == ["a", "z"]


@pytest.mark.slow
def test_lets_files_that_passed_alone_take_their_time_together(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds: list[float] = []

    def noted(*arguments: Any, file_limits: FileLimits, **how: Any) -> Converted:
        seconds.append(file_limits.seconds)
        return convert(*arguments, file_limits=file_limits, **how)

    monkeypatch.setattr(work, "convert", noted)
    for name in ("a", "b", "c"):
        world.upload(f"{name}.ndjson", lines({"id": name}))
    assert isinstance(world.work(world.manifest(), by_file=True), Committed)
    assert seconds == [360]


@pytest.mark.slow
def test_ends_a_child_that_takes_more_memory_than_it_may() -> None:
    limit = suspects.MEMORY_BYTES
    assert run_alone(hoard, 100, limit) == 100 << 20
    with pytest.raises(WorkerKilledError, match="exit code 137"):
        run_alone(hoard, limit >> 20, limit)
