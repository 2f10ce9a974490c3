import pyarrow as pa
import pytest

from tributary.datasets.types import (
    ArrayType,
    Scalar,
    StructField,
    StructType,
    column_type,
    is_column_type,
    is_table_type,
    without_instants,
)
from tributary.kernels.transform.glue_types import arrow_type, arrow_type_of


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
    assert without_instants(text) == "struct<instant:array<timestamp>>"
    assert is_table_type(without_instants(text))


def test_finds_fields_by_other_keys_at_any_depth() -> None:
    found = column_type("array<struct<user_id:int,its:struct<x:int>>>", {"user_id": "userId", "x": "$ x"})
    assert found == ArrayType(
        StructType(
            (
                StructField("user_id", Scalar("int"), "userId"),
                StructField("its", StructType((StructField("x", Scalar("int"), "$ x"),)), "its"),
            )
        )
    )
    assert arrow_type_of(found) == arrow_type("array<struct<user_id:int,its:struct<x:int>>>")
