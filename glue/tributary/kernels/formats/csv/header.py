"""Match of a file's header, or of the positions of its fields, with the declared columns; and its drift."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from tributary.datasets.declaration import position_key
from tributary.errors import HeaderMismatchError
from tributary.kernels.formats.csv.records import Dialect, Limits, Row, read_record

# A header may be a megabyte; what is told of it goes into logs and statistics.
_NAMES_SHOWN = 50
_NAME_LENGTH = 100
_MESSAGE_LENGTH = 2000

_USUAL_DELIMITERS = (",", ";", "\t", "|")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Unicode's controls, formats (zero width, marks) and spaces, which are no part of a name at its ends."""

_IGNORABLE = frozenset(
    map(
        chr,
        (
            0x34F,
            0x115F,
            0x1160,
            0x17B4,
            0x17B5,
            0x3164,
            0xFFA0,
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
        ),
    )
)
"""Letters and marks that are not seen either: Unicode's Default_Ignorable_Code_Point beside the formats."""


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """A declared column as the reader knows it: the key of its texts, and whether it must be there.

    The key is the declared text of the header; of a file without one, `position_key`.
    """

    key: str
    required: bool


@dataclass(frozen=True, slots=True)
class Header:
    """The first record of a file, whose fields are names unless it is a row like all others.

    `rest` are the bytes that follow it, or begin with it where it is a row, and `next_line` is the number of
    their first line. `separator` is what Excel's `sep=` line before it names.
    """

    fields: tuple[str, ...]
    lines: tuple[bytes, ...]
    has_names: bool
    rest: bytes
    next_line: int
    separator: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields as they stand, or else the keys of their positions."""
        return _names(self.fields, has_names=self.has_names)

    def names_by(self, dialect: Dialect) -> tuple[str, ...]:
        """The names if another delimiter were the right one; none where that gives no record."""
        record, taken = read_record(self.lines, 0, dialect, Limits(), line=1, ending="unclosed-quote")
        if not isinstance(record, Row) or taken < len(self.lines):
            return ()
        return _names([field or "" for field in record.fields], has_names=self.has_names)


def _names(fields: Sequence[str], *, has_names: bool) -> tuple[str, ...]:
    return tuple(fields) if has_names else tuple(position_key(index + 1) for index in range(len(fields)))


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """The key of each field's texts, none of them twice, and readable sentences on the drift."""

    fields: tuple[str, ...]
    drift: tuple[str, ...]


def match_header(header: Header, columns: Sequence[CsvColumn], dialect: Dialect) -> HeaderMatch:
    """Match names without regard to case, or to what is not seen at their ends; order does not matter.

    A field that no column declares has its own name as its key. A declared column that is missing is drift.
    Raises `HeaderMismatchError` when a required column or every declared one is missing, when a declared one
    stands twice, and when fields are delimited otherwise.
    """
    names = [_compared(name) for name in header.names]
    keys = {_compared(column.key): column.key for column in columns}
    missing = [column for column in columns if _compared(column.key) not in names]
    problems = [
        f'the required column "{_shown(column.key)}" is missing' for column in missing if column.required
    ]
    if columns and len(missing) == len(columns) and not problems:
        problems = ["none of the declared columns is there"]
    other = _other_delimiter(header, dialect, keys)
    if other is not None and (problems or (len(names) == 1 and len(columns) > 1)):
        problems.insert(0, other)
    twice = [name for name in keys if names.count(name) > 1]
    problems += [f'the column "{_shown(keys[name])}" stands {names.count(name)} times' for name in twice]
    if problems:
        found = ", ".join(f'"{_shown(name)}"' for name in header.names[:_NAMES_SHOWN])
        raise HeaderMismatchError(f"{'; '.join(problems)}; the header has {found}"[:_MESSAGE_LENGTH])
    drift = [f"missing column: {_shown(column.key)}" for column in missing]
    own = _own_keys(header.names, [name not in keys for name in names], keys.values())
    fields = tuple(own.get(index) or keys[name] for index, name in enumerate(names))
    return HeaderMatch(fields, (*drift, *([] if other is None else [other])))


def _compared(name: str) -> str:
    return unicodedata.normalize("NFC", _trimmed(name)).casefold()


def _trimmed(name: str) -> str:
    """The name without what is not seen at its ends."""
    seen = [index for index, each in enumerate(name) if not _is_unseen(each)]
    return name[seen[0] : seen[-1] + 1] if seen else ""


def _shown(name: str) -> str:
    """The name, shortened, with what is not seen in it by code point."""
    short = name[:_NAME_LENGTH]
    return "".join(f"\\u{{{ord(each):x}}}" if _is_unseen(each) and each != " " else each for each in short)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or character in _IGNORABLE


def _own_keys(names: Sequence[str], undeclared: Sequence[bool], taken: Iterable[str]) -> dict[int, str]:
    """The key of each field that no column declares: its name, with a number where that is taken."""
    keys = set(taken)
    own: dict[int, str] = {}
    for index in (index for index, is_own in enumerate(undeclared) if is_own):
        base = _trimmed(names[index]) or position_key(index + 1)
        key, number = base, 1
        while key in keys:
            number += 1
            key = f"{base}_{number}"
        keys.add(key)
        own[index] = key
    return own


def delimited_otherwise(header: bytes, dialect: Dialect) -> str | None:
    """Tell by which other delimiter a header that is no record would be one of several fields."""
    for each in _USUAL_DELIMITERS:
        if each in (dialect.delimiter, dialect.escape, dialect.comment):
            continue
        other = replace(dialect, delimiter=each, header=())
        record, _ = read_record([header], 0, other, Limits(), line=1, ending="unclosed-quote")
        if isinstance(record, Row) and len(record.fields) > 1:
            return _got(dialect, each)
    return None


def _got(dialect: Dialect, other: str) -> str:
    wanted = f'expected fields delimited by "{_shown(dialect.delimiter)}", got'
    return f'{wanted} those delimited by "{_shown(other)}": declare it as "delimiter"'


def _other_delimiter(header: Header, dialect: Dialect, keys: Collection[str]) -> str | None:
    """Tell by which other delimiter more of the columns are found, or of undeclared ones more than one."""

    def found(names: Sequence[str]) -> int:
        if not keys:
            return len(names) if all(map(_trimmed, names)) else 0
        return len({_compared(name) for name in names} & set(keys))

    usual = dict.fromkeys([*([header.separator] if header.separator else []), *_USUAL_DELIMITERS])
    others = {
        each: found(header.names_by(replace(dialect, delimiter=each, header=())))
        for each in usual
        if each not in (dialect.delimiter, dialect.escape, dialect.comment)
    }
    best = max(others, key=lambda each: others[each])
    is_better = others[best] > found(header.names) and (len(header.fields) == 1 or bool(keys))
    if is_better:
        return _got(dialect, best)
    wanted = f'expected fields delimited by "{_shown(dialect.delimiter)}", got'
    if header.separator not in (None, dialect.delimiter):
        return f'{wanted} the line "sep={_shown(header.separator or "")}"'
    return None
