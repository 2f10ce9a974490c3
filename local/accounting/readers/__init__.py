"""Simple readers of every format, independent of the product's: records of a file, and their values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from local.accounting.records import any_bytes

Values = dict[str, object]
"""Values of a record by field: a text, a number's characters, a list, a dict, None."""


@dataclass(frozen=True)
class Read:
    """A record: its place from 1, its values where it has any, and what its dead letter would hold.

    `becomes` is "letter" where no declaration could make a row of it.
    """

    place: int
    values: Values | None
    is_letter: Callable[[bytes], bool] = any_bytes

    @property
    def becomes(self) -> Literal["letter"] | None:
        """What it becomes in any case."""
        return "letter" if self.values is None else None
