"""Match of a file's header with the declared columns, and its drift from the declaration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tributary.errors import HeaderMismatchError


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """The name of each field, none of them twice, and readable sentences on the drift.

    A declared one has the name that it is declared by, and any other its own.
    """

    fields: tuple[str, ...]
    drift: tuple[str, ...]


def match_header(fields: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> HeaderMatch:
    """Match trimmed names without regard to case; order does not matter.

    A declared column that is missing is drift. Raises `HeaderMismatchError` when a required column is missing
    or a declared one stands twice.
    """
    names = [field.strip().casefold() for field in fields]
    missing = [column for column in columns if column not in names]
    twice = [column for column in columns if names.count(column) > 1]
    problems = [f'the required column "{column}" is missing' for column in missing if column in required]
    problems += [f'the column "{column}" stands {names.count(column)} times' for column in twice]
    if problems:
        found = ", ".join(f'"{field}"' for field in fields[:50])
        raise HeaderMismatchError(f"{'; '.join(problems)}; the header has {found}"[:2000])
    drift = [f"missing column: {column}" for column in missing]
    return HeaderMatch(tuple(_named(fields, names, columns)), tuple(drift))


def _named(fields: Sequence[str], names: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    """Yield a name for each field, with a number behind it where another one has the same."""
    taken = set(columns)
    for position, (field, name) in enumerate(zip(fields, names, strict=True), 1):
        own = name if name in columns else field.strip() or f"field_{position}"
        if name not in columns:
            number = 2
            stem = own
            while own in taken:
                own, number = f"{stem}_{number}", number + 1
            taken.add(own)
        yield own
