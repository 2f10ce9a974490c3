"""Avro's types as Arrow's: what fastavro is asked for, and what becomes of it.

fastavro makes Python's dates, times and decimals of logical types, which hold less than Avro does. So it is
asked for what underlies them, and Arrow gives that its meaning.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, localcontext
from typing import Any, Final

import pyarrow as pa

from tributary.errors import UnreadableAvroError
from tributary.expected import expected

_PRIMITIVE: Final = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
_LOGICAL: Final = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
}
_NUMBERS: Final = ({"int", "long"}, {"float", "double"})
_MOST_DIGITS = 76
_UUID_BYTES = 16

Json = Any
"""What JSON gives of a schema, or a value of a type that only the schema tells."""

Prepare = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class AvroType:
    """A type of a schema.

    `schema` is what fastavro reads by, `raw` the Arrow type of what it gives, once each value went through
    `prepare`, if there is one; `finish`, if there is one, makes Arrow's final array of the raw one.
    """

    schema: Json
    raw: pa.DataType
    prepare: Prepare | None = None
    finish: Callable[[pa.Array], pa.Array] | None = None
    least_bytes: int = 1

    def finished(self, values: pa.Array) -> pa.Array:
        """The values as what they mean."""
        return values if self.finish is None else self.finish(values)


class TypeReader:
    """Reads one schema, as fastavro's `parse_schema` returns it; raises `UnreadableAvroError`."""

    def __init__(self, depth: int) -> None:
        self._named: dict[str, AvroType | None] = {}
        self._left = depth

    def read(self, schema: Json) -> AvroType:
        """The type that a schema describes."""
        if self._left == 0:
            raise UnreadableAvroError("the schema nests deeper than it may")
        self._left -= 1
        try:
            return self._read(schema)
        finally:
            self._left += 1

    def _read(self, schema: Json) -> AvroType:
        match schema:
            case list():
                return self._union(schema)
            case str():
                return _primitive(schema) if schema in _PRIMITIVE else self._of_name(schema)
            case {"type": "record" | "error" | "enum" | "fixed"}:
                return self._define(schema)
            case {"type": "array" | "map" as kind}:
                return self._array(schema) if kind == "array" else self._map(schema)
            case {"type": str(kind)} if kind in _PRIMITIVE:
                return _with_logic(kind, _PRIMITIVE[kind], schema, kind)
        return self.read(schema["type"])

    def _of_name(self, name: str) -> AvroType:
        found = self._named.get(name)
        if found is None:
            why = (
                "contains itself, which no column can" if name in self._named else "is defined nowhere before"
            )
            raise UnreadableAvroError(f'the type "{name}" of the schema {why}')
        # Where it stands first it was defined; from then on its name does.
        return AvroType(name, found.raw, found.prepare, found.finish, found.least_bytes)

    def _define(self, schema: Mapping[str, Any]) -> AvroType:
        name = schema["name"]
        self._named[name] = None
        if schema["type"] == "enum":
            found = AvroType({**schema}, pa.string())
        elif schema["type"] == "fixed":
            size = schema["size"]
            plain = {key: value for key, value in schema.items() if key in ("type", "name", "size")}
            found = _with_logic(plain, pa.binary(), schema, "fixed", least_bytes=size)
        else:
            found = self._record(schema)
        self._named[name] = found
        return found

    def _record(self, schema: Mapping[str, Any]) -> AvroType:
        names = [field["name"] for field in schema["fields"]]
        kinds = [self.read(field["type"]) for field in schema["fields"]]
        fields = [{"name": name, "type": kind.schema} for name, kind in zip(names, kinds, strict=True)]
        prepared = [(name, kind.prepare) for name, kind in zip(names, kinds, strict=True) if kind.prepare]

        def prepare(record: dict[str, Any]) -> dict[str, Any]:
            return {**record, **{name: _unless_null(change, record[name]) for name, change in prepared}}

        def finish(values: pa.Array) -> pa.Array:
            columns = [kind.finished(values.field(number)) for number, kind in enumerate(kinds)]
            fields = [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)]
            return pa.StructArray.from_arrays(columns, fields=fields, mask=values.is_null())

        return AvroType(
            {"type": "record", "name": schema["name"], "fields": fields},
            pa.struct([(name, kind.raw) for name, kind in zip(names, kinds, strict=True)]),
            prepare if prepared else None,
            finish if kinds else None,
            sum(kind.least_bytes for kind in kinds),
        )

    def _array(self, schema: Mapping[str, Any]) -> AvroType:
        element = self.read(schema["items"])
        _check_bytes(element)
        change = element.prepare
        return AvroType(
            {"type": "array", "items": element.schema},
            pa.list_(element.raw),
            None if change is None else lambda values: [_unless_null(change, value) for value in values],
            lambda values: pa.ListArray.from_arrays(
                values.offsets, element.finished(values.values), mask=values.is_null()
            ),
        )

    def _map(self, schema: Mapping[str, Any]) -> AvroType:
        item = self.read(schema["values"])
        change = item.prepare

        def prepare(values: dict[str, Any]) -> list[tuple[str, Any]]:
            if change is None:
                return list(values.items())
            return [(key, _unless_null(change, value)) for key, value in values.items()]

        def finish(values: pa.Array) -> pa.Array:
            return pa.MapArray.from_arrays(
                values.offsets, values.keys, item.finished(values.items), mask=values.is_null()
            )

        return AvroType(
            {"type": "map", "values": item.schema}, pa.map_(pa.string(), item.raw), prepare, finish
        )

    def _union(self, schema: list[Any]) -> AvroType:
        others = [branch for branch in schema if branch != "null"]
        for numbers in _NUMBERS:
            if len(others) == 2 and all(isinstance(branch, str) and branch in numbers for branch in others):
                wider = "long" if "long" in others else "double"
                return AvroType(schema, _PRIMITIVE[wider])
        kinds = [self.read(branch) for branch in others]
        if len(kinds) == 1:
            [kind] = kinds
            branches = [branch if branch == "null" else kind.schema for branch in schema]
            return AvroType(branches, kind.raw, kind.prepare, kind.finish)
        # With its logical types, which tell whose value it is.
        return AvroType(schema, pa.string(), _union_text) if kinds else AvroType(schema, pa.null())


def _check_bytes(element: AvroType) -> None:
    """A few bytes may say that there are billions of these, and fastavro makes a list of them."""
    if element.least_bytes == 0:
        raise UnreadableAvroError(
            f"the schema: {expected('no array of what takes no bytes', element.schema)}"
        )


def _primitive(name: str) -> AvroType:
    return AvroType(name, _PRIMITIVE[name], least_bytes=_least(name))


def _least(primitive: str) -> int:
    return 0 if primitive == "null" else 1


def _unless_null(change: Prepare, value: Json) -> Json:
    return None if value is None else change(value)


def _with_logic(
    plain: Json, raw: pa.DataType, schema: Mapping[str, Any], kind: str, least_bytes: int | None = None
) -> AvroType:
    """A type with the meaning that its schema gives it; one that does not fit it is none, as Avro demands."""
    logical = schema.get("logicalType")
    least = _least(kind) if least_bytes is None else least_bytes
    if final := _LOGICAL.get((kind, logical)):  # type: ignore[arg-type]  # no logical type is None
        return AvroType(plain, raw, None, lambda values: values.cast(final), least)
    if logical == "decimal" and kind in ("bytes", "fixed"):
        precision, scale = schema.get("precision", 0), schema.get("scale", 0)
        if 0 < precision <= _MOST_DIGITS and 0 <= scale <= precision:
            wide = pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
            return AvroType(plain, raw, None, lambda values: _decimals(values, wide), least)
    if logical == "uuid" and kind == "fixed" and schema["size"] == _UUID_BYTES:
        return AvroType(plain, raw, None, _uuids, least)
    return AvroType(plain, raw, least_bytes=least)


def _decimals(values: pa.Array, kind: pa.DataType) -> pa.Array:
    with localcontext(prec=_MOST_DIGITS + 2):
        return pa.array(
            [
                None
                if value is None
                else Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-kind.scale)
                for value in values.to_pylist()
            ],
            kind,
        )


def _uuids(values: pa.Array) -> pa.Array:
    return values.cast(pa.binary(_UUID_BYTES)).cast(pa.uuid())


def _union_text(value: Json) -> str:
    """The exact text of a value of a union of several types."""
    if isinstance(value, str):
        return value
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Json) -> Json:
    """What JSON has for a value; text of what it has nothing for."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date | time):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal | uuid.UUID) else value
