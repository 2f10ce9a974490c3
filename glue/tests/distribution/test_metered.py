"""What an engine's tasks took, as the log tells it."""

import json
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

import pytest

from tests.support.waiting import HANG_SECONDS
from tributary.distribution import open_engine
from tributary.distribution.metered import TELL_SECONDS, MeteredEngine
from tributary.errors import WorkerKilledError

T = TypeVar("T")
R = TypeVar("R")


class SlowClock:
    """Clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class InPlace:
    """Engine that does a task at once, or fails as it is told to."""

    slots = 4
    fails: Exception | None = None
    is_cancelled = False

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        future: Future[R] = Future()
        if self.is_cancelled:
            future.cancel()
        elif self.fails is None:
            future.set_result(work(task))
        else:
            future.set_exception(self.fails)
        return future

    def stop(self) -> None:
        """Do nothing."""


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["event"] == "used"]


def test_counts_the_slots_over_the_time_that_each_number_was_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine, clock = InPlace(), SlowClock()
    with MeteredEngine(engine, clock) as metered:
        clock.now += 10
        engine.slots = 8
        assert metered.submit(abs, -2).result() == 2
        clock.now += 5
    (line,) = told(capsys)
    # four slots for 10 s, eight for 5 s
    assert (line["seconds"], line["slot_seconds"], line["tasks"], line["killed"]) == (15, 80, 1, 0)


def test_tells_it_each_hour_from_the_beginning_on(capsys: pytest.CaptureFixture[str]) -> None:
    clock = SlowClock()
    with MeteredEngine(InPlace(), clock) as metered:
        for _ in range(3):
            clock.now += TELL_SECONDS / 2
            metered.submit(abs, 1)
    lines = told(capsys)
    assert [(line["seconds"], line["tasks"]) for line in lines] == [(3600, 1), (5400, 3)]


def test_hands_on_what_a_task_raised_and_counts_the_workers_that_died(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = InPlace()
    with MeteredEngine(engine) as metered:
        for error in (ValueError("wrong"), WorkerKilledError("dead")):
            engine.fails = error
            with pytest.raises(type(error), match=str(error)):
                metered.submit(abs, 1).result()
        engine.is_cancelled = True
        with pytest.raises(CancelledError):
            metered.submit(abs, 1).result()
    (line,) = told(capsys)
    assert (line["tasks"], line["killed"], line["busy_seconds"], line["peak_mebibytes"]) == (2, 1, 0, 0)


def test_measures_the_processes_of_the_pool(capsys: pytest.CaptureFixture[str]) -> None:
    with open_engine("pool", 2) as engine:
        assert len(engine.submit(bytearray, 200 << 20).result(HANG_SECONDS)) == 200 << 20
    (line,) = told(capsys)
    assert line["peak_mebibytes"] > 200
    assert 0 < line["busy_seconds"] < line["slot_seconds"] <= 2 * line["seconds"] + 0.01
