"""Control tables on the emulator, and the undeclared columns in them."""

from typing import Any

from tributary.running.clients import dynamodb_client


def create_control_table(name: str) -> None:
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "name", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
    }
    dynamodb_client().create_table(**definition)


def admitted_columns(table: str, dataset: str) -> set[str]:
    item = dynamodb_client().get_item(TableName=table, Key={"name": f"columns#{dataset}"}).get("Item", {})
    found: Any = item.get("columns", set())
    return set(found)
