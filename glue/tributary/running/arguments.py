"""Job arguments as one frozen dataclass a job; its field names are the argument names.

`python -m tributary.running.arguments uploads_job` prints what a job reads as JSON, one object an argument.
"""

import dataclasses
import importlib
import json
import re
import sys
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from tributary.errors import ArgumentsError
from tributary.expected import ABSENT, expected_at, unknown_key, whole_number

T = TypeVar("T")

_Reading = tuple[str, Callable[[str], object]]
"""What is expected, and what reads it; the latter raises `ValueError` for anything else."""

_OUR_SPELLING = re.compile(r"[a-z][a-z0-9_]*")
_SPELLED_LIKE_OURS = frozenset({"class", "conf", "debug", "mode"})
"""Arguments of Glue without the hyphen or capital that its others have.

@see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html, 2026-11-30
"""


def read_arguments(kind: type[T], words: Sequence[str]) -> T:
    """Read the fields of the dataclass `kind` from `--name value` or `--name=value` words.

    Arguments in Glue's spelling are left to Glue, which adds its own; one in ours that no field names is
    refused. A field may be `str`, `int` (not negative), `Literal[…]` or `tuple[str, ...]` (comma separated).
    Raises `ArgumentsError` that names every missing, wrong and unknown argument at once.
    """
    given = _pairs(words)
    fields = _fields(kind)
    values: dict[str, object] = {}
    problems = _unknown(given, [name for name, _, _ in fields])
    for name, (what, convert), required in fields:
        text = given.get(name, ABSENT)
        if text is ABSENT:
            problems += [expected_at(f"--{name}", what, text)] if required else []
            continue
        try:
            values[name] = convert(given[name])
        except ValueError:
            problems.append(expected_at(f"--{name}", what, text))
    if problems:
        raise ArgumentsError("; ".join(problems))
    return kind(**values)


def read_run_id(words: Sequence[str]) -> str:
    """Return the id that Glue gives the run (`--JOB_RUN_ID`); every lease is held in its name."""
    run_id = _pairs(words).get("JOB_RUN_ID", "")
    if not run_id:
        wanted = "the run's id, which Glue adds; elsewhere any unique one"
        raise ArgumentsError(expected_at("--JOB_RUN_ID", wanted, ABSENT))
    return run_id


def describe_arguments(kind: type[object]) -> list[dict[str, object]]:
    """Return name and necessity of each argument that `kind` reads."""
    return [{"name": name, "required": required} for name, _, required in _fields(kind)]


def _unknown(given: Iterable[str], known: Sequence[str]) -> list[str]:
    ours = (name for name in given if _OUR_SPELLING.fullmatch(name) and name not in _SPELLED_LIKE_OURS)
    return [f"arguments: {unknown_key(name, known)}" for name in ours if name not in known]


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


def _fields(kind: type[object]) -> list[tuple[str, _Reading, bool]]:
    hints = typing.get_type_hints(kind)
    return [
        (field.name, _reading(hints[field.name]), field.default is dataclasses.MISSING)
        for field in dataclasses.fields(typing.cast(Any, kind))
    ]


def _reading(hint: object) -> _Reading:
    if hint is int:
        return "a whole number of 0 or more", whole_number
    if hint == tuple[str, ...]:
        return "a comma separated list", _words
    if typing.get_origin(hint) is typing.Literal:
        choices = typing.get_args(hint)
        return f"one of {', '.join(choices)}", lambda text: _choice(text, choices)
    return "a value", _text


def _text(text: str) -> str:
    if not text or text.startswith("--"):
        raise ValueError(text)
    return text


def _words(text: str) -> tuple[str, ...]:
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found or text.startswith("--"):
        raise ValueError(text)
    return found


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(text)
    return text


def _arguments_of(job: str) -> type[object]:
    """Find the dataclass of a job by its name: `uploads_job` declares `UploadsJobArguments`."""
    name = "".join(word.capitalize() for word in job.split("_")) + "Arguments"
    return typing.cast(type[object], getattr(importlib.import_module(f"jobs.{job}"), name))


if __name__ == "__main__":
    print(json.dumps(describe_arguments(_arguments_of(sys.argv[1]))))
