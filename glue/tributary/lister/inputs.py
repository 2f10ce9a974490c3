"""Files of the ledger's datasets, by their keys.

runtime/ledger/wanted.ts judges the keys of events by the same rule.
"""

import re
from collections.abc import Sequence

from tributary.datasets import Dataset

WEEKLY_PREFIX = "raw-json-data/"
"""Prefix below which weekly folders `<year>/week<n>/` count from the first year on."""
HISTORY = "all_historical_files/"
WEEK = re.compile("week(0?[1-9]|[1-4][0-9]|5[0-3])/")
_IN_WEEK = re.compile(f"{WEEKLY_PREFIX}([0-9]{{4}})/{WEEK.pattern}")
_IN_HISTORY = WEEKLY_PREFIX + HISTORY


class Inputs:
    """What is below the prefixes of datasets, but for markers of folders and weeks before `start_year`."""

    def __init__(self, datasets: Sequence[Dataset], start_year: int) -> None:
        self._start_year = start_year
        # of two prefixes that hold a key, the longer one is that of a smoke test in the midst of other files
        self._places = sorted(((each.prefix, each.name) for each in datasets), key=lambda it: -len(it[0]))

    @property
    def prefixes(self) -> list[str]:
        """The prefixes, without those that lie in another."""
        all_of_them = [prefix for prefix, _ in self._places]
        return sorted(
            prefix
            for prefix in all_of_them
            if not any(other != prefix and prefix.startswith(other) for other in all_of_them)
        )

    def dataset_of(self, key: str) -> str | None:
        """Return the dataset whose file the key names; None where it is none's."""
        if key.endswith("/"):
            return None
        week = _IN_WEEK.match(key)
        if week is not None and int(week[1]) < self._start_year:
            return None
        return next((name for prefix, name in self._places if key.startswith(prefix)), None)


def folder_apart(key: str) -> str | None:
    """Return the history's or a week's folder that a key lies in: these are listed apart from the rest."""
    if key.startswith(_IN_HISTORY):
        return _IN_HISTORY
    week = _IN_WEEK.match(key)
    return None if week is None else week[0]
