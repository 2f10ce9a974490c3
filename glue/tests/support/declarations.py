"""Declarations for tests: the required keys with values that will do, and what a test says."""

import json
from typing import Any

from tributary.datasets import Dataset
from tributary.datasets.declaration import parse_declaration
from tributary.ledger.dataset_versions import DatasetVersion


def declaration(**fields: Any) -> dict[str, Any]:
    return {
        "name": "orders",
        "description": "Orders.",
        "owner": "shop",
        "classification": "internal",
        "pipeline": "uploads",
        "prefix": "input/orders/",
        "format": {"kind": "csv"},
        **fields,
    }


def dataset(sql: str | None = None, **fields: Any) -> Dataset:
    document = declaration(**fields)
    return parse_declaration(
        document["name"], json.dumps(document).encode(), None if sql is None else sql.encode()
    )


def declared_version(**fields: Any) -> DatasetVersion:
    """A dataset without a transform, as the ledger keeps it."""
    name, document = declaration(**fields)["name"], json.dumps(declaration(**fields))
    return DatasetVersion(dataset(**fields).version, name, document, "")
