"""Time limits: what they count, and that nothing outlives them."""

import re
import signal

import pytest

from tributary.distribution.alone import run_alone
from tributary.distribution.pool import PoolEngine
from tributary.errors import TooSlowError, WorkerKilledError
from tributary.running.time_limit import SLOWEST_BYTES, TimeLimit, cause_of


def left() -> float:
    """The seconds that the process still has, 0 for any number."""
    return signal.getitimer(signal.ITIMER_REAL)[0]


def never_end(_: object) -> None:
    """Match a pattern for longer than anybody waits, in C and with the interpreter's lock held."""
    with TimeLimit(0.1):
        re.match(r"(a+)+$", "a" * 100 + "b")


def test_counts_only_what_is_within_it() -> None:
    with TimeLimit(1000) as clock:
        assert 900 < left() <= 1000
        with clock.waiting():
            assert left() == 0
            with clock.waiting():
                assert left() == 0
            assert left() == 0
        assert 900 < left() <= 1000
    assert left() == 0


def test_gives_time_for_what_is_read() -> None:
    with TimeLimit(1000) as clock:
        for chunk in clock.reading([bytes(SLOWEST_BYTES)] * 1000):
            assert len(chunk) == SLOWEST_BYTES
        assert 1900 < left() <= 2000
        assert list(clock.reading([bytes(SLOWEST_BYTES)] * 50, is_compressed=True))
        assert 2900 < left() <= 3000


def test_does_not_count_the_wait_for_files() -> None:
    with TimeLimit(1000) as clock:
        assert list(clock.fetching(str(left()) for _ in range(3))) == ["0.0"] * 3
        assert 900 < left() <= 1001


@pytest.mark.slow
def test_ends_a_child_that_never_returns() -> None:
    with pytest.raises(TooSlowError, match=r"ended by its time limit after \d+ s$") as caught:
        run_alone(never_end, None)
    assert caught.value.reason == "too-slow"
    assert cause_of(caught.value, 7).endswith(
        "; a file has 7 s, and one more for each 4000000 bytes of its content"
    )
    assert cause_of(WorkerKilledError("by SIGKILL"), 7) == "by SIGKILL"


@pytest.mark.slow
def test_ends_a_worker_of_the_pool_that_never_returns() -> None:
    with PoolEngine(1) as engine:
        with pytest.raises(WorkerKilledError):
            engine.submit(never_end, None).result()
        assert engine.submit(abs, -1).result() == 1
