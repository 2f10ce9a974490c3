"""The undeclared columns of a table, which all jobs share: never more than there may be."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.support.control import admitted_columns, create_control_table
from tributary.running import table_columns
from tributary.running.clients import dynamodb_client
from tributary.running.table_columns import ColumnCap, TableColumns


@pytest.fixture
def table(emulator: str) -> str:
    name = f"control-{uuid.uuid4().hex[:12]}"
    create_control_table(name)
    return name


def drop(table: str, *names: str) -> None:
    dynamodb_client().update_item(
        TableName=table,
        Key={"name": "columns#clicks"},
        UpdateExpression="DELETE #columns :names",
        ExpressionAttributeNames={"#columns": "columns"},
        ExpressionAttributeValues={":names": set(names)},
    )


def test_admits_the_first_names_until_there_is_no_room(table: str) -> None:
    registry = TableColumns("clicks", ColumnCap(table, 3))
    assert registry.columns == frozenset()
    registry.admit(["b", "a"])
    registry.admit(["d", "c", "e"])
    assert registry.columns == {"a", "b", "d"} == admitted_columns(table, "clicks")
    assert TableColumns("clicks", ColumnCap(table, 3)).columns == {"a", "b", "d"}
    assert TableColumns("others", ColumnCap(table, 3)).columns == frozenset()


@pytest.mark.parametrize("cap", [0, 2])
def test_admits_none_beyond_a_cap_that_was_lowered(table: str, cap: int) -> None:
    TableColumns("clicks", ColumnCap(table, 3)).admit(["a", "b", "c"])
    registry = TableColumns("clicks", ColumnCap(table, cap))
    registry.admit(["d"])
    assert registry.columns == {"a", "b", "c"} == admitted_columns(table, "clicks")


def test_admits_again_where_columns_were_dropped(table: str) -> None:
    TableColumns("clicks", ColumnCap(table, 2)).admit(["a", "b"])
    drop(table, "a", "b")
    registry = TableColumns("clicks", ColumnCap(table, 2))
    registry.admit(["c"])
    assert registry.columns == {"c"} == admitted_columns(table, "clicks")


def test_holds_the_cap_though_many_admit_at_once(table: str) -> None:
    """All have read the item before the first one writes."""
    together = Barrier(8)

    def admit(worker: int) -> frozenset[str]:
        registry = TableColumns("clicks", ColumnCap(table, 25))
        assert registry.columns == frozenset()
        together.wait()
        registry.admit(["same", *(f"{worker}-{number}" for number in range(6))])
        return registry.columns

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(admit, range(8)))
    admitted = admitted_columns(table, "clicks")
    assert len(admitted) == 25
    assert "same" in admitted
    assert all(columns <= admitted for columns in seen)
    assert max(map(len, seen)) == 25


def test_reads_nothing_before_it_is_asked(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> Any:
        raise AssertionError

    monkeypatch.setattr(table_columns, "dynamodb_client", unreachable)
    assert TableColumns("clicks", ColumnCap(table, 5)).cap == 5
