"""The types that a declaration may give to a column: Glue's notation, and `instant` for what is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tributary.expected import expected

_TOKEN = re.compile(r"[a-z][a-z0-9_]*|\((?:\d+),(?:\d+)\)|[<>:,]")
_SCALARS = frozenset({"string", "boolean", "int", "bigint", "double", "date", "timestamp"})
_DECIMAL = re.compile(r"\(([1-9]|[12]\d|3[0-8]),(\d|[12]\d|3[0-8])\)")

INSTANT = "instant"
"""A timestamp that may be written as seconds or milliseconds of the epoch, too; only of input columns."""

_INSTANTS = re.compile(rf"\b{INSTANT}\b(?!:)")
_OWN: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type of single values, such as `bigint`."""

    name: str


@dataclass(frozen=True, slots=True)
class DecimalType:
    """`decimal(precision,scale)`."""

    precision: int
    scale: int


@dataclass(frozen=True, slots=True)
class ArrayType:
    """`array<element>`."""

    element: "ColumnType"


@dataclass(frozen=True, slots=True)
class StructField:
    """`name:type`, and the key that a JSON object has for it, or a file's own field."""

    name: str
    type: "ColumnType"
    key: str


@dataclass(frozen=True, slots=True)
class StructType:
    """`struct<field,…>`: its fields in their order."""

    fields: tuple[StructField, ...]


ColumnType = Scalar | DecimalType | ArrayType | StructType


def column_type(text: str, keys: Mapping[str, str] = _OWN) -> ColumnType:
    """The type that a text writes down, without spaces; raises `ValueError` for anything else.

    `keys` are those of struct fields, at any depth, that differ from their names.
    """
    parser = _Parser(text, keys)
    found = parser.type()
    if parser.rest:
        raise ValueError(expected("the type's end", parser.rest))
    return found


def is_column_type(text: str) -> bool:
    """Whether a text writes down a type of what is read."""
    try:
        column_type(text)
    except ValueError:
        return False
    return True


def is_table_type(text: str) -> bool:
    """Whether a text writes down a type of what is written, which `instant` is none of."""
    return is_column_type(text) and without_instants(text) == text


def without_instants(text: str) -> str:
    """The type of the output that a column of a type becomes as it is."""
    return _INSTANTS.sub("timestamp", text)


class _Parser:
    def __init__(self, text: str, keys: Mapping[str, str]) -> None:
        self.rest = text
        self._keys = keys

    def type(self) -> ColumnType:
        word = self._take()
        if word in _SCALARS or word == INSTANT:
            return Scalar(word)
        if word == "decimal":
            return self._decimal()
        if word == "array":
            self._expect("<")
            element = self.type()
            self._expect(">")
            return ArrayType(element)
        if word == "struct":
            return self._struct()
        raise ValueError(expected("a type", word))

    def _decimal(self) -> DecimalType:
        digits = self._take()
        found = _DECIMAL.fullmatch(digits)
        if found is None or int(found[2]) > int(found[1]):
            raise ValueError(expected("up to 38 digits, and no more of them behind the point", digits))
        return DecimalType(int(found[1]), int(found[2]))

    def _struct(self) -> StructType:
        self._expect("<")
        fields: list[StructField] = []
        while not fields or self._follows(","):
            name = self._take()
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in [field.name for field in fields]:
                raise ValueError(expected("a lower-case name (a-z, 0-9, _) that no field before has", name))
            self._expect(":")
            fields.append(StructField(name, self.type(), self._keys.get(name, name)))
        self._expect(">")
        return StructType(tuple(fields))

    def _take(self) -> str:
        token = _TOKEN.match(self.rest)
        if token is None:
            raise ValueError(expected("a type", self.rest))
        self.rest = self.rest[token.end() :]
        return token.group()

    def _expect(self, token: str) -> None:
        if (found := self._take()) != token:
            raise ValueError(expected(f'"{token}"', found))

    def _follows(self, token: str) -> bool:
        follows = self.rest.startswith(token)
        if follows:
            self._take()
        return follows
