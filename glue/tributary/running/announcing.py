"""Publication of the data plane's events to the default event bus."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tributary.errors import TransientError
from tributary.running.clients import events_client

# Chosen for events of at most 256 KB; a column's name has at most 255 characters. Further columns go into
# events of their own.
# @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html, 2026-11-29
_COLUMNS_AN_EVENT = 500


@dataclass(frozen=True, slots=True)
class Announcer:
    """Publishes events under one EventBridge source."""

    source: str
    environment: str

    def announce(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put one event; raises `TransientError` when EventBridge rejects it, whatever the HTTP status.

        @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html, 2026-11-29
        """
        text = json.dumps({"environment": self.environment, **detail}, ensure_ascii=False)
        answer = events_client().put_events(
            Entries=[{"Source": self.source, "DetailType": detail_type, "Detail": text}]
        )
        if answer["FailedEntryCount"]:
            raise TransientError(f"EventBridge refused an event: {answer['Entries']}")


def shares_of_columns(columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield the names in as many lists as events are needed for them, one of them at least."""
    for begin in range(0, max(1, len(columns)), _COLUMNS_AN_EVENT):
        yield list(columns[begin : begin + _COLUMNS_AN_EVENT])
