"""Clock of a run, and the formats of timestamps."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Return milliseconds since 1970, the unit of `lease_until`."""
    return int(moment.timestamp() * 1000)


def timestamp(moment: datetime) -> str:
    """Format a timestamp as tables and logs have it: ISO 8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
