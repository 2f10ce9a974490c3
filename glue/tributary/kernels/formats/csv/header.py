"""Match of a file's header with the declared columns, and its drift from the declaration."""

from collections.abc import Sequence
from dataclasses import dataclass

from tributary.errors import HeaderMismatchError

# A header may be a megabyte; what is told of it goes into logs and statistics.
_UNKNOWN_NAMED = 50
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """The declared name of each field, None for a field to keep out; and readable sentences on the drift."""

    fields: tuple[str | None, ...]
    drift: tuple[str, ...]


def match_header(fields: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> HeaderMatch:
    """Match trimmed names without regard to case; order does not matter.

    A declared column that is missing is null in every row, and a field that is not declared is kept out: both
    are drift. Raises `HeaderMismatchError` when a required column is missing or a declared one stands twice.
    """
    names = [field.strip().casefold() for field in fields]
    missing = [column for column in columns if column not in names]
    twice = [column for column in columns if names.count(column) > 1]
    problems = [f'the required column "{column}" is missing' for column in missing if column in required]
    problems += [f'the column "{column}" stands {names.count(column)} times' for column in twice]
    if problems:
        found = ", ".join(f'"{field}"' for field in fields[:50])
        raise HeaderMismatchError(f"{'; '.join(problems)}; the header has {found}"[:2000])
    unknown = [
        field.strip()[:_NAME_LENGTH] or f"(no name, field {index + 1})"
        for index, field in enumerate(fields)
        if names[index] not in columns
    ]
    drift = [f"missing column: {column}" for column in missing]
    drift += [f"unknown column: {name}" for name in unknown[:_UNKNOWN_NAMED]]
    if len(unknown) > _UNKNOWN_NAMED:
        drift.append(f"unknown columns: {len(unknown) - _UNKNOWN_NAMED} more")
    return HeaderMatch(tuple(name if name in columns else None for name in names), tuple(drift))
