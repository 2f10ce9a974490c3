"""The form of JSON that a file's own bytes show, and of which kind the values of its records are."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

_RECORDS: Final = ("Records", "records", "logEvents")
"""Names of the list of records in envelopes of AWS's services, many of which may follow each other."""

_ATTRIBUTE_TYPES: Final = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"})
_SPACE: Final = " \t\r\n"
_MOST_OF = 0.75
_DEPTH = 3


class _Number(str):
    """The text of a number."""

    __slots__ = ()


def is_json(head: bytes) -> bool:
    """Return True where a file begins as JSON records do, and not as a CSV header in brackets."""
    text = _text(head)
    if text[:1] == "{":
        return True
    return text[:1] == "[" and text[1:].lstrip(_SPACE)[:1] in ("{", "]", "")


def json_form(head: bytes) -> tuple[dict[str, Any], list[str]]:
    """The format that the first bytes of a file show, and notes on it."""
    text = _text(head)
    if text[:1] == "[":
        return {"kind": "json", "form": "array"}, []
    first, rest = _first_value(text)
    if first is None:
        return {"kind": "json"}, []
    is_line = "\n" not in text[: len(text) - len(rest)]
    if isinstance(first, dict) and (envelope := _envelope(first, is_alone=not rest.strip(_SPACE))):
        kind = {"kind": "ndjson"} if is_line and "records" not in envelope else {"kind": "json"}
        return {**kind, **envelope}, _notes(envelope)
    if is_line:
        return {"kind": "ndjson"}, []
    return {"kind": "json", **({} if rest.strip(_SPACE) else {"form": "document"})}, []


def _notes(envelope: Mapping[str, Any]) -> list[str]:
    if "records" not in envelope:
        return []
    path = ".".join(envelope["records"])
    around = f", and {', '.join(envelope['around'])} around them in each row" if "around" in envelope else ""
    return [f"the rows are what stands in {path}{around}: without format.records a row is the whole value"]


def _text(head: bytes) -> str:
    return head.decode("utf-8-sig", "replace").lstrip(_SPACE)


def _first_value(text: str) -> tuple[Any, str]:
    """The first value, and the text behind it; None where it does not end in these bytes, or is broken."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None, ""
    return value, text[end:]


def _envelope(value: dict[str, Any], *, is_alone: bool) -> dict[str, Any]:
    """The options by which records inside a value are the rows; none where it is a record itself."""
    item = value.get("Item")
    if len(value) == 1 and _are_attributes(item):
        return {"records": ["Item"], "attributeValues": "dynamodb"}
    if _are_attributes(value):
        return {"attributeValues": "dynamodb"}
    path, inner = _records(value, _DEPTH)
    is_most = is_alone and len(json.dumps(inner)) >= _MOST_OF * len(json.dumps(value))
    if not path or not (is_most or path[-1] in _RECORDS):
        return {}
    around = [key for key, each in value.items() if not isinstance(each, dict | list)]
    return {"records": path, **({"around": around} if around else {})}


def _records(value: Mapping[str, Any], depth: int) -> tuple[list[str], list[Any]]:
    """The path to the one list of objects in a value, and that list."""
    found = [
        ([key], each)
        for key, each in value.items()
        if isinstance(each, list) and each and all(isinstance(element, dict) for element in each)
    ]
    if depth > 1:
        for key, each in value.items():
            if isinstance(each, dict) and (inner := _records(each, depth - 1))[0]:
                found.append(([key, *inner[0]], inner[1]))
    return found[0] if len(found) == 1 else ([], [])


def _are_attributes(value: object) -> bool:
    """Return True for an object whose every value is typed as DynamoDB exports them."""
    if not isinstance(value, dict) or not value:
        return False
    return all(
        isinstance(each, dict) and len(each) == 1 and {*each} <= _ATTRIBUTE_TYPES for each in value.values()
    )


def kinds_of(records: pa.Array) -> Iterator[tuple[str, str]]:
    """The key and the kind of each value of the records (JSON objects): as often as they come."""
    for record in records.to_pylist():
        try:
            values = json.loads(record, parse_int=_Number, parse_float=_Number)
        except ValueError:
            continue
        if isinstance(values, dict):
            for key, value in values.items():
                yield key, _kind(value)


_SCALARS: Final = {"S": "string", "N": "number", "BOOL": "boolean", "NULL": "null"}
_KINDS: Final = {_Number: "number", str: "string", bool: "boolean", list: "array", dict: "object"}


def _kind(value: object) -> str:
    if isinstance(value, dict) and len(value) == 1 and (name := next(iter(value))) in _SCALARS:
        return _SCALARS[name]
    return "null" if value is None else _KINDS[type(value)]
