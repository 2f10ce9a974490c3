"""The form of every message about input: where it is, what was expected, what was found."""

import argparse
import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Final, TypeVar

T = TypeVar("T")

ABSENT: Final = object()
"""What is found where nothing is; JSON's null is something."""


_MOST_SHOWN: Final = 200
"""Characters of what was found: a log takes no list of thousands."""


def expected(what: str, got: object) -> str:
    """Return a message such as `expected a whole number of 0 or more, got "3x"`."""
    return f"expected {what}, got {_shown(got)}"


def expected_at(where: str, what: str, got: object) -> str:
    """Return the same with its place in front, which `is required` where `ABSENT` was found."""
    return f"{where} is required: expected {what}" if got is ABSENT else f"{where}: {expected(what, got)}"


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return `unknown key "colums"; did you mean "columns"?`, or all known ones where none is like it."""
    names = list(known)
    nearest = get_close_matches(key, names, n=1, cutoff=0.7)
    way_out = f'did you mean "{nearest[0]}"?' if nearest else f"known are {', '.join(names) or 'none'}"
    return f"unknown key {_shown(key)}; {way_out}"


def _shown(got: object) -> str:
    """Return a value as JSON, shortened."""
    text = json.dumps(got, ensure_ascii=False)
    return f"{text[: _MOST_SHOWN - 1]}…" if len(text) > _MOST_SHOWN else text


def whole_number(text: str, least: int = 0) -> int:
    """Read a whole number, `least` or more; raises `ValueError` for anything else."""
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise ValueError(text)
    return int(text)


def option(what: str, read: Callable[[str], T]) -> Callable[[str], T]:
    """Make the `type` of an argparse argument of a reader that raises `ValueError` for what is not `what`."""

    def parse(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(expected(what, text)) from error

    return parse
