"""Publication of the data plane's events to the default event bus."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tributary.errors import TransientError
from tributary.running.clients import events_client


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
