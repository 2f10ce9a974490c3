"""The fuzzer: a short run of it, and what it does with a kernel that was spoiled."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import minimising
from tests.fuzz.cases import Case, read
from tests.fuzz.documents import MAXIMUM_BYTES, Documents
from tests.fuzz.minimising import fails, minimised
from tests.fuzz.worker import tried
from tests.support.guarded import Arena
from tributary.kernels.record_limits import RecordLimits

GLUE = Path(__file__).resolve().parents[2]


def run_cases(seed: str, lines: int) -> None:
    chance = Random(seed)
    documents = Documents(chance)
    arena = Arena(MAXIMUM_BYTES)
    while lines > 0:
        case = documents.case()
        assert tried(case, arena, chance) is None
        lines -= case.data.count(b"\n") + 1


def test_finds_nothing_in_a_short_run() -> None:
    run_cases("short", 8_000)


@pytest.mark.slow
def test_finds_nothing_in_a_longer_run() -> None:
    run_cases("longer", 200_000)


def test_makes_the_same_cases_of_the_same_seed() -> None:
    one, other = Documents(Random("same")), Documents(Random("same"))
    assert [one.case() for _ in range(20)] == [other.case() for _ in range(20)]


def test_makes_a_failing_case_smaller() -> None:
    case = Case((b'{"a":1}\n', b"xy", b"z\n" + b"{}\n" * 40), RecordLimits(depth=3, keys=5), True)
    smaller = minimised(case, lambda tried: b"xyz" in tried.data and tried.limits.depth == 3)
    assert smaller == Case((b"xyz",), RecordLimits(depth=3), False)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["difference", "exception", "crash", "hang"])
def test_tells_each_way_of_failing(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*_: object, **__: object) -> str | None:
        if fault == "exception":
            raise RuntimeError
        if fault == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "hang":
            time.sleep(60)
        return "it differs"

    assert not fails(Case((b"{}",)))
    monkeypatch.setattr(minimising, "SECONDS", 1)
    monkeypatch.setattr(minimising, "failure", spoiled)
    assert fails(Case((b"{}",)))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["crash", "differ"])
def test_puts_the_smallest_failing_case_into_the_corpus(fault: str, tmp_path: Path) -> None:
    done = fuzz(
        ["--minutes", "15", "--seed", "1", "--processes", "2", "--corpus", str(tmp_path)],
        {
            "PYTHONPATH": f"{GLUE / 'tests' / 'fuzz' / 'faulty_site'}{os.pathsep}{GLUE}",
            "TRIBUTARY_TEST_FAULTS": fault,
        },
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert ("ended with code -11" if fault == "crash" else "gives other") in done.stdout
    (found,) = tmp_path.iterdir()
    assert read(found.read_text()) == Case((b"true",))
    assert str(found) in done.stdout


@pytest.mark.slow
def test_ends_well_without_a_difference(tmp_path: Path) -> None:
    done = fuzz(["--minutes", "0.02", "--corpus", str(tmp_path)], {"PYTHONPATH": str(GLUE)})
    assert (done.returncode, list(tmp_path.iterdir())) == (0, []), done.stderr
    assert "no difference" in done.stdout


def test_refuses_wrong_usage() -> None:
    assert fuzz(["--processes", "0"], {"PYTHONPATH": str(GLUE)}).returncode == 2


def fuzz(words: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
