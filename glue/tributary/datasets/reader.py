"""Strict reading of settings out of parsed JSON, with every problem noted."""

from collections.abc import Callable
from typing import Any, TypeVar

from tributary.expected import ABSENT, expected_at, unknown_key

T = TypeVar("T")

NAME = "a lower-case name (a-z, 0-9, _) that begins with a letter"
"""What is expected of a column's or table's name."""
PREFIX = "a prefix below input/ that ends in /, such as input/customers/"
"""What is expected of the prefix of a dataset's uploads."""
RAW_JSON_PREFIX = "a prefix outside input/ that ends in /, such as raw-json-data/"
"""What is expected of the prefix of a JSON dataset's objects."""


class Fields(dict[str, Any]):
    """The keys of an object, and `ABSENT` for those that it lacks."""

    def __missing__(self, key: str) -> object:
        return ABSENT


class DeclarationReader:
    """Takes settings out of parsed JSON and notes each problem with its path."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._file = f"{folder}/dataset.json"

    def note(self, path: str, value: object, wanted: str) -> None:
        """Note what stands at a path, the empty one being the whole declaration, and what would do."""
        self.problems.append(expected_at(self._place(path), wanted, value))

    def mapping(self, value: object, path: str, allowed: tuple[str, ...]) -> Fields:
        """An object with none but the allowed keys; empty for anything else."""
        if not isinstance(value, dict):
            self.note(path, value, f"an object with {', '.join(allowed)}")
            return Fields()
        unknown = (unknown_key(key, allowed) for key in value if key not in allowed)
        self.problems += [f"{self._place(path)}: {problem}" for problem in unknown]
        return Fields(value)

    def text(self, value: object, path: str, wanted: str, fits: Callable[[str], object] = bool) -> str:
        """A text that fits, by default any but the empty one; empty for anything else."""
        if isinstance(value, str) and fits(value):
            return value
        self.note(path, value, wanted)
        return ""

    def flag(self, value: object, path: str) -> bool:
        """A truth value; false for anything else."""
        if not isinstance(value, bool):
            self.note(path, value, "true or false")
        return value is True

    def sound(self, read: Callable[[], T]) -> T | None:
        """What is read; None where a problem was noted, and nothing may be judged by it."""
        before = len(self.problems)
        value = read()
        return value if len(self.problems) == before else None

    def named(self, value: object, path: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Read a list of things that each have a `name` of their own."""
        if not isinstance(value, list) or not value:
            self.note(path, value, "a list of at least one column")
            return ()
        items = tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))
        names = [getattr(item, "name", "") for item in items]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.note(path, name, "each column name once")
        return items

    def _place(self, path: str) -> str:
        return f"{self._file}: {path}" if path else self._file


def is_raw_json_prefix(value: str) -> bool:
    """Whether a text will do as the prefix of a JSON dataset's objects."""
    return value.endswith("/") and not value.startswith(("input/", "/"))


def is_prefix(value: str) -> bool:
    """Whether a text will do as the prefix of a dataset's uploads."""
    return value.startswith("input/") and value.endswith("/") and len(value) > len("input/")
