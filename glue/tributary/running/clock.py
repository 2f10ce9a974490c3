"""Moments: the clock of a run, and how moments are written."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970, the unit of `lease_until`."""
    return int(moment.timestamp() * 1000)


def timestamp(moment: datetime) -> str:
    """Write a moment as tables and logs have it: ISO-8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
