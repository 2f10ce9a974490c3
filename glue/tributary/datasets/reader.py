"""Strict reading of settings out of parsed JSON, with every problem noted."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class DeclarationReader:
    """Takes settings out of parsed JSON and notes each problem with its path."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.problems: list[str] = []

    def note(self, path: str, value: object, wanted: str) -> None:
        """Note what stands at a path, and what would do."""
        self.problems.append(
            f"{self.folder}/dataset.json: {path}: {json.dumps(value)} will not do; give {wanted}"
        )

    def mapping(self, value: object, path: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
        """An object with none but the allowed keys; empty for anything else."""
        if not isinstance(value, dict):
            self.note(path, value, "an object")
            return {}
        for key in value:
            if key not in allowed:
                self.note(f"{path}.{key}", value[key], f"only {', '.join(allowed)}")
        return value

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


def is_raw_json_prefix(value: str) -> bool:
    """Whether a text will do as the prefix of a JSON dataset's objects."""
    return value.endswith("/") and not value.startswith(("input/", "/"))


def is_prefix(value: str) -> bool:
    """Whether a text will do as the prefix of a dataset's uploads."""
    return value.startswith("input/") and value.endswith("/") and len(value) > len("input/")
