"""The strict reading of the columns that a declaration gives."""

import re
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from tributary.datasets.reader import NAME, DeclarationReader, Fields
from tributary.datasets.types import INSTANT, column_type

SCALAR_TYPES = "a Glue type: string, boolean, int, bigint, double, date, timestamp or decimal(p,s)"
NESTED_TYPES = f"{SCALAR_TYPES}, or array<…> or struct<name:…,…> of these"
JSON_TYPES = f"{NESTED_TYPES}, or instant"

Text = Literal["exact", "trimmed", "lower", "words"]
"""How the transform sees a column: as it stood; trimmed; or trimmed, in lower case or capitalised words."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column that the transform sees.

    Of CSV it is text in one of its forms, and a file without a required one is quarantined. Of NDJSON and of
    JSON it is the value at `path` as the type, and a row without a required one is a dead letter. The path
    begins with the top-level key; of JSON, keys of objects inside may follow.
    """

    name: str
    path: tuple[str, ...]
    type: str
    comment: str
    required: bool
    text: Text

    @property
    def key(self) -> str:
        """The top-level key."""
        return self.path[0]


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of the output with its Glue (Hive) type."""

    name: str
    type: str
    comment: str


def csv_column(reader: DeclarationReader, value: object, path: str) -> InputColumn:
    """A column of a CSV file."""
    fields = reader.mapping(value, path, ("name", "type", "text", "required", "comment"))
    kind = reader.text(fields["type"], f"{path}.type", '"string"', "string".__eq__)
    text = _text(reader, fields.get("text", "exact"), f"{path}.text")
    return replace(_input_column(reader, fields, path, kind), text=text)


def ndjson_column(reader: DeclarationReader, value: object, path: str) -> InputColumn:
    """A column of lines: the value of one top-level key."""
    fields = reader.mapping(value, path, ("name", "key", "type", "required", "comment"))
    kind = reader.text(fields["type"], f"{path}.type", SCALAR_TYPES, _is_scalar_type)
    return _input_column(reader, fields, path, kind)


def json_column(reader: DeclarationReader, value: object, path: str) -> InputColumn:
    """A column of JSON objects: the value of a key, or at the end of a path of keys."""
    fields = reader.mapping(value, path, ("name", "key", "path", "type", "required", "comment"))
    kind = reader.text(fields["type"], f"{path}.type", JSON_TYPES, _is_json_type)
    column = _input_column(reader, fields, path, kind)
    return replace(column, path=_path(reader, fields, path)) if "path" in fields else column


def output_column(reader: DeclarationReader, value: object, path: str, *, nested: bool) -> OutputColumn:
    """A column of the output; `nested` where arrays and structs may be."""
    fields = reader.mapping(value, path, ("name", "type", "comment"))
    wanted, fits = (NESTED_TYPES, _is_nested_type) if nested else (SCALAR_TYPES, _is_scalar_type)
    return OutputColumn(
        name=reader.text(fields["name"], f"{path}.name", NAME, _NAME.fullmatch),
        type=reader.text(fields["type"], f"{path}.type", wanted, fits),
        comment=reader.text(fields["comment"], f"{path}.comment", "a sentence"),
    )


def _input_column(reader: DeclarationReader, fields: Fields, path: str, kind: str) -> InputColumn:
    name = reader.text(fields["name"], f"{path}.name", NAME, _NAME.fullmatch)
    if name == "line":
        reader.note(f"{path}.name", name, "another name (the kernel adds the line's number under this one)")
    return InputColumn(
        name=name,
        path=(reader.text(fields.get("key", name), f"{path}.key", "a JSON key", lambda _: True),),
        type=kind,
        comment=reader.text(fields["comment"], f"{path}.comment", "a sentence"),
        required=reader.flag(fields.get("required", False), f"{path}.required"),
        text="exact",
    )


def _path(reader: DeclarationReader, fields: Fields, path: str) -> tuple[str, ...]:
    value = fields["path"]
    keys = tuple(value) if isinstance(value, list) else ()
    if "key" in fields:
        reader.note(f"{path}.path", value, f"no path beside {path}.key (leave one of the two out)")
    if not keys or not all(isinstance(key, str) for key in keys):
        reader.note(f"{path}.path", value, 'a list of JSON keys, such as ["payload", "items"]')
        return ("",)
    return keys


def _text(reader: DeclarationReader, value: object, path: str) -> Text:
    for known in get_args(Text):
        if value == known:
            return cast(Text, known)
    reader.note(path, value, f"one of {', '.join(get_args(Text))}")
    return "exact"


def _is_json_type(value: str) -> bool:
    try:
        column_type(value)
    except ValueError:
        return False
    return True


def _is_nested_type(value: str) -> bool:
    return _is_json_type(value) and not re.search(rf"\b{INSTANT}\b(?!:)", value)


def _is_scalar_type(value: str) -> bool:
    return _is_nested_type(value) and "<" not in value
