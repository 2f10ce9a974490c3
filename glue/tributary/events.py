"""The log of a run: one JSON object a line, on standard output."""

import json
from datetime import UTC, datetime

from tributary.uploads import timestamp


def log(event: str, **details: object) -> None:
    """Write one line: the time, the event's name, and its details."""
    line = {"time": timestamp(datetime.now(UTC)), "event": event, **details}
    print(json.dumps(line, ensure_ascii=False, default=str), flush=True)
