"""Stop and restart requests to the streaming job, from the control table."""

import time
from datetime import UTC, datetime
from typing import Literal

from tributary.running.clients import dynamodb_client

_ITEM = "streaming-job"

Stop = Literal["stopped", "restart"]


class Control:
    """Reads the control table, at most once in `poll_seconds`."""

    def __init__(self, table: str, poll_seconds: float) -> None:
        self._table = table
        self._poll_seconds = poll_seconds
        self._started = datetime.now(UTC)
        self._next_look = 0.0

    def stop_wanted(self) -> Stop | None:
        """Return the reason for the job to end, None when it is to go on or was asked too recently."""
        if time.monotonic() < self._next_look:
            return None
        self._next_look = time.monotonic() + self._poll_seconds
        answer = dynamodb_client().get_item(TableName=self._table, Key={"name": _ITEM}, ConsistentRead=True)
        item = answer.get("Item", {})
        if item.get("desired", "running") == "stopped":
            return "stopped"
        requested = item.get("restart_requested_at")
        if isinstance(requested, str) and datetime.fromisoformat(requested) > self._started:
            return "restart"
        return None
