"""Columns of a declaration, by what their values show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from tributary.inference.arrow_columns import type_of
from tributary.inference.evidence import MOST_KEYS, Evidence
from tributary.inference.readings import Reading, hinted
from tributary.kernels.formats.exact_text import texts_of

_KINDS: Final = {
    "number": ("bigint", "double", "decimal"),
    "boolean": ("boolean",),
    "string": ("date", "timestamp"),
}
"""Types of JSON's kinds of values: a number in quotes is a text."""

NULL_WORDS: Final = ("NULL", "null", "\\N", "#N/A", "NA", "N/A", "n/a", "NaN", "nan", "None", "-")
"""Texts that often stand for null; the first four are hardly ever anything else."""

_TIMES: Final = ("timestamp", "instant", "date")
_ROWS_OF_A_KEY: Final = 10
_ROWS_OF_A_VALUE: Final = 10
"""Rows that a value of a partition has on the average, at least."""


@dataclass(slots=True)
class Field:
    """A field of the files: its name there, its position, that of its column (None: has none), the evidence.

    `kind` is the Arrow type of a binary format, None where the values are texts.
    """

    field: str
    position: int
    name: str | None
    evidence: Evidence
    kind: pa.DataType | None = None

    def take(self, column: pa.Array) -> None:
        """Take the values of some rows."""
        if not pa.types.is_string(column.type):
            self.kind = column.type
        self.evidence.add(texts_of(column))

    def pass_rows(self, rows: int) -> None:
        """Take so many rows without a value."""
        if rows:
            self.evidence.add(pa.nulls(rows, pa.string()))

    @property
    def readings(self) -> list[Reading]:
        """The readings that are left; those of one type where JSON says which kind the values are of."""
        found = self.evidence.readings or []
        kinds = self.evidence.kinds - {"null"}
        if not kinds or self.evidence.hint is not None:
            return found
        kind = kinds.pop() if len(kinds) == 1 else ""
        return [each for each in found if each.type.startswith(_KINDS.get(kind, ("-",)))]

    @property
    def is_typed(self) -> bool:
        """Return True where one reading is the likeliest."""
        return self.choice is not None

    @property
    def choice(self) -> Reading | None:
        """The reading to declare: the first that is left, where no other is as likely."""
        left = self.readings
        if self.evidence.hint is not None:
            return left[0] if left else None
        proven = [each for each in left if each in self.evidence.proven]
        if not proven or (proven[0].proof is None and self.doubts):
            return None
        return proven[0]

    @property
    def doubts(self) -> list[str]:
        """The formats of dates that all values have, where there are two or more."""
        formats = dict.fromkeys(
            ", ".join(each.options["dates"]) for each in self.readings if "dates" in each.options
        )
        return list(formats) if len(formats) > 1 else []


def column_of(field: Field, form: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """The column of a field; what the evidence leaves open goes to the notes."""
    name = field.name
    column: dict[str, Any] = {"name": name}
    place: dict[str, Any]
    if form["kind"] != "csv":
        place = {} if field.field == name else {"key": field.field}
    elif form.get("header", True):
        place = {} if field.field.casefold() == name else {"header": field.field}
    else:
        place = {"position": field.position}
    column |= place
    if field.kind is not None:
        return {**column, "type": type_of(field.kind)}
    choice, evidence = field.choice, field.evidence
    if choice is not None:
        if choice.options.get("zone") == "UTC" and evidence.hint is None:
            notes.append(f'{name}: its times have no offset, and are taken for UTC: "zone" says another')
        return {**column, "type": choice.type, **choice.options}
    if evidence.hint is not None:
        if evidence.refuted:
            notes.append(
                f'{name}: "{evidence.refuted[0]}" is no {evidence.hint.type}, and its row a dead letter'
            )
        return {**column, "type": evidence.hint.type}
    notes += _reasons(field)
    return {**column, "type": "string"}


def _reasons(field: Field) -> list[str]:
    """Why a column is one of text, where it might be taken for another."""
    name, evidence = field.name, field.evidence
    if field.doubts:
        kind = field.readings[0].type
        hints = " or ".join(f"--column {name}={kind}:'{each}'" for each in field.doubts)
        return [f"{name}: stays text, for day and month can be swapped in every value: {hints}"]
    if field.readings:
        sample = field.readings[0]
        return [
            f"{name}: stays text, for its sign may be that of decimals or of thousands: perhaps {sample.type}"
        ]
    if nested := evidence.kinds & {"object", "array"}:
        return [
            f"{name}: {' and '.join(sorted(nested))} as JSON text; array<…> or struct<…> types what is inside"
        ]
    is_date = evidence.refuted is not None and evidence.refuted[1].startswith(_TIMES)
    if evidence.refuted and (is_date or evidence.kinds <= {"number", "null"}):
        text, kind = evidence.refuted
        if text in NULL_WORDS:
            return [
                f'{name}: stays text, for it has "{text}": if that is null everywhere, add it to format.nulls'
            ]
        why = f'{name}: stays text, for as {kind} the value "{text}" would not come back as it stood'
        return [f"{why} (--column {name}=double reads it)" if _is_number(text) else why]
    return []


def _is_number(text: str) -> bool:
    return not hinted("double", None, text)[0].unreadable(pa.array([text]))


def suggestions(
    fields: Sequence[Field], columns: Sequence[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    """What may be key, time and partition, each a note; a column that is called a key is `required`, too."""
    pairs = list(zip(fields, columns, strict=True))
    found: dict[str, Any] = {}
    if keys := [column for field, column in pairs if _may_be_key(field, column)]:
        key = min(keys, key=lambda column: not _is_called_key(column["name"]))
        found["key"] = key["name"]
        rows = fields[0].evidence.rows
        twice = "never twice" if rows <= MOST_KEYS else f"none of the first {MOST_KEYS} twice"
        told = f"{key['name']}: may be the key: in each of {rows} rows, {twice}"
        if _is_called_key(key["name"]):
            key["required"] = True
            told += "; so it is required: a row without it is a dead letter"
        notes.append(told)
    if times := [column["name"] for column in columns if column["type"] in _TIMES]:
        found["time"] = times[0]
        notes.append(f"{', '.join(times)}: may be the time of a row, by which rows are sorted or partitioned")
    if few := [(field, column["name"]) for field, column in pairs if _may_be_partition(field, column)]:
        field, name = few[0]
        values = sorted(field.evidence.values or ())
        found |= {"partition": name, "values": values}
        notes.append(f"{name}: may be a partition: {len(values)} values in {field.evidence.rows} rows")
    return found


def _may_be_key(field: Field, column: Mapping[str, Any]) -> bool:
    evidence = field.evidence
    return (
        column["type"] in ("string", "bigint", "int")
        and evidence.rows >= _ROWS_OF_A_KEY
        and evidence.keys is not None
        and not evidence.missing
    )


def _may_be_partition(field: Field, column: Mapping[str, Any]) -> bool:
    evidence = field.evidence
    count = len(evidence.values or ())
    return (
        column["type"] == "string"
        and not evidence.missing
        and not evidence.kinds & {"object", "array"}
        and 1 < count <= evidence.rows / _ROWS_OF_A_VALUE
    )


def _is_called_key(name: str) -> bool:
    return name in ("id", "key", "uuid", "code") or name.endswith(("_id", "_key", "_uuid", "_number", "_no"))
