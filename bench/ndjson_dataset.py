"""The dataset that a user would declare for generated lines: typed columns, and a partition for each day."""

import json
from pathlib import Path
from typing import Any

from bench.ndjson_shapes import first_lines
from tributary.datasets import Dataset
from tributary.datasets.declaration import parse_declaration

_MOMENT = "occurred_at"
_DAY = "day"


def dataset_of(file: Path) -> Dataset:
    """Keys and types of the first lines; of lines without a moment there are no partitions."""
    types: dict[str, str] = {}
    for line in first_lines(file):
        types |= _types(line)
    columns = [{"name": key, "type": kind, "comment": "As it stands"} for key, kind in types.items()]
    days = [{"name": _DAY, "type": "string", "comment": "Day of the moment"}] if _MOMENT in types else []
    expressions = ["line", *types, *([f"strftime({_MOMENT}, '%Y-%m-%d') AS {_DAY}"] if days else [])]
    declaration = {
        "name": "bench",
        "description": "Generated lines.",
        "owner": "bench",
        "classification": "public",
        "pipeline": "ledger",
        "prefix": "input/bench/",
        "format": {"kind": "ndjson"},
        "columns": columns,
        "outputColumns": columns + days,
        **({"partitions": [_DAY]} if days else {}),
    }
    sql = f"SELECT {', '.join(expressions)} FROM input"  # noqa: S608 (our own names)
    return parse_declaration("bench", json.dumps(declaration).encode(), sql.encode())


def _types(line: bytes) -> dict[str, str]:
    """The Glue type of each value that tells one; nothing for a broken line."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(fields, dict):
        return {}
    return {key: _type(key, value) for key, value in fields.items() if value is not None}


def _type(key: str, value: Any) -> str:  # noqa: ANN401 (whatever JSON holds)
    match value:
        case bool():
            return "boolean"
        case int():
            return "bigint"
        case float():
            return "decimal(18,2)"
        case _:
            return "timestamp" if key == _MOMENT else "string"
