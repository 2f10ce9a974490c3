"""A smaller case that fails as well, found by leaving things out."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from tests.fuzz.cases import Case, failure
from tests.support.guarded import Arena
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.record_limits import RecordLimits

SECONDS = 20
"""A case that takes longer hangs."""

_TRIALS = 3000


def fails(case: Case) -> bool:
    """Whether the case differs from the oracle, crashes or hangs; tried in a process of its own, quietly."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        code = 1
        try:
            arena = Arena(max(map(len, case.chunks), default=0))
            code = any(failure(case, arena, side=side) for side in ("end", "begin"))
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] != 0


def minimised(case: Case, still_fails: Callable[[Case], bool] = fails) -> Case:
    """The smallest found; it fails if the first one does. Tries a bounded number of smaller ones."""
    trials = 0
    again = True
    while again:
        again = False
        for smaller in _smaller(case):
            trials += 1
            if trials > _TRIALS:
                return case
            if still_fails(smaller):
                case, again = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Simpler ones, the greatest steps first."""
    if len(case.chunks) > 1:
        yield replace(case, chunks=(case.data,))
        for number in range(1, len(case.chunks)):
            joined = case.chunks[number - 1] + case.chunks[number]
            yield replace(case, chunks=(*case.chunks[: number - 1], joined, *case.chunks[number + 1 :]))
    if case.keep_lines:
        yield replace(case, keep_lines=False)
    for field in fields(RecordLimits):
        if getattr(case.limits, field.name) != getattr(DEFAULT_LIMITS, field.name):
            limits = replace(case.limits, **{field.name: getattr(DEFAULT_LIMITS, field.name)})
            yield replace(case, limits=limits)
    longest = max(map(len, case.chunks), default=0)
    size = longest
    while size:
        for number, chunk in enumerate(case.chunks):
            for at in range(0, len(chunk), size):
                less = chunk[:at] + chunk[at + size :]
                yield replace(case, chunks=(*case.chunks[:number], less, *case.chunks[number + 1 :]))
        size //= 2
