"""Main function of a job: arguments, signals, exit code."""

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tributary.errors import ArgumentsError, TributaryError, describe
from tributary.running.arguments import read_arguments, read_run_id
from tributary.running.clients import use_region
from tributary.running.log import log


@dataclass(frozen=True)
class JobArguments:
    """Arguments of every job. The region is one: AWS documents no variable of Glue's workers that has it."""

    aws_region: str


A = TypeVar("A", bound=JobArguments)

SERVICE_ERRORS = (BotoCoreError, ClientError, TributaryError)
"""Errors of the AWS clients and of this package: what a service may answer, and no mistake of the program."""


def run_job(
    kind: type[A],
    words: Sequence[str],
    work: Callable[[A, str, Event], bool],
    reported: tuple[type[Exception], ...] = (),
) -> int:
    """Run `work(arguments, run_id, stopping)`; return 0 for True, 1 for False, 2 for wrong arguments.

    Clients call the region of the arguments. SIGTERM and SIGINT set `stopping`. Errors of the types
    `reported` become a line of the log and a 1; any other leaves its traceback, which Glue shows as the run's
    error message.
    """
    try:
        arguments = read_arguments(kind, words)
        run_id = read_run_id(words)
    except ArgumentsError as error:
        log("wrong arguments", cause=str(error))
        return 2
    use_region(arguments.aws_region)
    stopping = Event()
    set_on_signals(stopping)
    try:
        return 0 if work(arguments, run_id, stopping) else 1
    except reported as error:
        log("failed", cause=describe(error))
        return 1


def set_on_signals(stopping: Event) -> None:
    """Let SIGTERM and SIGINT set `stopping`; to be called again after Spark, which handles SIGINT itself."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())


def exit_job(code: int) -> None:
    """Exit with any code but 0, for Glue was seen to report every SystemExit as a failure."""
    if code:
        sys.exit(code)
