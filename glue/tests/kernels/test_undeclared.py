"""Undeclared keys as columns: whose they are, how many, and what becomes of the others."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tributary.kernels.output.undeclared import (
    OTHER_COLUMN,
    LocalColumns,
    UndeclaredColumns,
    shown_key,
    texts_as_json,
)

Row = dict[str, str | None]

KEYS = st.sampled_from(["a", "b", "A", "_other", "é", "", 'q"\\', "\n\x00", "a.b", "x" * 300])
TEXTS = st.none() | st.text(st.sampled_from('ab"\\\n\x00\x1f\x7fé😀'), max_size=5)


def columns_of(rows: list[Row]) -> dict[str, pa.Array]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: pa.array([row.get(key) for row in rows], pa.string()) for key in keys}


def placed(
    undeclared: UndeclaredColumns, rows: list[tuple[int, Row]], *, narrowed: bool = False
) -> list[Row]:
    """The rows, each with the number of its file, as they come out; without nulls."""
    sources = pa.array([source for source, _ in rows], pa.int32())
    texts, others = columns_of([row for _, row in rows]), None
    if narrowed and texts:
        batch = pa.RecordBatch.from_arrays(list(texts.values()), list(texts))
        batch, others = undeclared.narrowed(batch, ("a",))
        cap = undeclared._registry.cap
        assert batch.num_columns <= 1 + cap + 2 * -(-cap // 5)
        texts = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns = undeclared.placed(texts, sources, others)
    return [
        {name: column[number].as_py() for name, column in columns.items() if column[number].is_valid}
        for number in range(len(rows))
    ]


@given(st.lists(st.dictionaries(KEYS, TEXTS, min_size=1), min_size=1, max_size=6))
def test_gathers_exact_texts_by_key_as_json(rows: list[Row]) -> None:
    columns = columns_of(rows)
    expected = [{key: row[key] for key in columns if row.get(key) is not None} for row in rows]
    texts = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) if row else None for row in expected]
    assert texts_as_json(columns).to_pylist() == texts


@given(st.lists(st.tuples(st.integers(0, 2), st.dictionaries(KEYS, TEXTS)), max_size=8), st.data())
@settings(max_examples=200)
def test_keeps_every_text_within_cap_and_shares(rows: list[tuple[int, Row]], data: st.DataObject) -> None:
    rows.sort(key=lambda row: row[0])
    cut = data.draw(st.integers(0, len(rows)))
    registry = LocalColumns(data.draw(st.integers(0, 8)))
    undeclared = UndeclaredColumns(registry, frozenset())
    narrowed = data.draw(st.booleans())
    pieces = (rows[:cut], rows[cut:])
    found = [row for piece in pieces if piece for row in placed(undeclared, piece, narrowed=narrowed)]
    assert len(registry.columns) <= registry.cap
    assert len(registry.columns) <= len({file for file, _ in rows}) * -(-registry.cap // 5)
    assert undeclared.other_rows == sum(OTHER_COLUMN in row for row in found)
    for (_, row), out in zip(rows, found, strict=True):
        others = json.loads(out.pop(OTHER_COLUMN, None) or "{}")
        kept = {key: out[name] for key, name in undeclared.names.items() if name in out}
        assert {**kept, **others} == {key: text for key, text in row.items() if text is not None}
        assert set(out) <= registry.columns


def test_gives_each_file_a_share_and_a_key_to_the_next_that_asks() -> None:
    undeclared = UndeclaredColumns(LocalColumns(10), frozenset({"a"}))
    rows: list[tuple[int, Row]] = [
        (1, {"x": "1", "y": "2", "z": "3"}),
        (1, {"w": "4"}),
        (2, {"z": "5", "a": "6"}),
        (3, {"w": "7"}),
    ]
    assert [placed(undeclared, [row])[0] for row in rows] == [
        {"x": "1", "y": "2", OTHER_COLUMN: '{"z":"3"}'},
        {OTHER_COLUMN: '{"w":"4"}'},
        {"z": "5", "__061_": "6"},
        {"w": "7"},
    ]
    assert undeclared.new == ["x", "y", "z", "__061_", "w"]
    assert (list(undeclared.others), undeclared.other_rows) == (["z", "w"], 2)


def test_asks_for_no_more_once_there_was_no_room() -> None:
    """Or rows would depend on when an operator makes room."""
    registry = LocalColumns(1)
    undeclared = UndeclaredColumns(registry, frozenset())
    assert placed(undeclared, [(1, {"a": "1"})]) == [{"a": "1"}]
    assert placed(undeclared, [(2, {"b": "1"})]) == [{OTHER_COLUMN: '{"b":"1"}'}]
    registry.cap = 5
    assert placed(undeclared, [(3, {"b": "2", "a": "3"})]) == [{"a": "3", OTHER_COLUMN: '{"b":"2"}'}]


@pytest.mark.parametrize("key", [OTHER_COLUMN, "line"])
def test_leaves_reserved_names_alone(key: str) -> None:
    undeclared = UndeclaredColumns(LocalColumns(), frozenset({"line"}))
    [row] = placed(undeclared, [(1, {key: "mine"})])
    assert list(row.values()) == ["mine"]
    assert key not in row


def test_holds_a_bounded_number_of_names() -> None:
    undeclared = UndeclaredColumns(LocalColumns(0), frozenset())
    for file in range(25):
        columns = {f"{'k' * 300}{file}-{number}": pa.array(["v"]) for number in range(1_000)}
        undeclared.placed(columns, pa.array([file], pa.int32()))
    assert (len(undeclared.others), undeclared.other_rows) == (1, 25), "cut where they are all alike"
    for file in range(25):
        columns = {f"{file}-{number}": pa.array(["v"]) for number in range(1_000)}
        undeclared.placed(columns, pa.array([file], pa.int32()))
    assert len(undeclared.others) == 10_000
    assert list(undeclared.names.items()) == []


def test_shows_a_key_by_code_point_where_it_cannot_be_seen() -> None:
    assert shown_key("\u200bgröße") == '"\\u200bgröße"'
    assert shown_key("x" * 101) == f'"{"x" * 100}…"'
