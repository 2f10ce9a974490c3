"""The types that a declaration may give to a column: Glue's notation, and `instant` for what is read."""

import re
from dataclasses import dataclass

from tributary.expected import expected

_TOKEN = re.compile(r"[a-z][a-z0-9_]*|\((?:\d+),(?:\d+)\)|[<>:,]")
_KEY = re.compile(r"([A-Za-z_$][A-Za-z0-9_$-]*|'(?:[^']|'')*') as ")
_SCALARS = frozenset({"string", "boolean", "int", "bigint", "double", "date", "timestamp"})
_DECIMAL = re.compile(r"\(([1-9]|[12]\d|3[0-8]),(\d|[12]\d|3[0-8])\)")

INSTANT = "instant"
"""A timestamp that may be written as seconds or milliseconds of the epoch, too; only of input columns."""


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
    """`name:type`, or `key as name:type` where the JSON object has another key than the name."""

    name: str
    type: "ColumnType"
    key: str


@dataclass(frozen=True, slots=True)
class StructType:
    """`struct<field,…>`: its fields in their order."""

    fields: tuple[StructField, ...]


ColumnType = Scalar | DecimalType | ArrayType | StructType


def column_type(text: str) -> ColumnType:
    """The type that a text writes down, without spaces; raises `ValueError` for anything else."""
    parser = _Parser(text)
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
    return is_column_type(text) and table_type(text) == text


def table_type(text: str) -> str:
    """The type of the output that a column becomes as it is: without keys, instants as timestamps."""
    return _table_type(column_type(text))


def _table_type(kind: ColumnType) -> str:
    match kind:
        case DecimalType(precision, scale):
            return f"decimal({precision},{scale})"
        case ArrayType(element):
            return f"array<{_table_type(element)}>"
        case StructType(fields):
            return f"struct<{','.join(f'{field.name}:{_table_type(field.type)}' for field in fields)}>"
        case Scalar(name):
            return "timestamp" if name == INSTANT else name


class _Parser:
    def __init__(self, text: str) -> None:
        self.rest = text

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
            key = self._key()
            name = self._take()
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in [field.name for field in fields]:
                raise ValueError(expected("a lower-case name (a-z, 0-9, _) that no field before has", name))
            key = name if key is None else key
            if key in [field.key for field in fields]:
                raise ValueError(expected("a key that no field before has", key))
            self._expect(":")
            fields.append(StructField(name, self.type(), key))
        self._expect(">")
        return StructType(tuple(fields))

    def _key(self) -> str | None:
        """Take what stands before ` as `, if anything does."""
        found = _KEY.match(self.rest)
        if found is None:
            return None
        self.rest = self.rest[found.end() :]
        word = found[1]
        return word[1:-1].replace("''", "'") if word.startswith("'") else word

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
