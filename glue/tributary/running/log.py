"""Log of a run: one JSON object a line, on standard output."""

import json
import sys
from datetime import UTC, datetime
from threading import Lock

from tributary.running.clock import timestamp

_lock = Lock()


def log(event: str, **details: object) -> None:
    """Write one line, never interleaved with another thread's: time, name of the event, details."""
    line = {"time": timestamp(datetime.now(UTC)), "event": event, **details}
    text = json.dumps(line, ensure_ascii=False, default=str) + "\n"
    with _lock:
        sys.stdout.write(text)
        sys.stdout.flush()
