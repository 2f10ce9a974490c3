import pyarrow as pa
import pytest

from tributary.datasets.types import (
    ArrayType,
    StructType,
    column_type,
    is_column_type,
    is_table_type,
    table_type,
)
from tributary.kernels.transform.glue_types import arrow_type


def test_reads_types_down_to_the_innermost() -> None:
    assert arrow_type("struct<a:int,instant:array<struct<b:decimal(38,38),c:timestamp>>>") == pa.struct(
        [
            ("a", pa.int32()),
            (
                "instant",
                pa.list_(
                    pa.field(
                        "element",
                        pa.struct([("b", pa.decimal128(38, 38)), ("c", pa.timestamp("us", "UTC"))]),
                    )
                ),
            ),
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "strings",
        "array",
        "array<>",
        "array<int",
        "array<int>>",
        "array<int,int>",
        "struct<a>",
        "struct<a:int,>",
        "struct<a:int,a:int>",
        "struct<A:int>",
        "struct<a int>",
        "struct< a:int>",
        "struct<userId as:int>",
        "struct<a as A:int>",
        "struct<user Id as user_id:int>",
        "struct<a as b:int,a as c:int>",
        "struct<a as b:int,a:int>",
        "struct<'a as b:int>",
        "struct<'a'as b:int>",
        "a as int",
        "decimal",
        "decimal(39,0)",
        "decimal(2,3)",
        "decimal(0,0)",
        "map<string,int>",
        "int ",
        "(1,2)",
        "int(1,2)",
    ],
)
def test_takes_nothing_else_for_a_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected .+, got "):
        column_type(text)
    assert not is_column_type(text)


def test_keeps_instants_out_of_tables() -> None:
    text = "struct<instant:array<instant>>"
    assert (is_column_type(text), is_table_type(text)) == (True, False)
    assert table_type(text) == "struct<instant:array<timestamp>>"
    assert is_table_type(table_type(text))


def test_leaves_keys_out_of_tables() -> None:
    text = "array<struct<userId as user_id:int,'it''s' as its:struct<$x as x:instant>,as:string>>"
    assert (is_column_type(text), is_table_type(text)) == (True, False)
    assert table_type(text) == "array<struct<user_id:int,its:struct<x:timestamp>,as:string>>"
    assert is_table_type(table_type(text))
    assert arrow_type(text) == arrow_type(table_type(text))
    found = column_type(text)
    assert isinstance(found, ArrayType)
    assert isinstance(found.element, StructType)
    assert [field.key for field in found.element.fields] == ["userId", "it's", "as"]
