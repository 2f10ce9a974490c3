"""Waiting for what is to happen, however slow the machine is."""

import time
from collections.abc import Callable

HANG_SECONDS = 600
"""Far beyond what the slowest machine takes: it only ends a hang."""

_LOOK_SECONDS = 0.1


def wait_for(condition: Callable[[], object]) -> None:
    """Until the condition holds."""
    deadline = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(_LOOK_SECONDS)
