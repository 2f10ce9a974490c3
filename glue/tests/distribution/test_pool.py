"""How the processes of the pool, and those alone, work and end."""

import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from tests.support.job import GLUE
from tests.support.waiting import HANG_SECONDS, wait_for
from tributary.distribution.alone import run_alone
from tributary.distribution.pool import PoolEngine
from tributary.errors import NoAnswerError, WorkerKilledError
from tributary.running.clients import use_region, used_region

# The workers take the end of their queue, as they may before the end of the pipe.
PROGRAM = """
from tributary.distribution.pool import _Pool
pool = _Pool(2, ".")
assert pool._executor.submit(abs, -2).result() == 2
pool._executor.shutdown()
"""


def work_until(folder: Path) -> None:
    """Until there is a file `enough`; `begun` is there from the beginning."""
    (folder / "begun").touch()
    wait_for((folder / "enough").exists)


def region(_: None) -> str | None:
    return used_region()


def test_calls_the_region_of_the_run_from_each_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    use_region("eu-north-1")
    with PoolEngine(1) as engine:
        assert engine.submit(region, None).result(HANG_SECONDS) == "eu-north-1"
        assert engine.submit(partial(run_alone, region), None).result(HANG_SECONDS) == "eu-north-1"


def test_ends_its_workers_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=GLUE,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_SECONDS,
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.slow
def test_replaces_a_worker_that_died_and_harms_no_other(tmp_path: Path) -> None:
    with PoolEngine(2) as engine:
        slow = engine.submit(work_until, tmp_path)
        wait_for((tmp_path / "begun").exists)
        with pytest.raises(WorkerKilledError, match="died"):
            engine.submit(os._exit, 3).result()
        (tmp_path / "enough").touch()
        assert slow.result() is None
        assert [engine.submit(abs, number).result() for number in (-1, -2)] == [1, 2]
        with pytest.raises(ValueError, match="invalid literal"):
            engine.submit(int, "x").result()


@pytest.mark.slow
def test_ends_what_runs_when_it_is_stopped(tmp_path: Path) -> None:
    with PoolEngine(1) as engine:
        assert engine.submit(abs, -1).result() == 1
        endless = engine.submit(work_until, tmp_path)
        wait_for((tmp_path / "begun").exists)
        engine.stop()
        with pytest.raises(WorkerKilledError):
            endless.result(HANG_SECONDS)
        with pytest.raises(WorkerKilledError, match="stopped before"):
            engine.submit(abs, -1).result(HANG_SECONDS)


@pytest.mark.slow
def test_gives_the_answer_or_the_error_of_a_task_alone() -> None:
    assert run_alone(abs, -3) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        run_alone(int, "x")
    with pytest.raises(WorkerKilledError, match="exit code 5"):
        run_alone(os._exit, 5)
    with pytest.raises(NoAnswerError, match="could not write its answer"):
        run_alone(threading.Condition, None)  # which no process can hand to another
