"""Job arguments as one frozen dataclass a job; its field names are the argument names.

`python -m tributary.running.arguments uploads_job` prints what a job reads as JSON, one object an argument.
"""

import dataclasses
import importlib
import json
import sys
import typing
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tributary.errors import ArgumentsError

T = TypeVar("T")


def read_arguments(kind: type[T], words: Sequence[str]) -> T:
    """Read the fields of the dataclass `kind` from `--name value` or `--name=value` words.

    Words that no field names are left to those that know them (Glue adds its own, and Spark some).
    A field may be `str`, `int` (not negative), `Literal[…]` or `tuple[str, ...]` (comma separated).
    Raises `ArgumentsError` that names every missing and every wrong argument at once.
    """
    given = _pairs(words)
    values: dict[str, object] = {}
    problems: list[str] = []
    for name, convert, required in _fields(kind):
        if name not in given:
            problems += [f"--{name} is missing"] if required else []
            continue
        try:
            values[name] = convert(given[name])
        except ValueError as error:
            problems.append(f'--{name} "{given[name]}" {error}')
    if problems:
        raise ArgumentsError("; ".join(problems))
    return kind(**values)


def read_run_id(words: Sequence[str]) -> str:
    """Return the id that Glue gives the run (`--JOB_RUN_ID`); every lease is held in its name."""
    run_id = _pairs(words).get("JOB_RUN_ID", "")
    if not run_id:
        raise ArgumentsError(
            "--JOB_RUN_ID is missing: Glue adds it to every run; give any unique id elsewhere"
        )
    return run_id


def describe_arguments(kind: type[object]) -> list[dict[str, object]]:
    """Return name and necessity of each argument that `kind` reads."""
    return [{"name": name, "required": required} for name, _, required in _fields(kind)]


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """Pair names with values; the last of a repeated name counts, as in a run's own arguments."""
    pairs: dict[str, str] = {}
    for index, word in enumerate(words):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        following = words[index + 1] if index + 1 < len(words) else ""
        pairs[name] = value if equals else following
    return pairs


def _fields(kind: type[object]) -> list[tuple[str, Callable[[str], object], bool]]:
    hints = typing.get_type_hints(kind)
    return [
        (field.name, _converter(hints[field.name]), field.default is dataclasses.MISSING)
        for field in dataclasses.fields(typing.cast(Any, kind))
    ]


def _converter(hint: object) -> Callable[[str], object]:
    if hint is int:
        return _whole_number
    if hint == tuple[str, ...]:
        return _words
    if typing.get_origin(hint) is typing.Literal:
        return lambda text: _choice(text, typing.get_args(hint))
    return _text


def _text(text: str) -> str:
    if not text or text.startswith("--"):
        raise ValueError("is no value")
    return text


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("is not a whole number of 0 or more")
    return int(text)


def _words(text: str) -> tuple[str, ...]:
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found or text.startswith("--"):
        raise ValueError("is not a comma separated list")
    return found


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"is none of {', '.join(choices)}")
    return text


def _arguments_of(job: str) -> type[object]:
    """Find the dataclass of a job by its name: `uploads_job` declares `UploadsJobArguments`."""
    name = "".join(word.capitalize() for word in job.split("_")) + "Arguments"
    return typing.cast(type[object], getattr(importlib.import_module(f"jobs.{job}"), name))


if __name__ == "__main__":
    print(json.dumps(describe_arguments(_arguments_of(sys.argv[1]))))
