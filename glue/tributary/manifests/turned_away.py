"""Files that no manifest takes, by the rules of the manifest builder (handlers/manifests-builder/plan.ts)."""

import json
import re
from datetime import UTC, date, datetime, timedelta

from tributary.datasets import Dataset
from tributary.errors import WholeFileError

_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-.*", re.DOTALL)


class InvalidNameError(WholeFileError):
    """The file's name does not begin with a date."""

    reason = "invalid-name"


class DateOutOfRangeError(WholeFileError):
    """The date in the file's name is none that the table shows."""

    reason = "date-out-of-range"


class UnexpectedSizeError(WholeFileError):
    """The file, as it is stored, has another size than its dataset expects."""

    reason = "unexpected-size"


def check_taken(dataset: Dataset, name: str, size: int) -> None:
    """Raise one of these errors where the builder turns away a file of that name and size in bytes."""
    day = _date_of(name)
    if day is None:
        raise InvalidNameError(f"{json.dumps(name)} does not begin with a real date, as yyyy-mm-dd-")
    first, last = dataset.earliest or date.min, datetime.now(UTC).date() + timedelta(days=1)
    if not first <= day <= last:
        raise DateOutOfRangeError(f"{day} is not between {first} and tomorrow (UTC)")
    if dataset.size is not None:
        margin = round(dataset.size.bytes * dataset.size.tolerance)
        least, most = dataset.size.bytes - margin, dataset.size.bytes + margin
        if not least <= size <= most:
            raise UnexpectedSizeError(f"{size} bytes are not between {least} and {most}")


def _date_of(name: str) -> date | None:
    found = _DATED.fullmatch(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
