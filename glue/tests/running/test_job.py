"""A job's main: arguments, signals, errors and exit codes."""

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from tributary.errors import TransientError
from tributary.running.job import SERVICE_ERRORS, JobArguments, exit_job, run_job

WORDS = ["--JOB_RUN_ID", "jr_1", "--year", "2026", "--aws_region", "eu-north-1"]
SIGNALS = [signal.SIGTERM, signal.SIGINT]
ERRORS = [TransientError("busy"), EndpointConnectionError(endpoint_url="https://s3")]


@dataclass(frozen=True)
class Arguments(JobArguments):
    year: int


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give region and signals back to pytest."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def raising(error: Exception) -> Callable[[Arguments, str, Event], bool]:
    def work(*_: object) -> bool:
        raise error

    return work


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("succeeded", "code"), [(True, 0), (False, 1)])
def test_hands_arguments_on_and_returns_the_exit_code(succeeded: bool, code: int) -> None:
    calls: list[tuple[Arguments, str, bool]] = []
    regions: list[str | None] = []

    def work(arguments: Arguments, run_id: str, stopping: Event) -> bool:
        calls.append((arguments, run_id, stopping.is_set()))
        regions.append(boto3.session.Session().client("sqs").meta.region_name)
        return succeeded

    assert run_job(Arguments, WORDS, work) == code
    assert calls == [(Arguments("eu-north-1", 2026), "jr_1", False)]
    assert regions == ["eu-north-1"]


@pytest.mark.parametrize("words", [WORDS[:2], WORDS[2:]], ids=["no year", "no run id"])
def test_answers_wrong_arguments_before_any_work(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_job(Arguments, words, raising(AssertionError())) == 2
    assert [line["event"] for line in logged(capsys)] == ["wrong arguments"]


@pytest.mark.parametrize("number", SIGNALS)
def test_sets_the_event_at_a_signal(number: signal.Signals) -> None:
    def work(_: Arguments, __: str, stopping: Event) -> bool:
        signal.raise_signal(number)
        return stopping.is_set()

    assert run_job(Arguments, WORDS, work) == 0


@pytest.mark.parametrize("error", ERRORS)
def test_logs_the_errors_that_are_to_be_reported(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_job(Arguments, WORDS, raising(error), SERVICE_ERRORS) == 1
    [line] = logged(capsys)
    assert (line["event"], line["cause"]) == ("failed", f"{type(error).__name__}: {error}")


@pytest.mark.parametrize("error", ERRORS)
def test_leaves_any_other_error_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        run_job(Arguments, WORDS, raising(error), (KeyError,))


def test_exits_by_itself_only_when_it_failed() -> None:
    exit_job(0)
    with pytest.raises(SystemExit, match="2"):
        exit_job(2)
