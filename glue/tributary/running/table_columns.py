"""The undeclared columns of a dataset's table: one item of the control table, which all jobs share.

The item `columns#<dataset>` has them as a set. A job adds to it under the condition that there is room, so
the cap holds however many jobs add at once; the control plane adds those of the catalog table, and takes
dropped ones out (`runtime/manifests/undeclared-columns.ts`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tributary.running.clients import dynamodb_client


@dataclass(frozen=True, slots=True)
class ColumnCap:
    """The control table, and how many undeclared columns a dataset's table may have."""

    control_table: str
    columns: int


class TableColumns:
    """Registry of one attempt, read when it is first asked for. Raises what DynamoDB raises."""

    def __init__(self, dataset: str, cap: ColumnCap) -> None:
        self.cap = cap.columns
        self._table = cap.control_table
        self._key = {"name": f"columns#{dataset}"}
        self._columns: frozenset[str] | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns that are admitted, as far as this attempt knows."""
        if self._columns is None:
            answer = dynamodb_client().get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
            self._columns = _columns_of(answer.get("Item"))
        return self._columns

    def admit(self, names: Sequence[str]) -> None:
        """Admit the names as far as there is room, the first ones first."""
        while room := max(0, self.cap - len(self.columns)):
            new = [name for name in names if name not in self.columns][:room]
            if not new:
                return
            self._columns = self._added(new)

    def _added(self, names: Sequence[str]) -> frozenset[str] | None:
        """Return what is admitted with the names; None where others have taken the room meanwhile."""
        try:
            answer = dynamodb_client().update_item(
                TableName=self._table,
                Key=self._key,
                UpdateExpression="ADD #columns :names",
                ConditionExpression="attribute_not_exists(#columns) OR size(#columns) <= :most",
                ExpressionAttributeNames={"#columns": "columns"},
                ExpressionAttributeValues={":names": set(names), ":most": self.cap - len(names)},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise
        return _columns_of(answer.get("Attributes"))


def _columns_of(item: Mapping[str, Any] | None) -> frozenset[str]:
    return frozenset((item or {}).get("columns", ()))
