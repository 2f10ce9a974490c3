"""Raw files of events for the bench of the batch job, the same at each run."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FIRST_DAY = datetime(2026, 1, 26, tzinfo=UTC)
_DAYS = 7
_MODES = ("train", "validation", "test")
_KILOBYTE = 1000


def generate(folder: Path, count: int, kilobytes: int) -> list[Path]:
    """Write so many files of lines into a new folder, each of about that size and with events of a week."""
    folder.mkdir()
    numbers = random.Random(7)  # noqa: S311 no secret
    return [
        _write(folder / f"events-{index:06}.json", numbers, kilobytes * _KILOBYTE) for index in range(count)
    ]


def _write(path: Path, numbers: random.Random, size: int) -> Path:
    lines: list[str] = []
    written = 0
    while written < size:
        lines.append(json.dumps(_event(f"{path.stem}-{len(lines)}", numbers)) + "\n")
        written += len(lines[-1])
    path.write_text("".join(lines))
    return path


def _event(name: str, numbers: random.Random) -> dict[str, object]:
    moment = _FIRST_DAY + timedelta(seconds=numbers.randrange(_DAYS * 86_400))
    items = [
        {
            "sku": f"sku-{numbers.randrange(10_000)}",
            "quantity": numbers.randrange(1, 9),
            "price": numbers.randrange(9_999) / 100,
        }
        for _ in range(numbers.randrange(1, 4))
    ]
    return {
        "id": name,
        "event_timestamp": moment.isoformat(),
        "MODE": numbers.choice(_MODES),
        "metadata": {
            "app_version": f"1.{numbers.randrange(20)}",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        },
        "payload": {"transaction_id": f"{numbers.getrandbits(64):016x}", "items": items},
        "session": f"{numbers.getrandbits(48):012x}",
    }
