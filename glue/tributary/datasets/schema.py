"""The check of a declaration against its JSON Schema, which TypeScript generates (datasets/schema)."""

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

import fastjsonschema

from tributary.datasets.types import is_column_type, is_table_type
from tributary.errors import DeclarationError
from tributary.expected import ABSENT, expected_at, unknown_key

Node = dict[str, Any]
"""A part of a JSON Schema."""

_FILE = "dataset.schema.json"


def checked(file: str, document: object) -> Node:
    """Return the declaration with all defaults; raises `DeclarationError` with the first problem."""
    try:
        return cast(Node, _check()(document))
    except fastjsonschema.JsonSchemaValueException as error:
        raise DeclarationError(_problem(file, error)) from error


def _problem(file: str, error: fastjsonschema.JsonSchemaValueException) -> str:
    """Tell a violation as every message about input is told."""
    node, value = error.definition, error.value
    path = str(error.name).removeprefix("data").removeprefix(".")
    where = f"{file}: {path}" if path else file
    if error.rule == "additionalProperties":
        key = next(key for key in value if key not in node["properties"])
        return f"{where}: {unknown_key(key, node['properties'])}"
    if error.rule == "required":
        key = next(key for key in node["required"] if key not in value)
        return expected_at(
            f"{where}.{key}" if path else f"{where}: {key}", _accepted(node["properties"][key]), ABSENT
        )
    return expected_at(where, _accepted(node), value)


def _accepted(node: Node) -> str:
    """Say which values a part of the declaration takes."""
    if "would" in node:
        return cast(str, node["would"])
    if "enum" in node:
        return f"one of {', '.join(map(str, node['enum']))}"
    if "properties" in node:
        return f"an object with {', '.join(node['properties'])}"
    match node["type"]:
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number from {node['minimum']} to {node['maximum']}"
        case _:
            return "a text"


@cache
def _check() -> Callable[[object], object]:
    """Return the validator, which fills in defaults."""
    shipped = resources.files(__package__) / _FILE
    here = shipped if shipped.is_file() else Path(__file__).resolve().parents[3] / "docs" / _FILE
    schema = json.loads(here.read_bytes())
    formats = {"column-type": is_column_type, "table-type": is_table_type}
    return cast(Callable[[object], object], fastjsonschema.compile(schema, formats=formats))
